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
/// @param boost what the fields of its document gave it; absent if the search has no boosts
/// @param rerank where the model put it; absent if no model reranked the hits
/// @param diversity why it was picked; absent if the search has no diversity
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "HitExplanation")
public record HitExplanation(
    int rank,
    @Nullable VectorPart vector,
    @Nullable WordsPart fulltext,
    @Nullable BoostPart boost,
    @Nullable RerankPart rerank,
    @Nullable DiversityPart diversity) {

  /// The explanation of a hit as the search found it.
  static HitExplanation found(int rank, @Nullable VectorPart vector, @Nullable WordsPart fulltext) {
    return new HitExplanation(rank, vector, fulltext, null, null, null);
  }

  HitExplanation withBoost(BoostPart part) {
    return new HitExplanation(rank, vector, fulltext, part, rerank, diversity);
  }

  HitExplanation withRerank(int rankOfModel) {
    return new HitExplanation(
        rank, vector, fulltext, boost, new RerankPart(rankOfModel), diversity);
  }

  HitExplanation withDiversity(DiversityPart part) {
    return new HitExplanation(rank, vector, fulltext, boost, rerank, part);
  }

  /// The part of the boosts.
  ///
  /// @param rank place after the boosts, from 1; of its document with `groupBy`
  /// @param gains what each boost adds to the score, in the order of the request
  @Schema(name = "BoostPart")
  public record BoostPart(int rank, List<Double> gains) {

    BoostPart withRank(int other) {
      return new BoostPart(other, gains);
    }
  }

  /// The part of the model that reranks.
  ///
  /// @param rank place after reranking, from 1; of its document with `groupBy`
  @Schema(name = "RerankPart")
  public record RerankPart(int rank) {}

  /// The part of diversity, of the document with `groupBy`.
  ///
  /// @param rank place in the answer, from 1
  /// @param relevance scaled to 0 to 1
  /// @param similarity to the most similar hit before it; absent for the first hit
  /// @param score by which it was picked: [Diversity]
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "DiversityPart")
  public record DiversityPart(
      int rank, double relevance, @Nullable Double similarity, double score) {}

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
  /// @param titleWeight as how many occurrences each in the title counts; absent if it is 1
  /// @param length number of words of the chunk that count for BM25; absent with `ts_rank_cd`
  /// @param words the words of the query that the chunk contains, the rarest first; absent with
  ///   `ts_rank_cd`
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "WordsPart")
  public record WordsPart(
      @Nullable Integer rank,
      double score,
      @Nullable Double gain,
      @Nullable Double titleWeight,
      @Nullable Integer length,
      @Nullable List<WordPart> words) {}

  /// The part of a word.
  ///
  /// @param word its stem, as the text search configuration writes it
  /// @param weight how rare it is, times how often the query contains it; its score is less
  /// @param count how often the chunk contains it
  /// @param inTitle how often its title does; absent if the search does not weigh titles
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "WordPart")
  public record WordPart(
      String word, double weight, int count, @Nullable Integer inTitle, double score) {}
}
