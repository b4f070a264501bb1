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

/// The request to create a key.
@Schema(
    name = "CreateKey",
    examples =
        """
        {"role": "reader", "name": "shop", "collections": ["articles"], "expires": "90d"}
        """)
public record CreateKey(
    Role role,
    @Schema(description = "A name for people", examples = "shop") @Nullable String name,
    @Schema(
            description = "The collections that the key is limited to. Absent: it is not limited.",
            implementation = String[].class,
            examples = "[\"articles\"]")
        @Nullable Set<String> collections,
    @Schema(
            description = "How long the key is valid. Absent: until it is revoked.",
            implementation = String.class,
            examples = "90d")
        @Nullable Duration expires) {

  private static final int MAX_NAME_BYTES = 200;
  private static final int MAX_COLLECTIONS = 1_000;
  private static final Duration MAX_EXPIRES = Duration.ofDays(36_500);

  /// Validates the fields of a request.
  ///
  /// @param expires a duration as in the configuration: `90d`, `12h`
  /// @throws Problem if a field is not valid
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
        collections == null ? null : validCollections(collections),
        expires == null ? null : validDuration(expires));
  }

  private static Set<String> validCollections(List<String> collections) {
    if (collections.isEmpty() || collections.size() > MAX_COLLECTIONS) {
      throw Problem.field(
          "collections",
          "collections must contain 1 to "
              + MAX_COLLECTIONS
              + " names. Omit the field for a key that is not limited.");
    }
    for (String name : collections) {
      if (!CreateCollection.isName(Input.required("collections", name))) {
        throw Problem.field("collections", name + " is not a valid name of a collection.");
      }
    }
    return new TreeSet<>(collections);
  }

  private static Duration validDuration(String text) {
    try {
      Duration duration = DurationConverter.parseDuration(text);
      if (duration.isPositive() && duration.compareTo(MAX_EXPIRES) <= 0) {
        return duration;
      }
    } catch (IllegalArgumentException e) {
      // The exception below also covers this case.
    }
    throw Problem.field(
        "expires",
        "expires must be a duration up to 36500d, such as 90d or 12h, not " + text + ".");
  }
}
