package dev.sheaf.search;

/// A way to the hits.
sealed interface Plan {

  /// Compares every vector that the filter leaves.
  ///
  /// @param bound gives up, with nothing, when there are more than this
  record Exact(long bound) implements Plan {
    static final Exact UNBOUNDED = new Exact(Long.MAX_VALUE - 1);

    boolean bounded() {
      return bound < UNBOUNDED.bound;
    }
  }

  /// Follows the HNSW index until enough rows pass the filter.
  ///
  /// @param candidates rows that are enough
  /// @param ef pgvector's `hnsw.ef_search`
  /// @param maxScanned pgvector's `hnsw.max_scan_tuples`
  record Index(int candidates, int ef, int maxScanned) implements Plan {

    /// @param ef what is asked for; the index never looks at fewer than are wanted
    static Index of(Query query, int ef, int maxScanned) {
      int candidates = query.space().precision().candidates(query.wanted());
      return new Index(candidates, Math.clamp(candidates, ef, SearchRequest.MAX_LIMIT), maxScanned);
    }
  }

  /// Ranks every chunk that has the words.
  record Fulltext() implements Plan {}
}
