package dev.sheaf.embedding;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// When a space gets its index, and how the index is built.
@ConfigMapping(prefix = "sheaf.index")
public interface IndexConfig {

  /// Vectors from which on a space is indexed. Below, comparing all of them takes a millisecond or
  /// two, and is exact.
  @WithDefault("5000")
  int minRows();

  /// How often the service looks for spaces that have grown enough.
  @WithDefault("5s")
  Duration checkEvery();

  /// Vectors per second above which a space is taken to be loaded, and its index waits for the end
  /// of that. An index takes about three times as many.
  @WithDefault("500")
  double deferAbove();

  /// The longest that an index waits for the end of a load.
  @WithDefault("10m")
  Duration deferAtMost();

  /// Links of each node of the HNSW graph, pgvector's `m`: 2 to 100.
  @WithDefault("16")
  int m();

  /// Candidates looked at for each node while building, pgvector's `ef_construction`: at least
  /// twice `m`, at most 1000.
  @WithDefault("64")
  int efConstruction();
}
