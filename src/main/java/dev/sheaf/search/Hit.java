package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A chunk that a search found. Fields that the request does not select are absent.
///
/// @param collection its name; only in a search of several
/// @param document the client's id of the document
/// @param ordinal the chunk's position in the document, from 0
/// @param highlight the best of the passages of 240 characters
/// @param passages parts of the text with the query's words, in the order of the text
/// @param matches where the query's words are in the text, at most 200 of them
/// @param score larger is better: [dev.sheaf.embedding.Metric#score], [Fusion], [Bm25] or
///   `ts_rank_cd`, depending on the mode and the match
/// @param distance smaller is better, in the collection's metric; only in a vector search
/// @param boostedScore the score and the gains of all boosts; only of a search with boosts
/// @param rerankScore larger is better, on the scale of the model; only of a hit that was reranked
/// @param before chunks before it, in the order of the document, if requested
/// @param after chunks after it, in the order of the document, if requested
/// @param explain what each stage of the search gave the hit, if requested
@SuppressWarnings("ArrayRecordComponent") // never compared
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Hit")
public record Hit(
    @Schema(description = "Its collection, in a search of several") @Nullable String collection,
    String document,
    @Nullable String title,
    @Nullable String uri,
    int ordinal,
    @Nullable String text,
    @Schema(
            description =
                "The part of the text around the query's words as HTML: the words are between <mark> and </mark>, and everything else is escaped")
        @Nullable String highlight,
    @Nullable List<Passage> passages,
    @Nullable List<TextRange> matches,
    double score,
    @Nullable Double distance,
    @Nullable Double boostedScore,
    @Nullable Double rerankScore,
    @JsonRawValue @Schema(type = SchemaType.OBJECT, additionalProperties = Schema.True.class)
        @Nullable String metadata,
    float @Nullable [] vector,
    @Nullable Instant createdAt,
    @Nullable Instant updatedAt,
    @Nullable List<Expand.AdjacentChunk> before,
    @Nullable List<Expand.AdjacentChunk> after,
    @Nullable HitExplanation explain) {

  Hit withMetadata(String other) {
    return copy(title, text, other, vector, rerankScore, before, after, explain);
  }

  /// The same hit with the score of a model.
  Hit reranked(@Nullable Double score) {
    return copy(title, text, metadata, vector, score, before, after, explain);
  }

  /// The same hit without fields that are not selected.
  Hit selecting(Set<ReturnField> select) {
    return copy(
        select.contains(ReturnField.TITLE) ? title : null,
        select.contains(ReturnField.TEXT) ? text : null,
        metadata,
        select.contains(ReturnField.VECTOR) ? vector : null,
        rerankScore,
        before,
        after,
        explain);
  }

  /// The same hit with another explanation, if it has one.
  Hit explained(UnaryOperator<HitExplanation> other) {
    return explain == null
        ? this
        : copy(title, text, metadata, vector, rerankScore, before, after, other.apply(explain));
  }

  /// The same hit with other chunks around it.
  Hit expanded(List<Expand.AdjacentChunk> before, List<Expand.AdjacentChunk> after) {
    return copy(title, text, metadata, vector, rerankScore, before, after, explain);
  }

  /// The same hit of a search of several collections.
  Hit in(String name) {
    return copy(name, title, text, metadata, vector, rerankScore, before, after, explain);
  }

  private Hit copy(
      @Nullable String title,
      @Nullable String text,
      @Nullable String metadata,
      float @Nullable [] vector,
      @Nullable Double rerankScore,
      @Nullable List<Expand.AdjacentChunk> before,
      @Nullable List<Expand.AdjacentChunk> after,
      @Nullable HitExplanation explain) {
    return copy(collection, title, text, metadata, vector, rerankScore, before, after, explain);
  }

  private Hit copy(
      @Nullable String collection,
      @Nullable String title,
      @Nullable String text,
      @Nullable String metadata,
      float @Nullable [] vector,
      @Nullable Double rerankScore,
      @Nullable List<Expand.AdjacentChunk> before,
      @Nullable List<Expand.AdjacentChunk> after,
      @Nullable HitExplanation explain) {
    return new Hit(
        collection,
        document,
        title,
        uri,
        ordinal,
        text,
        highlight,
        passages,
        matches,
        score,
        distance,
        boostedScore,
        rerankScore,
        metadata,
        vector,
        createdAt,
        updatedAt,
        before,
        after,
        explain);
  }
}
