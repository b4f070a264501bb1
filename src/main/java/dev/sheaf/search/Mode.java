package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The kind of a search.
@Schema(name = "SearchMode")
public enum Mode {
  /// Finds the chunks with the nearest vectors.
  VECTOR,
  /// Finds the chunks that contain the query's words.
  FULLTEXT,
  /// Merges the results of both; see [Fusion].
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
