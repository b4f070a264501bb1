package dev.sheaf.index;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// When a space gets its index, how it is built, how well it finds, and when it is built anew.
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

  /// The share of its rows that have to change before the recall of an index is measured again.
  @WithDefault("0.2")
  double measureAfter();

  /// The longest that a measurement compares every vector; then it goes by what it has.
  @WithDefault("10s")
  Duration measureAtMost();

  /// Vectors that a measurement searches for, each half way between two stored ones.
  @WithDefault("100")
  int sample();

  /// Whether as many queries of clients are kept in memory, as vectors, and measured too.
  @WithDefault("false")
  boolean sampleQueries();

  /// What an index may lose of the recall that it had when it was built. Below, it is built anew.
  @WithDefault("0.03")
  double maxRecallLoss();
}
