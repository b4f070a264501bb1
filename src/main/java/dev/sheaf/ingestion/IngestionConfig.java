package dev.sheaf.ingestion;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// How uploads of many documents are taken and worked off.
@ConfigMapping(prefix = "sheaf.ingestion")
public interface IngestionConfig {

  /// The longest line of an upload; a longer one is an error of its own, the others go in.
  @WithDefault("10M")
  MemorySize maxLineSize();

  /// How many of an upload's errors are told, or kept with its job. All are counted.
  @WithDefault("1000")
  int keptErrors();

  /// How often a replica looks for stored uploads.
  @WithDefault("1s")
  Duration pollEvery();

  /// After how long without a sign of life another replica takes a job over. A sign is given three
  /// times as often.
  @WithDefault("30s")
  Duration lease();

  /// Attempts without any progress after which a job has failed.
  @WithDefault("8")
  int maxAttempts();

  /// How long finished jobs, and with them their idempotency keys, are kept.
  @WithDefault("7d")
  Duration keepJobs();
}
