package dev.sheaf.ingestion;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// Where a job stands.
public enum JobState {
  /// The upload is being stored.
  RECEIVING,
  /// The upload is stored, and waits for a worker, or for its next attempt.
  QUEUED,
  /// It is being loaded.
  RUNNING,
  /// Every line is stored or reported.
  COMPLETED,
  /// It was given up; what was loaded until then stays.
  FAILED,
  /// Somebody asked for its end; what was loaded until then stays.
  CANCELLED;

  /// The state of that name in the table.
  static JobState of(String value) {
    return valueOf(value.toUpperCase(Locale.ROOT));
  }

  /// The name in JSON and in the table.
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Whether nothing more will happen to it.
  public boolean isFinished() {
    return switch (this) {
      case RECEIVING, QUEUED, RUNNING -> false;
      case COMPLETED, FAILED, CANCELLED -> true;
    };
  }
}
