package dev.sheaf.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// One object of the live schema that is not what the changelogs make.
///
/// @param kind how it differs
/// @param object its kind and name, such as `index public.chunk_search_idx`
/// @param expected its definition by the changelogs; `null` when they know no such object
/// @param actual its definition in the database; `null` when it is not there
@Schema(name = "Difference")
public record Difference(
    Kind kind, String object, @Nullable String expected, @Nullable String actual) {

  /// How an object differs.
  @Schema(name = "DifferenceKind")
  public enum Kind {
    /// The changelogs make it, and it is not there.
    @JsonProperty("missing")
    MISSING,
    /// It is there, and no changelog makes it.
    @JsonProperty("extra")
    EXTRA,
    /// It is there, and otherwise.
    @JsonProperty("changed")
    CHANGED
  }
}
