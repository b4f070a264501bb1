package dev.sheaf.collection;

import com.fasterxml.jackson.annotation.JsonCreator;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import dev.sheaf.embedding.VectorStorage;
import dev.sheaf.filter.FieldType;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.media.SchemaProperty;
import org.jspecify.annotations.Nullable;

/// The request to create a collection.
@Schema(
    name = "CreateCollection",
    examples =
        """
        {"name": "articles", "description": "What we publish", "fields": {"year": "number"}}
        """,
    properties = {
      @SchemaProperty(name = "hnsw", implementation = CollectionSettings.Hnsw.class),
      @SchemaProperty(
          name = "analyzer",
          implementation = CollectionSettings.Analyzer.class,
          description =
              "What finds the words of texts: a text search configuration of PostgreSQL, or"
                  + " Lucene's analyzers in the service, for any script",
          defaultValue = "postgresql"),
      @SchemaProperty(
          name = "language",
          type = SchemaType.STRING,
          description = "The name of a text search configuration of PostgreSQL",
          defaultValue = CollectionSettings.DEFAULT_LANGUAGE),
      @SchemaProperty(
          name = "titles",
          type = SchemaType.BOOLEAN,
          description =
              "Whether the title of a document is embedded with each of its chunks, and searched"
                  + " for words",
          defaultValue = "false"),
      @SchemaProperty(name = "bm25", implementation = CollectionSettings.Bm25Parameters.class),
      @SchemaProperty(
          name = "recall",
          type = SchemaType.NUMBER,
          format = "double",
          minimum = "0.5",
          maximum = "0.99",
          description =
              "The fraction of the nearest vectors that searches find in the index. efSearch follows"
                  + " by itself, unless hnsw sets it",
          examples = "0.95"),
      @SchemaProperty(
          name = "synonyms",
          type = SchemaType.ARRAY,
          description =
              "Groups of words and phrases of equal meaning, which searches for words find for each"
                  + " other. Requires the analyzer lucene",
          maxItems = 500,
          implementation = String[].class,
          examples = "[[\"laptop\", \"notebook\"]]"),
      @SchemaProperty(
          name = "fields",
          type = SchemaType.OBJECT,
          description =
              "The metadata fields that get an index for range conditions in filters, with their"
                  + " types",
          additionalProperties = FieldType.class,
          examples = "{\"year\": \"number\"}")
    })
public record CreateCollection(
    @Schema(pattern = "^" + CreateCollection.NAME + "$", examples = "articles") String name,
    @Nullable String description,
    @Schema(
            description =
                "`none`: the client computes the vectors. Absent: the default model of the"
                    + " service.")
        @Nullable String model,
    @Schema(
            description =
                "The number of dimensions of the vectors. Required if the model is `none`.")
        @Nullable Integer dimensions,
    @Schema(defaultValue = "cosine") Metric metric,
    @Schema(defaultValue = "half") Precision precision,
    @Schema(
            defaultValue = "full",
            description =
                "The precision of the stored vectors. half takes half of the space, and rounds each"
                    + " number to three digits. It cannot be changed later")
        VectorStorage storage,
    @Schema(hidden = true) CollectionSettings settings) {

  /// The pattern of a collection's name. It is part of URLs and needs no percent-encoding.
  static final String NAME = "[a-z0-9][a-z0-9_-]{0,62}";

  private static final Pattern NAME_PATTERN = Pattern.compile(NAME);
  static final int MAX_DESCRIPTION_BYTES = 4_000;

  /// @param hnsw parameters of the index; absent parameters follow the configuration
  /// @param analyzer what finds the words of texts; default `postgresql`
  /// @param language the name of a text search configuration of PostgreSQL; default `english`
  /// @param titles whether titles are searched with the texts; default `false`
  /// @param bm25 how searches for words score chunks; absent parameters have their defaults
  /// @param recall the recall that searches shall have
  /// @param synonyms groups of words and phrases of equal meaning
  /// @param fields the metadata fields that get an index for range conditions, with their types
  @JsonCreator
  static CreateCollection of(
      @Nullable String name,
      @Nullable String description,
      @Nullable String model,
      @Nullable Integer dimensions,
      @Nullable Metric metric,
      @Nullable Precision precision,
      @Nullable VectorStorage storage,
      CollectionSettings.@Nullable Hnsw hnsw,
      CollectionSettings.@Nullable Analyzer analyzer,
      @Nullable String language,
      @Nullable Boolean titles,
      CollectionSettings.@Nullable Bm25Parameters bm25,
      @Nullable Double recall,
      @Nullable List<List<String>> synonyms,
      @Nullable Map<String, FieldType> fields) {
    String checked = Input.required("name", name);
    if (!isName(checked)) {
      throw Problem.field(
          "name",
          "name must have 1 to 63 characters of a-z, 0-9, - and _, and begin with a letter or a"
              + " digit.");
    }
    Input.text("description", description, MAX_DESCRIPTION_BYTES);
    return new CreateCollection(
        checked,
        description,
        model,
        dimensions,
        metric == null ? Metric.COSINE : metric,
        precision == null ? Precision.HALF : precision,
        storage == null ? VectorStorage.FULL : storage,
        new CollectionSettings(
            null, hnsw, analyzer, language, titles, bm25, null, recall, synonyms, fields));
  }

  /// A request with the default settings.
  public static CreateCollection named(String name, String description) {
    return of(
        name,
        description,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  /// Whether `name` is a valid name of a collection.
  public static boolean isName(String name) {
    return NAME_PATTERN.matcher(name).matches();
  }
}
