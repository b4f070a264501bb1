package dev.sheaf.collection;

import dev.sheaf.api.Input;
import dev.sheaf.api.Problem;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What a client says of a collection to be.
@Schema(name = "CreateCollection")
public record CreateCollection(
    @Schema(required = true, pattern = CreateCollection.NAME, examples = "articles") String name,
    @Schema(nullable = true) @Nullable String description,
    @Schema(
            nullable = true,
            description = "`none`: the client sends vectors. Absent: the service's default.")
        @Nullable String model,
    @Schema(nullable = true, description = "The width of the vectors; needed with `none`")
        @Nullable Integer dimensions,
    @Schema(defaultValue = "cosine") Metric metric,
    @Schema(defaultValue = "half") Precision precision) {

  /// What a collection may be called. It stands in every URL, so it needs no escaping there.
  static final String NAME = "[a-z0-9][a-z0-9_-]{0,62}";

  private static final Pattern NAME_PATTERN = Pattern.compile(NAME);
  private static final int MAX_DESCRIPTION_BYTES = 4_000;

  public CreateCollection(
      @Nullable String name,
      @Nullable String description,
      @Nullable String model,
      @Nullable Integer dimensions,
      @Nullable Metric metric,
      @Nullable Precision precision) {
    this.name = Input.required("name", name);
    if (!isName(this.name)) {
      throw Problem.field(
          "name", "name must be 1 to 63 of a-z, 0-9, - and _, and start with a letter or a digit");
    }
    Input.text("description", description, MAX_DESCRIPTION_BYTES);
    this.description = description;
    this.model = model;
    this.dimensions = dimensions;
    this.metric = metric == null ? Metric.COSINE : metric;
    this.precision = precision == null ? Precision.HALF : precision;
  }

  /// Whether a collection can be called this.
  static boolean isName(String name) {
    return NAME_PATTERN.matcher(name).matches();
  }
}
