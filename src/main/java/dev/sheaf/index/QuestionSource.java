package dev.sheaf.index;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// Where the questions come from that an index is tuned with.
@Schema(name = "QuestionSource")
public enum QuestionSource {
  /// The request.
  REQUEST,
  /// Recent searches of clients.
  SEARCHES,
  /// Midpoints of stored vectors.
  STORED;

  /// The name in JSON.
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return value();
  }
}
