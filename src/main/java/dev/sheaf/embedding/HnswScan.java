package dev.sheaf.embedding;

import java.util.LinkedHashMap;
import java.util.Map;

/// A search of the HNSW index of a space, as pgvector's and PostgreSQL's settings describe it.
///
/// @param ef pgvector's `hnsw.ef_search`: how many candidates it examines, and at most returns
/// @param maxScanned pgvector's `hnsw.max_scan_tuples`
/// @param iterative whether to continue beyond the nearest `ef` rows until there are enough
///   candidates, pgvector's `hnsw.iterative_scan`. Keeping the state that this needs takes 5% of
///   the search time
public record HnswScan(int ef, int maxScanned, boolean iterative) {

  /// The largest `ef_search` that pgvector accepts.
  public static final int MAX_EF = 1_000;

  /// Number of rows that are always compared exactly: this takes one or two milliseconds.
  private static final int ALWAYS_COMPARED = 1_000;

  /// Cost of a row that an index scan visits, relative to a row that an exact scan compares.
  /// Measured; see [#worthComparing].
  private static final double INDEX_COST = 8;

  /// A scan that can find enough candidates.
  ///
  /// @param ef requested value; it is raised to the number of candidates if it is smaller
  public static HnswScan of(int candidates, int ef, int maxScanned, boolean iterative) {
    return new HnswScan(Math.clamp(candidates, ef, MAX_EF), maxScanned, iterative);
  }

  public HnswScan iterating() {
    return new HnswScan(ef, maxScanned, true);
  }

  /// The settings of the transaction, in order.
  public Map<String, String> settings() {
    var settings = new LinkedHashMap<String, String>();
    settings.put("hnsw.ef_search", Integer.toString(ef));
    settings.put("hnsw.iterative_scan", iterative ? "relaxed_order" : "off");
    settings.put("hnsw.max_scan_tuples", Integer.toString(maxScanned));
    // Without sequential scans and sorts, the planner has to use the index.
    settings.put("enable_seqscan", "off");
    settings.put("enable_sort", "off");
    return settings;
  }

  /// The settings for comparing only a few rows exactly.
  public static Map<String, String> settingsForFewRows() {
    // Parallel workers would take longer to start, and they make a scan of all documents look
    // cheap.
    return Map.of("max_parallel_workers_per_gather", "0", "random_page_cost", "1.1");
  }

  /// The number of rows matching a filter, of `total`, up to which an exact scan is cheaper than an
  /// index scan.
  ///
  /// If `n` rows match the filter, an exact scan costs `n`. An index scan visits `wanted * total /
  /// n` rows until it has found enough, and each costs [#INDEX_COST]. The costs are equal at `n =
  /// sqrt(INDEX_COST * wanted * total)`; below, the exact scan is cheaper.
  public static long worthComparing(int wanted, long total) {
    return Math.max(ALWAYS_COMPARED, Math.round(Math.sqrt(INDEX_COST * wanted * total)));
  }

  /// An SQL expression for the number of rows of a space, as PostgreSQL estimates it; -1 if its
  /// index is not valid.
  public static String indexedRows(Space space) {
    return """
    COALESCE((SELECT greatest(c.reltuples, 0)::bigint
                     FROM pg_index i
                     JOIN pg_class c ON c.oid = i.indrelid
                    WHERE i.indexrelid = to_regclass('%s') AND i.indisvalid), -1)\
    """
        .formatted(space.indexName());
  }
}
