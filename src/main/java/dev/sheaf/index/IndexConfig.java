package dev.sheaf.index;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// When vectors are indexed, how the index is built, how its recall is measured, and when it is
/// rebuilt.
@ConfigMapping(prefix = "sheaf.index")
public interface IndexConfig {

  /// Minimum number of vectors for an index. Below, comparing all vectors takes one or two
  /// milliseconds, and is exact.
  @WithDefault("5000")
  int minRows();

  /// How often the service checks which indexes to build, rebuild, drop or measure.
  @WithDefault("5s")
  Duration checkEvery();

  /// Vectors per second above which a bulk load is assumed to be running. The first build of an
  /// index then waits until the load ends. A table with an index accepts about three times as many.
  @WithDefault("500")
  double deferAbove();

  /// Maximum time for which the first build of an index waits for the end of a bulk load.
  @WithDefault("10m")
  Duration deferAtMost();

  /// Links of each node of the HNSW graph, pgvector's `m`: 2 to 100.
  @WithDefault("16")
  int m();

  /// Candidates examined for each node while building, pgvector's `ef_construction`: at least twice
  /// `m`, at most 1000.
  @WithDefault("64")
  int efConstruction();

  /// Maximum memory of PostgreSQL for the graph of an index while it is built. A build takes what
  /// its graph needs, and if that is more, it takes this much, or `maintenance_work_mem` if that is
  /// larger.
  @WithDefault("512M")
  MemorySize memory();

  /// Fraction of the rows that must change before the recall of an index is measured again.
  @WithDefault("0.2")
  double measureAfter();

  /// Time limit for finding the nearest neighbours of a measurement exactly. After it, the
  /// measurement uses those that were found.
  @WithDefault("10s")
  Duration measureAtMost();

  /// Maximum number of vectors that a measurement searches for, each halfway between two stored
  /// vectors.
  @WithDefault("400")
  int sample();

  /// How precisely recall is measured: a measurement ends when half of the 95% confidence interval
  /// is not more than this.
  @WithDefault("0.02")
  double recallPrecision();

  /// The largest `ef_search` that holds a declared recall, up to 1000. Searches take about twice as
  /// long with twice as much.
  @WithDefault("500")
  int maxEfSearch();

  /// Whether to keep the vectors of up to 100 client queries in memory, and to measure recall for
  /// them, too.
  @WithDefault("false")
  boolean sampleQueries();

  /// Maximum loss of recall since the index was built. If an index has lost more, beyond the
  /// confidence intervals of both measurements, it is rebuilt.
  @WithDefault("0.03")
  double maxRecallLoss();
}
