package dev.sheaf.migration.backfill;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// How fast backfills are worked off, and for whom they step aside.
@ConfigMapping(prefix = "sheaf.backfill")
public interface BackfillConfig {

  /// Whether this process works at them; `sheaf backfill run` does so in any case.
  @WithDefault("true")
  boolean enabled();

  /// Whether admins can pause, resume and cancel them over HTTP.
  @WithDefault("true")
  boolean httpControl();

  /// How often an idle process looks for work, and one that steps aside whether it may go on.
  @WithDefault("1s")
  Duration checkEvery();

  /// How long a batch should take. Whoever wants one of its rows waits for as long at the most, and
  /// whoever commits meanwhile for what it has written to reach the disk, hence short.
  @WithDefault("10ms")
  Duration batchTime();

  /// Rows of the very first batch, before anything is known.
  @WithDefault("200")
  int firstBatch();

  /// Rows of a batch at the most, however fast they are.
  @WithDefault("20000")
  int maxBatch();

  /// The rest after a batch, as a multiple of the time that it took: 2 leaves the server alone two
  /// thirds of the time.
  @WithDefault("2")
  double rest();

  /// How long a worker that is not heard of keeps its backfill from others.
  @WithDefault("5s")
  Duration lease();

  /// How long a batch waits for a lock. Everybody who wants its rows queues behind it for as long.
  @WithDefault("500ms")
  Duration lockTimeout();

  /// How long a statement of a batch may run; 0 is forever.
  @WithDefault("30s")
  Duration statementTimeout();

  /// How long the condition may run in the end; 0 is forever.
  @WithDefault("1h")
  Duration conditionTimeout();

  /// How often in a row a batch is tried before the backfill has failed.
  @WithDefault("5")
  int attempts();

  /// The pause after the first failure; it doubles with each up to [#backoffLimit].
  @WithDefault("1s")
  Duration backoff();

  /// The longest pause between two attempts.
  @WithDefault("1m")
  Duration backoffLimit();

  /// How far a replica may be behind.
  @WithDefault("10s")
  Duration maxReplicaLag();

  /// How much write-ahead log the server may have to keep for a replication slot.
  @WithDefault("1G")
  MemorySize maxWalBacklog();

  /// Whether to step aside while the table is vacuumed.
  @WithDefault("true")
  boolean yieldToVacuum();
}
