package dev.sheaf.collection;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.collection.CollectionSettings.Analyzer;
import dev.sheaf.collection.CollectionSettings.Bm25Parameters;
import dev.sheaf.collection.CollectionSettings.Hnsw;
import dev.sheaf.embedding.Precision;
import dev.sheaf.filter.FieldType;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The request to change a collection. Absent fields are not changed.
///
/// @param precision of the index
/// @param hnsw parameters of the index and of searches in it
/// @param analyzer what finds the words of texts; stored chunks are analyzed again
/// @param language the name of a text search configuration; stored chunks are analyzed again
/// @param bm25 how searches for words score chunks
/// @param recall the recall that searches shall have; it replaces `hnsw.efSearch` of earlier
///   requests. 0: none any more, `null` in JSON
/// @param synonyms all groups of words and phrases of equal meaning
/// @param fields all metadata fields that shall have an index for range conditions; the indexes of
///   others are dropped
@Schema(
    name = "UpdateCollection",
    examples =
        """
        {"description": "What we have published", "hnsw": {"efSearch": 200}}
        """)
public record UpdateCollection(
    @Nullable String description,
    @Nullable Precision precision,
    @Nullable Hnsw hnsw,
    @Schema(description = "Stored chunks are analyzed again in the background")
        @Nullable Analyzer analyzer,
    @Schema(description = "Stored chunks are analyzed again in the background")
        @Nullable String language,
    @Nullable Bm25Parameters bm25,
    @Schema(
            minimum = "0.5",
            maximum = "0.99",
            nullable = true,
            description =
                "The fraction of the nearest vectors that searches find in the index. Replaces an"
                    + " efSearch that was set earlier. null ends it",
            examples = "0.95")
        @Nullable Double recall,
    @Schema(maxItems = 500, description = "Replaces all groups; an empty array removes them")
        @Nullable List<List<String>> synonyms,
    @Nullable Map<String, FieldType> fields) {

  private static final double NO_RECALL = 0;

  @JsonCreator
  static UpdateCollection of(
      @Nullable String description,
      @Nullable Precision precision,
      @Nullable Hnsw hnsw,
      @Nullable Analyzer analyzer,
      @Nullable String language,
      @Nullable Bm25Parameters bm25,
      @Nullable JsonNode recall,
      @Nullable List<List<String>> synonyms,
      @Nullable Map<String, FieldType> fields,
      @Nullable JsonNode name,
      @Nullable JsonNode model,
      @Nullable JsonNode dimensions,
      @Nullable JsonNode metric,
      @Nullable JsonNode storage,
      @Nullable JsonNode titles) {
    Input.text("description", description, CreateCollection.MAX_DESCRIPTION_BYTES);
    rejectImmutable("name", name);
    rejectImmutable("model", model);
    rejectImmutable("dimensions", dimensions);
    rejectImmutable("metric", metric);
    rejectImmutable("storage", storage);
    rejectImmutable("titles", titles);
    return new UpdateCollection(
        description, precision, hnsw, analyzer, language, bm25, recall(recall), synonyms, fields);
  }

  /// A request that changes only `efSearch`.
  public static UpdateCollection efSearch(int efSearch) {
    return new UpdateCollection(
        null, null, new Hnsw(null, null, efSearch), null, null, null, null, null, null);
  }

  private static @Nullable Double recall(@Nullable JsonNode given) {
    if (given == null) {
      return null;
    }
    if (given.isNull()) {
      return NO_RECALL;
    }
    if (!given.isNumber() || given.doubleValue() == NO_RECALL) {
      throw CollectionSettings.recallOutOfRange(given);
    }
    return given.doubleValue();
  }

  private boolean endsRecall() {
    return recall != null && recall == NO_RECALL;
  }

  private static void rejectImmutable(String field, @Nullable Object value) {
    if (value != null) {
      throw Problem.field(
          field,
          field
              + " cannot be changed after the collection is created. Create another collection, and"
              + " store the documents there.");
    }
  }

  /// The changed settings for the audit trail. The text of a description is not recorded, only that
  /// it changed.
  Map<String, Object> auditDetails() {
    var details = new TreeMap<String, Object>();
    if (description != null) {
      details.put("description", true);
    }
    if (precision != null) {
      details.put("precision", precision);
    }
    if (hnsw != null) {
      details.put("hnsw", hnsw);
    }
    if (analyzer != null) {
      details.put("analyzer", analyzer);
    }
    if (language != null) {
      details.put("language", language);
    }
    if (bm25 != null) {
      details.put("bm25", bm25);
    }
    if (recall != null) {
      details.put("recall", endsRecall() ? "none" : recall);
    }
    if (synonyms != null) {
      details.put("synonyms", synonyms.size());
    }
    if (fields != null) {
      details.put("fields", fields);
    }
    return details;
  }

  CollectionSettings applyTo(CollectionSettings settings) {
    Hnsw old = settings.hnsw();
    if (old != null && recall != null && !endsRecall()) {
      old = old.withoutEfSearch();
    }
    return new CollectionSettings(
        precision == null ? settings.precision() : precision,
        hnsw == null ? old : old == null ? hnsw : old.with(hnsw),
        analyzer == null ? settings.analyzer() : analyzer,
        language == null ? settings.language() : language,
        settings.titles(),
        bm25 == null
            ? settings.bm25()
            : settings.bm25() == null ? bm25 : settings.bm25().with(bm25),
        settings.reanalysis(),
        recall == null ? settings.recall() : endsRecall() ? null : recall,
        synonyms == null ? settings.synonyms() : synonyms,
        fields == null ? settings.fields() : fields);
  }
}
