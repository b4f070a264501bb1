package dev.sheaf.migration.backfill;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// How fast backfills run, and when they wait for other work on the server.
@ConfigMapping(prefix = "sheaf.backfill")
public interface BackfillConfig {

  /// Whether the service runs backfills. `sheaf backfill run` ignores this.
  @WithDefault("true")
  boolean enabled();

  /// Whether admins can pause, resume and cancel backfills over HTTP.
  @WithDefault("true")
  boolean httpControl();

  /// How often an idle process looks for work, and a waiting one checks whether it may continue.
  @WithDefault("1s")
  Duration checkEvery();

  /// How long a batch should take. It is short, because other sessions wait for the batch's row
  /// locks, and their commits wait until its WAL is on disk.
  @WithDefault("10ms")
  Duration batchTime();

  /// Rows of the first batch.
  @WithDefault("200")
  int firstBatch();

  /// Maximum number of rows of a batch.
  @WithDefault("20000")
  int maxBatch();

  /// The pause after a batch, as a multiple of its duration. With 2, the backfill pauses for two
  /// thirds of the time.
  @WithDefault("2")
  double rest();

  /// How long a worker that shows no activity keeps its backfill.
  @WithDefault("5s")
  Duration lease();

  /// How long a batch waits for a lock.
  @WithDefault("500ms")
  Duration lockTimeout();

  /// How long a statement of a batch may run; 0 means no limit.
  @WithDefault("30s")
  Duration statementTimeout();

  /// How long the condition may run at the end; 0 means no limit.
  @WithDefault("1h")
  Duration conditionTimeout();

  /// Number of consecutive failures of a batch after which the backfill fails.
  @WithDefault("5")
  int attempts();

  /// The pause after the first failure. It doubles with each failure up to [#backoffLimit].
  @WithDefault("1s")
  Duration backoff();

  /// The longest pause between two attempts.
  @WithDefault("1m")
  Duration backoffLimit();

  /// Maximum lag of a PostgreSQL replica; above it, the backfill waits.
  @WithDefault("10s")
  Duration maxReplicaLag();

  /// Maximum WAL that a replication slot may retain, or a replica may lag behind; above it, the
  /// backfill waits.
  @WithDefault("1G")
  MemorySize maxWalBacklog();

  /// Whether to wait while the table is vacuumed.
  @WithDefault("true")
  boolean yieldToVacuum();
}
