package dev.sheaf.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A difference between the live schema and the changelogs.
///
/// @param kind the kind of the difference
/// @param object the object's kind and name, such as `index public.chunk_search_idx`
/// @param expected its definition according to the changelogs; `null` if they do not define it
/// @param actual its definition in the database; `null` if it does not exist
@Schema(name = "Difference")
public record Difference(
    Kind kind, String object, @Nullable String expected, @Nullable String actual) {

  /// The kind of a difference.
  @Schema(name = "DifferenceKind")
  public enum Kind {
    /// The changelogs define the object, but it does not exist.
    @JsonProperty("missing")
    MISSING,
    /// The object exists, but no changelog defines it.
    @JsonProperty("extra")
    EXTRA,
    /// The object exists with another definition.
    @JsonProperty("changed")
    CHANGED
  }
}
