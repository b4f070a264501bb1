package dev.sheaf.search;

/// A way to the hits.
public sealed interface Plan {

  /// Compares every vector that the filter leaves.
  ///
  /// @param bound gives up, with nothing, when there are more than this
  record Exact(long bound) implements Plan {
    public static final Exact UNBOUNDED = new Exact(Long.MAX_VALUE - 1);

    boolean bounded() {
      return bound < UNBOUNDED.bound;
    }
  }

  /// Follows the HNSW index.
  ///
  /// @param candidates rows that are enough
  /// @param ef pgvector's `hnsw.ef_search`
  /// @param maxScanned pgvector's `hnsw.max_scan_tuples`
  /// @param iterative whether to go on behind the nearest `ef` until there are enough. To be able
  ///   to, the index remembers what it has passed over, which takes a twentieth of the search
  record Index(int candidates, int ef, int maxScanned, boolean iterative) implements Plan {

    /// Without a filter, the nearest `ef` are enough, unless too many of them are deleted rows.
    ///
    /// @param ef what is asked for; the index never looks at fewer than are wanted
    public static Index of(Query query, int ef, int maxScanned) {
      int candidates = query.space().precision().candidates(query.wanted());
      return new Index(
          candidates,
          Math.clamp(candidates, ef, SearchRequest.MAX_LIMIT),
          maxScanned,
          query.predicate() != null || query.excluded() != null);
    }

    Index goingOn() {
      return new Index(candidates, ef, maxScanned, true);
    }
  }

  /// Ranks every chunk that has the words.
  record Fulltext() implements Plan {}
}
