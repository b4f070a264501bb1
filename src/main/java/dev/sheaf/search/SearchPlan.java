package dev.sheaf.search;

import dev.sheaf.embedding.HnswScan;

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
  record IndexScan(int candidates, HnswScan scan) implements SearchPlan {

    /// The scan is iterative only with a filter: without one, the nearest `ef` rows are enough,
    /// unless too many of them are deleted.
    ///
    /// @param ef requested value; it is raised to the number of candidates if it is smaller
    public static IndexScan of(Query query, int ef, int maxScanned) {
      int candidates = query.space().precision().candidates(query.wanted());
      return new IndexScan(
          candidates,
          HnswScan.of(
              candidates,
              ef,
              maxScanned,
              query.predicate() != null || !query.excluded().isEmpty()));
    }

    IndexScan iterating() {
      return new IndexScan(candidates, scan.iterating());
    }
  }

  /// Ranks every chunk that contains the query's words.
  record FulltextScan() implements SearchPlan {}

  /// Reads the hits among chunks that are ranked already: [ShardedSearch], [FederatedSearch].
  record Merge() implements SearchPlan {}
}
