package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.sheaf.embedding.VectorDeserializer;
import dev.sheaf.filter.Filter;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A search, as `docs/search.md` describes it.
///
/// @param vector `float[dimensions of the collection]`
/// @param like a stored document or chunk; its document is not among the hits
/// @param alsoLike the same, of which the query vector becomes the mean: [Rocchio]
/// @param unlike the same, from which the query vector is moved away
/// @param match how the words of `text` are read; irrelevant in a vector search
/// @param weights how much the words of fields count; irrelevant in a vector search
/// @param filter condition on documents
/// @param limit maximum number of hits, or of documents with `groupBy`
/// @param offset number of hits, or of documents with `groupBy`, to skip
/// @param minScore hits with a lower score are omitted
/// @param groupSize maximum number of hits of each document
/// @param highlight whether to return the best part of the text with marked words
/// @param passages which parts of the text to return with marked words
/// @param matches whether to return where the words are
/// @param expand which chunks around each hit to return
/// @param boost what fields of the documents add to the scores of the best hits
/// @param rerank whether a model reranks the best hits
/// @param diversity how much hits must differ from those before them: [Diversity]
/// @param window number of the best hits, or of documents with `groupBy`, that boosts and diversity
///   put in order
/// @param facets what to count, by name: [MatchCounter]
/// @param total whether to count all matches of a full-text search
/// @param ef candidates that an index search examines
/// @param exact whether to compare every vector even if there is an index
/// @param timeout maximum time in the database, for all statements together, in milliseconds
/// @param explain whether to return what each stage gave each hit, and the SQL statements with
///   their plans
@SuppressWarnings("ArrayRecordComponent") // never compared
@Schema(name = "SearchRequest")
public record SearchRequest(
    @Schema(examples = "why do we always see the same side of the moon") @Nullable String text,
    @Schema(description = "Numbers, or the base64 of 32-bit floats, little-endian")
        float @Nullable [] vector,
    @Nullable SimilarTo like,
    @Schema(
            nullable = true,
            maxItems = SimilarTo.MAX_EXAMPLES,
            description = "Further documents or chunks that hits are similar to")
        List<SimilarTo> alsoLike,
    @Schema(
            nullable = true,
            maxItems = SimilarTo.MAX_EXAMPLES,
            description = "Documents or chunks that hits are not similar to")
        List<SimilarTo> unlike,
    @Schema(defaultValue = "vector") Mode mode,
    @Schema(
            nullable = true,
            description =
                "How the words of text are read. The default is query for mode fulltext, and any"
                    + " for hybrid")
        WordMatch match,
    @Schema(nullable = true, description = "How much the words of fields count")
        FieldWeights weights,
    @Schema(
            type = SchemaType.OBJECT,
            implementation = Object.class,
            nullable = true,
            additionalProperties = Schema.True.class,
            description = "A condition on the documents: docs/search.md",
            examples = "{\"year\": {\"$gte\": 2000}}")
        Filter filter,
    @Schema(defaultValue = "10", minimum = "1", maximum = "1000") Integer limit,
    @Schema(defaultValue = "0", minimum = "0", maximum = "999") Integer offset,
    @Nullable Double minScore,
    @Nullable GroupBy groupBy,
    @Schema(defaultValue = "1", minimum = "1", maximum = "100") Integer groupSize,
    @Schema(nullable = true, defaultValue = "[\"title\", \"text\", \"metadata\"]")
        Set<ReturnField> select,
    @Schema(defaultValue = "false") Boolean highlight,
    @Nullable PassageRequest passages,
    @Schema(defaultValue = "false", description = "Return where the words of text are")
        Boolean matches,
    @Nullable Expand expand,
    @Schema(nullable = true) Fusion hybrid,
    @Schema(
            nullable = true,
            maxItems = Boost.MAX_BOOSTS,
            description = "What fields of the documents add to the scores of the best hits")
        List<Boost> boost,
    @Nullable Rerank rerank,
    @Schema(
            minimum = "0",
            maximum = "1",
            description = "How much hits must differ from those before them")
        @Nullable Double diversity,
    @Schema(
            nullable = true,
            minimum = "1",
            maximum = "500",
            description =
                "Number of the best hits that boost and diversity put in order; 100 if absent")
        Integer window,
    @Schema(
            nullable = true,
            description = "At most 10 counts of the matching documents, by a name for each",
            examples = "{\"topics\": {\"field\": \"topic\"}}")
        Map<String, Facet> facets,
    @Schema(defaultValue = "false", description = "Count all matches of a full-text search")
        Boolean total,
    @Schema(minimum = "1", maximum = "1000") @Nullable Integer ef,
    @Schema(defaultValue = "false") Boolean exact,
    @Schema(minimum = "1", maximum = "600000") @Nullable Integer timeout,
    @Schema(defaultValue = "false") Boolean explain) {

  /// The largest `ef_search` that pgvector accepts.
  public static final int MAX_LIMIT = 1_000;

  /// The most words of a hit whose places are returned.
  static final int MAX_MATCHES = 200;

  /// The most hits that boosts and diversity put in order.
  static final int MAX_WINDOW = 500;

  private static final int DEFAULT_WINDOW = 100;
  private static final int DEFAULT_LIMIT = 10;
  private static final int MAX_GROUP_SIZE = 100;
  static final int MAX_TIMEOUT = 600_000;
  private static final int MAX_TEXT_BYTES = 100_000;

  @JsonCreator
  static SearchRequest of(
      @Nullable String text,
      @JsonDeserialize(using = VectorDeserializer.class) float @Nullable [] vector,
      @Nullable SimilarTo like,
      @Nullable List<SimilarTo> alsoLike,
      @Nullable List<SimilarTo> unlike,
      @Nullable Mode mode,
      @Nullable WordMatch match,
      @Nullable FieldWeights weights,
      @Nullable JsonNode filter,
      @Nullable Integer limit,
      @Nullable Integer offset,
      @Nullable Double minScore,
      @Nullable GroupBy groupBy,
      @Nullable Integer groupSize,
      @Nullable List<ReturnField> select,
      @Nullable Boolean highlight,
      @Nullable PassageRequest passages,
      @Nullable Boolean matches,
      @Nullable Expand expand,
      @Nullable Fusion hybrid,
      @Nullable List<Boost> boost,
      @Nullable Rerank rerank,
      @Nullable Double diversity,
      @Nullable Integer window,
      @Nullable Map<String, Facet> facets,
      @Nullable Boolean total,
      @Nullable Integer ef,
      @Nullable Boolean exact,
      @Nullable Integer timeout,
      @Nullable Boolean explain) {
    Mode effectiveMode = mode == null ? Mode.VECTOR : mode;
    requireQuery(effectiveMode, text, vector, like);
    List<SimilarTo> likeExamples = SimilarTo.examples("alsoLike", alsoLike, effectiveMode);
    List<SimilarTo> unlikeExamples = SimilarTo.examples("unlike", unlike, effectiveMode);
    int effectiveOffset = Input.range("offset", offset, 0, MAX_LIMIT - 1, 0);
    int effectiveLimit = Input.range("limit", limit, 1, MAX_LIMIT, DEFAULT_LIMIT);
    if (effectiveOffset + effectiveLimit > MAX_LIMIT) {
      throw Problem.field(
          "offset", "offset + limit must be at most " + MAX_LIMIT + ". Use a narrower filter.");
    }
    // Generated clients send default values.
    if (groupSize != null && groupSize != 1 && groupBy == null) {
      throw Problem.field("groupSize", "groupSize requires groupBy.");
    }
    requireWords("highlight", Boolean.TRUE.equals(highlight), text);
    requireWords("passages", passages != null, text);
    requireWords("matches", Boolean.TRUE.equals(matches), text);
    if (match != null && effectiveMode == Mode.VECTOR) {
      throw Problem.field("match", "match requires \"mode\": \"fulltext\" or \"hybrid\".");
    }
    if (weights != null && effectiveMode == Mode.VECTOR) {
      throw Problem.field("weights", "weights requires \"mode\": \"fulltext\" or \"hybrid\".");
    }
    if (hybrid != null && effectiveMode != Mode.HYBRID) {
      throw Problem.field("hybrid", "hybrid requires \"mode\": \"hybrid\".");
    }
    if (rerank != null && text == null) {
      throw Problem.field(
          "rerank", "rerank requires text, with which the model compares the hits.");
    }
    if (diversity != null && !(diversity >= 0 && diversity <= 1)) {
      throw Problem.field(
          "diversity", "diversity must be a number from 0 to 1, not " + diversity + ".");
    }
    List<Boost> boosts = Boost.checked(boost);
    if (window != null && boosts.isEmpty() && diversity == null) {
      throw Problem.field("window", "window requires boost or diversity.");
    }
    int effectiveGroupSize = Input.range("groupSize", groupSize, 1, MAX_GROUP_SIZE, 1);
    if (Boolean.TRUE.equals(total) && effectiveMode != Mode.FULLTEXT) {
      throw Problem.field(
          "total", "total requires \"mode\": \"fulltext\", because every vector matches.");
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
        likeExamples,
        unlikeExamples,
        effectiveMode,
        match != null ? match : effectiveMode == Mode.FULLTEXT ? WordMatch.QUERY : WordMatch.ANY,
        weights == null ? FieldWeights.EQUAL : weights,
        filter == null || filter.isNull() ? Filter.EVERYTHING : Filter.parse("filter", filter),
        effectiveLimit,
        effectiveOffset,
        minScore,
        groupBy,
        effectiveGroupSize,
        select == null ? ReturnField.DEFAULT : selected(select),
        Boolean.TRUE.equals(highlight),
        passages,
        Boolean.TRUE.equals(matches),
        expand,
        hybrid == null ? Fusion.DEFAULT : hybrid,
        boosts,
        rerank,
        diversity,
        Input.range(
            "window",
            window,
            1,
            MAX_WINDOW,
            Math.min(DEFAULT_WINDOW, MAX_WINDOW / effectiveGroupSize)),
        facets == null ? Map.of() : facets(facets),
        Boolean.TRUE.equals(total),
        ef,
        Boolean.TRUE.equals(exact),
        timeout,
        Boolean.TRUE.equals(explain));
  }

  /// A search for the nearest chunks of a vector that selects no optional fields.
  public static SearchRequest nearest(float[] vector, int limit) {
    return of(
        null, vector, null, null, null, null, null, null, null, limit, null, null, null, null,
        List.of(), null, null, null, null, null, null, null, null, null, null, null, null, null,
        null, null);
  }

  /// All stored examples. Their documents are not among the hits.
  Stream<SimilarTo> examples() {
    return Stream.of(Stream.ofNullable(like), alsoLike.stream(), unlike.stream())
        .flatMap(example -> example);
  }

  /// Whether the hits are in another order than that of the search.
  boolean reordersHits() {
    return !boost.isEmpty() || rerank != null || diversity != null;
  }

  /// The same search for its first hits, with what their new order depends on.
  SearchRequest withCandidates(int hits) {
    var fields = EnumSet.noneOf(ReturnField.class);
    fields.addAll(select);
    if (rerank != null) {
      fields.addAll(List.of(ReturnField.TITLE, ReturnField.TEXT));
    }
    if (diversity != null) {
      fields.add(ReturnField.VECTOR);
    }
    return new SearchRequest(
        text, vector, like, alsoLike, unlike, mode, match, weights, filter, hits, 0, minScore,
        groupBy, groupSize, fields, highlight, passages, matches, expand, hybrid, boost, rerank,
        diversity, window, facets, total, ef, exact, timeout, explain);
  }

  /// A search for the best chunks of one list of this search. It selects nothing.
  ///
  /// @param list vector or fulltext
  /// @param query `null` in a list of chunks with words
  /// @param hits number of the best hits, or of documents with `groupBy`
  /// @param millis its time
  SearchRequest ranking(Mode list, float @Nullable [] query, int hits, int millis) {
    boolean whole = mode == list;
    return new SearchRequest(
        list == Mode.VECTOR ? null : text,
        query,
        null,
        List.of(),
        List.of(),
        list,
        match,
        weights,
        filter,
        hits,
        0,
        null,
        whole ? groupBy : null,
        whole ? groupSize : 1,
        Set.of(),
        false,
        null,
        false,
        null,
        hybrid,
        List.of(),
        null,
        null,
        window,
        Map.of(),
        total,
        ef,
        exact,
        millis,
        false);
  }

  /// The same search with a shorter time.
  SearchRequest within(int millis) {
    return new SearchRequest(
        text, vector, like, alsoLike, unlike, mode, match, weights, filter, limit, offset, minScore,
        groupBy, groupSize, select, highlight, passages, matches, expand, hybrid, boost, rerank,
        diversity, window, facets, total, ef, exact, millis, explain);
  }

  /// A search that reads hits which were ranked before, each by itself.
  SearchRequest reading(int millis) {
    return new SearchRequest(
        text,
        null,
        null,
        List.of(),
        List.of(),
        mode == Mode.VECTOR ? mode : Mode.FULLTEXT,
        match,
        weights,
        Filter.EVERYTHING,
        limit * groupSize,
        0,
        null,
        null,
        1,
        select,
        highlight,
        passages,
        matches,
        expand,
        hybrid,
        boost,
        rerank,
        diversity,
        window,
        Map.of(),
        false,
        ef,
        exact,
        millis,
        false);
  }

  /// Whether the hits have texts.
  boolean returnsTexts() {
    return !select.isEmpty() || marksWords() || expand != null;
  }

  /// Whether words are marked.
  boolean marksWords() {
    return highlight || passages != null || matches;
  }

  private static void requireWords(String field, boolean requested, @Nullable String text) {
    if (requested && text == null) {
      throw Problem.field(field, field + " requires text, whose words it marks.");
    }
  }

  private static void requireQuery(
      Mode mode, @Nullable String text, float @Nullable [] vector, @Nullable SimilarTo like) {
    int given = (text == null ? 0 : 1) + (vector == null ? 0 : 1) + (like == null ? 0 : 1);
    switch (mode) {
      case VECTOR -> {
        if (given != 1) {
          throw Problem.field("text", "Exactly one of text, vector and like is required.");
        }
      }
      case FULLTEXT -> {
        if (text == null || given != 1) {
          throw Problem.field(
              "text", "Mode fulltext requires text, and accepts neither vector nor like.");
        }
      }
      case HYBRID -> {
        if (text == null || like != null) {
          throw Problem.field(
              "text", "Mode hybrid requires text, accepts vector, and does not accept like.");
        }
      }
    }
    if (text != null) {
      requireText(text);
    }
  }

  /// Checks the text of a search.
  static void requireText(String text) {
    if (text.isBlank()) {
      throw Problem.field("text", "text must not be empty.");
    }
    Input.text("text", text, MAX_TEXT_BYTES);
  }

  private static Map<String, Facet> facets(Map<String, Facet> facets) {
    if (facets.size() > Facet.MAX_FACETS) {
      throw Problem.field("facets", "facets may have at most " + Facet.MAX_FACETS + " names.");
    }
    facets.forEach((name, facet) -> Input.required("facets." + name, facet));
    return Collections.unmodifiableMap(new LinkedHashMap<>(facets));
  }

  private static Set<ReturnField> selected(List<ReturnField> select) {
    var selected = EnumSet.noneOf(ReturnField.class);
    for (ReturnField field : select) {
      selected.add(Input.required("select", field));
    }
    return selected;
  }
}
