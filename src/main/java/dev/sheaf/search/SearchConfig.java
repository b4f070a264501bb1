package dev.sheaf.search;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// How searches go about it, where neither the collection nor the request says.
@ConfigMapping(prefix = "sheaf.search")
public interface SearchConfig {

  /// Candidates that an HNSW search looks at, pgvector's `hnsw.ef_search`: more is slower and finds
  /// more, at most 1000.
  @WithDefault("100")
  int efSearch();

  /// Rows after which an HNSW search with a filter gives up, pgvector's `hnsw.max_scan_tuples`;
  /// then every vector that the filter leaves is compared.
  @WithDefault("20000")
  int maxScanned();

  /// How long a search may take in the database.
  @WithDefault("10s")
  Duration timeout();

  /// A search that took longer is logged with its plan, and without what was searched for.
  @WithDefault("1s")
  Duration slow();

  /// Texts whose vectors are kept, so that asking again costs no embedding.
  @WithDefault("2000")
  int cachedQueries();
}
