package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What each stage of a search gave a hit.
///
/// The score of the hit is that of the only list of a vector search or a full-text search, or, in a
/// hybrid search, the sum of the gains of both lists.
///
/// @param rank place of the hit in the order of its score, from 1; of its document with `groupBy`
/// @param vector what its vector gave it; absent if it is not among the nearest chunks
/// @param fulltext what its words gave it; absent if it is not among the chunks with words
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "HitExplanation")
public record HitExplanation(
    int rank, @Nullable VectorPart vector, @Nullable WordsPart fulltext) {

  /// The part of the vector.
  ///
  /// @param rank place among the nearest chunks, from 1; only in a hybrid search
  /// @param distance in the collection's metric
  /// @param score of the distance: [dev.sheaf.embedding.Metric#score]
  /// @param gain what it adds to the score of a hybrid search
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "VectorPart")
  public record VectorPart(
      @Nullable Integer rank, double distance, double score, @Nullable Double gain) {}

  /// The part of the words.
  ///
  /// @param rank place among the chunks with words, from 1; only in a hybrid search
  /// @param score BM25, the sum of the scores of the words, or `ts_rank_cd`
  /// @param gain what it adds to the score of a hybrid search
  /// @param length number of words of the chunk that count for BM25; absent with `ts_rank_cd`
  /// @param words the words of the query that the chunk contains, the rarest first; absent with
  ///   `ts_rank_cd`
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "WordsPart")
  public record WordsPart(
      @Nullable Integer rank,
      double score,
      @Nullable Double gain,
      @Nullable Integer length,
      @Nullable List<WordPart> words) {}

  /// The part of a word.
  ///
  /// @param word its stem, as the text search configuration writes it
  /// @param weight how rare it is, times how often the query contains it; its score is less
  /// @param count how often the chunk contains it
  @Schema(name = "WordPart")
  public record WordPart(String word, double weight, int count, double score) {}
}
