package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// What makes a chunk a hit.
@Schema(name = "SearchMode")
public enum Mode {
  /// Its vector is near.
  VECTOR,
  /// Its words are those that are asked for.
  FULLTEXT,
  /// Either; see [Fusion].
  HYBRID;

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
