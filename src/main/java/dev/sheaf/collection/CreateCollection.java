package dev.sheaf.collection;

import com.fasterxml.jackson.annotation.JsonCreator;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import dev.sheaf.filter.FieldType;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.Map;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.media.SchemaProperty;
import org.jspecify.annotations.Nullable;

/// What a client says of a collection to be.
@Schema(
    name = "CreateCollection",
    examples =
        """
        {"name": "articles", "description": "What we publish", "fields": {"year": "number"}}
        """,
    properties = {
      @SchemaProperty(name = "hnsw", implementation = CollectionSettings.Hnsw.class),
      @SchemaProperty(
          name = "language",
          type = SchemaType.STRING,
          description = "A text search configuration of PostgreSQL's",
          defaultValue = CollectionSettings.DEFAULT_LANGUAGE),
      @SchemaProperty(
          name = "fields",
          type = SchemaType.OBJECT,
          description = "Those of the metadata whose order filters ask for",
          additionalProperties = FieldType.class,
          examples = "{\"year\": \"number\"}")
    })
public record CreateCollection(
    @Schema(pattern = "^" + CreateCollection.NAME + "$", examples = "articles") String name,
    @Nullable String description,
    @Schema(description = "`none`: the client sends vectors. Absent: the service's default.")
        @Nullable String model,
    @Schema(description = "The width of the vectors; needed with `none`")
        @Nullable Integer dimensions,
    @Schema(defaultValue = "cosine") Metric metric,
    @Schema(defaultValue = "half") Precision precision,
    @Schema(hidden = true) CollectionSettings settings) {

  /// What a collection may be called. It stands in every URL, so it needs no escaping there.
  static final String NAME = "[a-z0-9][a-z0-9_-]{0,62}";

  private static final Pattern NAME_PATTERN = Pattern.compile(NAME);
  static final int MAX_DESCRIPTION_BYTES = 4_000;

  /// @param hnsw the shape of the index; absent, the configuration's
  /// @param language a text search configuration of PostgreSQL's; absent, `english`
  /// @param fields those of the metadata whose order filters ask for, with their types
  @JsonCreator
  static CreateCollection of(
      @Nullable String name,
      @Nullable String description,
      @Nullable String model,
      @Nullable Integer dimensions,
      @Nullable Metric metric,
      @Nullable Precision precision,
      CollectionSettings.@Nullable Hnsw hnsw,
      @Nullable String language,
      @Nullable Map<String, FieldType> fields) {
    String checked = Input.required("name", name);
    if (!isName(checked)) {
      throw Problem.field(
          "name", "name must be 1 to 63 of a-z, 0-9, - and _, and start with a letter or a digit");
    }
    Input.text("description", description, MAX_DESCRIPTION_BYTES);
    return new CreateCollection(
        checked,
        description,
        model,
        dimensions,
        metric == null ? Metric.COSINE : metric,
        precision == null ? Precision.HALF : precision,
        new CollectionSettings(null, hnsw, language, fields));
  }

  /// One that leaves everything as it is by default.
  public static CreateCollection named(String name, String description) {
    return of(name, description, null, null, null, null, null, null, null);
  }

  /// Whether a collection can be called this.
  public static boolean isName(String name) {
    return NAME_PATTERN.matcher(name).matches();
  }
}
