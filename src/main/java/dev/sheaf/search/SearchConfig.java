package dev.sheaf.search;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// Defaults and limits of searches. Collections and requests may override some of them.
@ConfigMapping(prefix = "sheaf.search")
public interface SearchConfig {

  /// Candidates that an index search examines, pgvector's `hnsw.ef_search`: at most 1000. A larger
  /// value is slower and finds more.
  @WithDefault("100")
  int efSearch();

  /// Maximum number of rows that an index search with a filter visits, pgvector's
  /// `hnsw.max_scan_tuples`. If they are not enough, an exact search follows.
  @WithDefault("20000")
  int maxScanned();

  /// Maximum time of a search in the database.
  @WithDefault("10s")
  Duration timeout();

  /// The longest `timeout` that a request may ask for.
  @WithDefault("60s")
  Duration maxTimeout();

  /// Maximum time of an evaluation, which runs many searches.
  @WithDefault("5m")
  Duration evaluationTimeout();

  /// Slower searches are logged with their plan, but without the query.
  @WithDefault("1s")
  Duration slow();

  /// Number of query texts whose vectors are cached.
  @WithDefault("2000")
  int cachedQueries();
}
