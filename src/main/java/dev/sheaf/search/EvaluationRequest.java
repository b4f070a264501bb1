package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.sheaf.embedding.VectorDeserializer;
import dev.sheaf.filter.Filter;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// Queries with judged documents, and the settings of searches that answer them.
///
/// @param settings the first is compared with each of the others
/// @param k number of documents of each answer that count
@Schema(
    name = "Evaluation",
    examples =
        """
        {"queries": [{"text": "why do we see one side of the moon", "relevant": {"moon/tidal-locking": 2, "moon/phases": 1}}],
         "settings": [{"name": "vector"}, {"name": "both", "mode": "hybrid"}]}
        """)
public record EvaluationRequest(
    @Schema(
            type = SchemaType.ARRAY,
            implementation = JudgedQuery.class,
            minItems = 1,
            maxItems = 1_000)
        List<JudgedQuery> queries,
    @Schema(type = SchemaType.ARRAY, implementation = Setting.class, minItems = 1, maxItems = 10)
        List<Setting> settings,
    @Schema(defaultValue = "10", minimum = "1", maximum = "100") Integer k) {

  private static final int MAX_QUERIES = 1_000;
  private static final int MAX_SETTINGS = 10;
  private static final int MAX_JUDGEMENTS = 100_000;
  private static final int MAX_K = 100;
  private static final int MAX_GRADE = 100;
  private static final int MAX_NAME_BYTES = 100;

  public EvaluationRequest(
      @Nullable List<JudgedQuery> queries, @Nullable List<Setting> settings, @Nullable Integer k) {
    this.queries = list("queries", queries, MAX_QUERIES);
    this.settings = list("settings", settings, MAX_SETTINGS);
    this.k = Input.range("k", k, 1, MAX_K, 10);
    Set<String> names = new HashSet<>();
    for (int i = 0; i < this.settings.size(); i++) {
      if (!names.add(this.settings.get(i).name())) {
        String field = "settings[" + i + "].name";
        throw Problem.field(field, field + " is the name of another setting.");
      }
    }
    int judgements = this.queries.stream().mapToInt(query -> query.relevant().size()).sum();
    if (judgements > MAX_JUDGEMENTS) {
      throw Problem.field(
          "queries",
          "queries have %s judged documents together. They may have at most %s."
              .formatted(judgements, MAX_JUDGEMENTS));
    }
  }

  private static <T> List<T> list(String field, @Nullable List<T> list, int max) {
    List<T> given = Input.required(field, list);
    int size = given.size();
    if (size == 0 || size > max) {
      throw Problem.field(
          field, "%s must have 1 to %s elements, not %s.".formatted(field, max, size));
    }
    for (int i = 0; i < size; i++) {
      Input.required(field + "[" + i + "]", given.get(i));
    }
    return List.copyOf(given);
  }

  /// A query, and the documents that a person judged for it.
  ///
  /// @param vector instead of the vector of `text`; needed if the collection has no model
  /// @param relevant how relevant each document is, by the client's id: 0 is not at all
  @SuppressWarnings("ArrayRecordComponent") // never compared
  @Schema(name = "JudgedQuery")
  public record JudgedQuery(
      @Schema(examples = "why do we see one side of the moon") String text,
      @Schema(description = "Numbers, or the base64 of 32-bit floats, little-endian")
          float @Nullable [] vector,
      @Schema(
              description = "How relevant each document is, by its id: 0, not at all, to 100",
              examples = "{\"moon/tidal-locking\": 2}")
          Map<String, Integer> relevant) {

    public JudgedQuery(
        @Nullable String text,
        @JsonDeserialize(using = VectorDeserializer.class) float @Nullable [] vector,
        @Nullable Map<String, Integer> relevant) {
      this.text = Input.required("text", text);
      this.vector = vector;
      SearchRequest.requireText(this.text);
      Map<String, Integer> grades = Input.required("relevant", relevant);
      grades.forEach((document, grade) -> {
        Input.storable("relevant", document);
        Input.range(
            "relevant." + document, Input.required("relevant." + document, grade), 0, MAX_GRADE, 0);
      });
      this.relevant = Map.copyOf(grades);
      if (grades.values().stream().noneMatch(grade -> grade > 0)) {
        throw Problem.field(
            "relevant", "relevant must have a document with a grade of at least 1.");
      }
    }
  }

  /// How a search answers the queries. The options are those of a search.
  @Schema(name = "EvaluatedSetting")
  public record Setting(
      @Schema(examples = "hybrid") String name,
      @Schema(defaultValue = "vector") Mode mode,
      @Schema(nullable = true) WordMatch match,
      @Schema(nullable = true) FieldWeights weights,
      @Schema(
              type = SchemaType.OBJECT,
              implementation = Object.class,
              nullable = true,
              additionalProperties = Schema.True.class)
          Filter filter,
      @Schema(nullable = true) Fusion hybrid,
      @Schema(nullable = true, maxItems = Boost.MAX_BOOSTS) List<Boost> boost,
      @Nullable Rerank rerank,
      @Schema(minimum = "0", maximum = "1") @Nullable Double diversity,
      @Schema(nullable = true, minimum = "1", maximum = "500") Integer window,
      @Schema(minimum = "1", maximum = "1000") @Nullable Integer ef,
      @Schema(defaultValue = "false") Boolean exact) {

    @JsonCreator
    static Setting of(
        @Nullable String name,
        @Nullable Mode mode,
        @Nullable WordMatch match,
        @Nullable FieldWeights weights,
        @Nullable JsonNode filter,
        @Nullable Fusion hybrid,
        @Nullable List<Boost> boost,
        @Nullable Rerank rerank,
        @Nullable Double diversity,
        @Nullable Integer window,
        @Nullable Integer ef,
        @Nullable Boolean exact) {
      String given = Input.required("name", name);
      Input.text("name", given, MAX_NAME_BYTES);
      SearchRequest search =
          SearchRequest.of(
              "text",
              null,
              null,
              null,
              null,
              mode,
              match,
              weights,
              filter,
              null,
              null,
              null,
              GroupBy.DOCUMENT,
              null,
              List.of(),
              null,
              null,
              null,
              null,
              hybrid,
              boost,
              rerank,
              diversity,
              window,
              null,
              null,
              ef,
              exact,
              null,
              null);
      return new Setting(
          given,
          search.mode(),
          search.match(),
          search.weights(),
          search.filter(),
          search.hybrid(),
          search.boost(),
          rerank,
          diversity,
          search.window(),
          ef,
          search.exact());
    }

    /// The search for the first `k` documents.
    SearchRequest search(JudgedQuery query, int k) {
      boolean byVector = mode != Mode.FULLTEXT && query.vector() != null;
      return new SearchRequest(
          byVector && mode == Mode.VECTOR ? null : query.text(),
          byVector ? query.vector() : null,
          null,
          List.of(),
          List.of(),
          mode,
          match,
          weights,
          filter,
          k,
          0,
          null,
          GroupBy.DOCUMENT,
          1,
          Set.of(),
          false,
          null,
          false,
          null,
          hybrid,
          boost,
          rerank,
          diversity,
          window,
          Map.of(),
          false,
          ef,
          exact,
          null,
          false);
    }
  }
}
