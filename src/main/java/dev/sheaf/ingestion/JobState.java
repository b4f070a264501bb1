package dev.sheaf.ingestion;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// The state of a job.
public enum JobState {
  /// The upload is being stored.
  RECEIVING,
  /// The upload is stored, and waits for a worker or for the next attempt.
  QUEUED,
  /// The upload is being loaded.
  RUNNING,
  /// Every line is stored or reported.
  COMPLETED,
  /// No more attempts are made until a client retries the job; documents that are already loaded
  /// stay.
  FAILED,
  /// A client cancelled the job; documents that are already loaded stay.
  CANCELLED;

  /// @param value the name in the table
  static JobState of(String value) {
    return valueOf(value.toUpperCase(Locale.ROOT));
  }

  /// The name in JSON and in the table.
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Whether the state is final.
  public boolean isFinished() {
    return switch (this) {
      case RECEIVING, QUEUED, RUNNING -> false;
      case COMPLETED, FAILED, CANCELLED -> true;
    };
  }
}
