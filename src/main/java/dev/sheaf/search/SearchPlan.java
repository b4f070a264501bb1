package dev.sheaf.search;

/// How a search finds its hits.
public sealed interface SearchPlan {

  /// Compares every vector that matches the filter.
  ///
  /// @param bound if more vectors match, the scan stops without a result
  record ExactScan(long bound) implements SearchPlan {
    public static final ExactScan UNBOUNDED = new ExactScan(Long.MAX_VALUE - 1);

    boolean isBounded() {
      return bound < UNBOUNDED.bound;
    }
  }

  /// Searches the HNSW index.
  ///
  /// @param candidates number of rows after which the scan stops
  /// @param ef pgvector's `hnsw.ef_search`
  /// @param maxScanned pgvector's `hnsw.max_scan_tuples`
  /// @param iterative whether to continue beyond the nearest `ef` rows until there are enough
  ///   candidates, pgvector's `hnsw.iterative_scan`. Keeping the state that this needs takes 5% of
  ///   the search time
  record IndexScan(int candidates, int ef, int maxScanned, boolean iterative)
      implements SearchPlan {

    /// The scan is iterative only with a filter: without one, the nearest `ef` rows are enough,
    /// unless too many of them are deleted.
    ///
    /// @param ef requested value; it is raised to the number of candidates if it is smaller
    public static IndexScan of(Query query, int ef, int maxScanned) {
      int candidates = query.space().precision().candidates(query.wanted());
      return new IndexScan(
          candidates,
          Math.clamp(candidates, ef, SearchRequest.MAX_LIMIT),
          maxScanned,
          query.predicate() != null || query.excluded() != null);
    }

    IndexScan iterating() {
      return new IndexScan(candidates, ef, maxScanned, true);
    }
  }

  /// Ranks every chunk that contains the query's words.
  record FulltextScan() implements SearchPlan {}
}
