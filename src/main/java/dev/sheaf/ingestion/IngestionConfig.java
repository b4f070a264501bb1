package dev.sheaf.ingestion;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/// Limits of uploads, and how their jobs run.
@ConfigMapping(prefix = "sheaf.ingestion")
public interface IngestionConfig {

  /// Maximum length of a line of an upload. A longer line is reported as an error; the others are
  /// stored.
  @WithDefault("10M")
  MemorySize maxLineSize();

  /// Maximum size of an upload that is stored for a background job, uncompressed.
  @WithDefault("10G")
  MemorySize maxStoredSize();

  /// Maximum number of errors in the response to an upload, or stored with its job. All errors are
  /// counted.
  @WithDefault("1000")
  int keptErrors();

  /// How often a replica checks for queued jobs.
  @WithDefault("1s")
  Duration pollEvery();

  /// Time after which another replica takes over the job of a replica that does not renew its
  /// lease. Replicas renew it three times as often.
  @WithDefault("30s")
  Duration lease();

  /// Number of attempts without progress after which a job fails. An attempt does not count if the
  /// database, the model or memory was unavailable.
  @WithDefault("8")
  int maxAttempts();

  /// How long a replica loads one job while others wait. Then the job waits behind them.
  @WithDefault("30s")
  Duration maxTurn();

  /// How often an event stream without news sends a comment, so that no proxy closes it.
  @WithDefault("15s")
  Duration heartbeatEvery();

  /// How long finished jobs are kept, with their idempotency keys and, if they failed, their
  /// uploads.
  @WithDefault("7d")
  Duration keepJobs();

  /// Maximum size of the stored uploads of one caller that are not loaded yet, uncompressed.
  @WithDefault("20G")
  MemorySize maxWaitingSize();

  /// The size of the uploads of failed jobs that are kept for one caller, uncompressed. Then the
  /// oldest ones are deleted; the newest one is always kept.
  @WithDefault("20G")
  MemorySize maxFailedSize();
}
