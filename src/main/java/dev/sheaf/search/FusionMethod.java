package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// What a hybrid search compares when it merges its lists.
@Schema(name = "FusionMethod")
public enum FusionMethod {
  /// The ranks in both lists.
  RANK,
  /// The scores, scaled to 0 to 1.
  SCORE;

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
