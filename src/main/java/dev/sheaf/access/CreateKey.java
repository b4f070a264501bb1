package dev.sheaf.access;

import com.fasterxml.jackson.annotation.JsonCreator;
import dev.sheaf.collection.CreateCollection;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import io.quarkus.runtime.configuration.DurationConverter;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What a key to be is for.
@Schema(
    name = "CreateKey",
    examples =
        """
        {"role": "reader", "name": "shop", "collections": ["articles"], "expires": "90d"}
        """)
public record CreateKey(
    Role role,
    @Schema(description = "What people call it", examples = "shop") @Nullable String name,
    @Schema(
            description = "The collections it is limited to. Absent: it is not limited.",
            implementation = String[].class,
            examples = "[\"articles\"]")
        @Nullable Set<String> collections,
    @Schema(
            description = "How long it is good. Absent: until it is revoked.",
            implementation = String.class,
            examples = "90d")
        @Nullable Duration expires) {

  private static final int MAX_NAME_BYTES = 200;
  private static final int MAX_COLLECTIONS = 1_000;
  private static final Duration MAX_EXPIRES = Duration.ofDays(36_500);

  /// As a client or a command says it.
  ///
  /// @param expires as in the settings: `90d`, `12h`
  /// @throws Problem when a field is not what it should be
  @JsonCreator
  public static CreateKey of(
      @Nullable Role role,
      @Nullable String name,
      @Nullable List<String> collections,
      @Nullable String expires) {
    Input.text("name", name, MAX_NAME_BYTES);
    return new CreateKey(
        Input.required("role", role),
        name,
        collections == null ? null : checked(collections),
        expires == null ? null : duration(expires));
  }

  private static Set<String> checked(List<String> collections) {
    if (collections.isEmpty() || collections.size() > MAX_COLLECTIONS) {
      throw Problem.field(
          "collections",
          "collections must name 1 to "
              + MAX_COLLECTIONS
              + "; leave the field out for a key of all collections");
    }
    for (String name : collections) {
      if (!CreateCollection.isName(Input.required("collections", name))) {
        throw Problem.field("collections", name + " is not the name of a collection");
      }
    }
    return new TreeSet<>(collections);
  }

  private static Duration duration(String text) {
    try {
      Duration duration = DurationConverter.parseDuration(text);
      if (duration.isPositive() && duration.compareTo(MAX_EXPIRES) <= 0) {
        return duration;
      }
    } catch (IllegalArgumentException e) {
      // Falls through to the same answer as a duration out of range.
    }
    throw Problem.field(
        "expires", "expires must be a duration up to 36500d, such as 90d or 12h, not " + text);
  }
}
