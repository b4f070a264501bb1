package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.sheaf.embedding.VectorDeserializer;
import dev.sheaf.filter.Filter;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What a client searches for, and how: `docs/search.md`.
///
/// @param vector `float[dimensions of the collection]`
/// @param like what is stored already; its own document is not among the hits
/// @param filter which documents are looked at
/// @param limit how many hits at most; with `groupBy`, how many documents
/// @param offset how many of them to leave out
/// @param minScore hits below are left out
/// @param groupSize hits of each document at most
/// @param ef candidates that an HNSW search looks at
/// @param exact whether to compare every vector, index or not
/// @param timeout milliseconds in the database, all statements together
/// @param explain whether to say what was asked of PostgreSQL, and how it went about it
@SuppressWarnings("ArrayRecordComponent") // never compared
@Schema(name = "SearchRequest")
public record SearchRequest(
    @Schema(examples = "why do we always see the same side of the moon") @Nullable String text,
    @Schema(description = "Numbers, or the base64 of 32-bit floats, little-endian")
        float @Nullable [] vector,
    @Nullable SimilarTo like,
    @Schema(defaultValue = "vector") Mode mode,
    @Schema(
            type = SchemaType.OBJECT,
            implementation = Object.class,
            nullable = true,
            additionalProperties = Schema.True.class,
            description = "Which documents are looked at: docs/search.md",
            examples = "{\"year\": {\"$gte\": 2000}}")
        Filter filter,
    @Schema(defaultValue = "10", minimum = "1", maximum = "1000") Integer limit,
    @Schema(defaultValue = "0", minimum = "0", maximum = "999") Integer offset,
    @Nullable Double minScore,
    @Nullable GroupBy groupBy,
    @Schema(defaultValue = "1", minimum = "1", maximum = "100") Integer groupSize,
    @Schema(defaultValue = "[\"title\", \"text\", \"metadata\"]") Set<ReturnField> select,
    @Schema(defaultValue = "false") Boolean highlight,
    @Schema(nullable = true) Fusion hybrid,
    @Schema(minimum = "1", maximum = "1000") @Nullable Integer ef,
    @Schema(defaultValue = "false") Boolean exact,
    @Schema(minimum = "1", maximum = "600000") @Nullable Integer timeout,
    @Schema(defaultValue = "false") Boolean explain) {

  /// As far as an index search of pgvector looks.
  public static final int MAX_LIMIT = 1_000;

  private static final int DEFAULT_LIMIT = 10;
  private static final int MAX_GROUP_SIZE = 100;
  private static final int MAX_TIMEOUT = 600_000;
  private static final int MAX_TEXT_BYTES = 100_000;

  @JsonCreator
  static SearchRequest of(
      @Nullable String text,
      @JsonDeserialize(using = VectorDeserializer.class) float @Nullable [] vector,
      @Nullable SimilarTo like,
      @Nullable Mode mode,
      @Nullable JsonNode filter,
      @Nullable Integer limit,
      @Nullable Integer offset,
      @Nullable Double minScore,
      @Nullable GroupBy groupBy,
      @Nullable Integer groupSize,
      @Nullable List<ReturnField> select,
      @Nullable Boolean highlight,
      @Nullable Fusion hybrid,
      @Nullable Integer ef,
      @Nullable Boolean exact,
      @Nullable Integer timeout,
      @Nullable Boolean explain) {
    Mode asked = mode == null ? Mode.VECTOR : mode;
    what(asked, text, vector, like);
    int first = Input.range("offset", offset, 0, MAX_LIMIT - 1, 0);
    int hits = Input.range("limit", limit, 1, MAX_LIMIT, DEFAULT_LIMIT);
    if (first + hits > MAX_LIMIT) {
      throw Problem.field(
          "offset",
          "offset and limit together must be at most " + MAX_LIMIT + "; narrow the filter");
    }
    // Clients that were generated send defaults.
    if (groupSize != null && groupSize != 1 && groupBy == null) {
      throw Problem.field("groupSize", "groupSize needs groupBy");
    }
    if (Boolean.TRUE.equals(highlight) && text == null) {
      throw Problem.field("highlight", "highlight needs text, whose words it marks");
    }
    if (hybrid != null && asked != Mode.HYBRID) {
      throw Problem.field("hybrid", "hybrid needs mode hybrid");
    }
    if (ef != null) {
      Input.range("ef", ef, 1, MAX_LIMIT, 0);
    }
    if (timeout != null) {
      Input.range("timeout", timeout, 1, MAX_TIMEOUT, 0);
    }
    return new SearchRequest(
        text,
        vector,
        like,
        asked,
        filter == null || filter.isNull() ? Filter.EVERYTHING : Filter.parse("filter", filter),
        hits,
        first,
        minScore,
        groupBy,
        Input.range("groupSize", groupSize, 1, MAX_GROUP_SIZE, 1),
        select == null ? ReturnField.DEFAULT : selected(select),
        Boolean.TRUE.equals(highlight),
        hybrid == null ? Fusion.DEFAULT : hybrid,
        ef,
        Boolean.TRUE.equals(exact),
        timeout,
        Boolean.TRUE.equals(explain));
  }

  /// One for the nearest to a vector, and nothing but where they are and how far.
  public static SearchRequest nearest(float[] vector, int limit) {
    return of(
        null, vector, null, null, null, limit, null, null, null, null, List.of(), null, null, null,
        null, null, null);
  }

  private static void what(
      Mode mode, @Nullable String text, float @Nullable [] vector, @Nullable SimilarTo like) {
    int given = (text == null ? 0 : 1) + (vector == null ? 0 : 1) + (like == null ? 0 : 1);
    switch (mode) {
      case VECTOR -> {
        if (given != 1) {
          throw Problem.field("text", "give one of text, vector and like");
        }
      }
      case FULLTEXT -> {
        if (text == null || given != 1) {
          throw Problem.field("text", "mode fulltext takes text, and neither vector nor like");
        }
      }
      case HYBRID -> {
        if (text == null || like != null) {
          throw Problem.field("text", "mode hybrid takes text, and may take vector, but not like");
        }
      }
    }
    if (text != null && text.isBlank()) {
      throw Problem.field("text", "text is empty; there is nothing to search for");
    }
    Input.text("text", text, MAX_TEXT_BYTES);
  }

  private static Set<ReturnField> selected(List<ReturnField> select) {
    var selected = EnumSet.noneOf(ReturnField.class);
    for (ReturnField field : select) {
      selected.add(Input.required("select", field));
    }
    return selected;
  }
}
