package dev.sheaf.search;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// How a hybrid search merges the results of vector search and full-text search into one list.
///
/// With [FusionMethod#SCORE], the score is the sum of the weighted scores of both lists, each
/// scaled to 0 to 1. The best of the nearest chunks has 1, the last 0. A chunk with words has its
/// score, divided by that of the best chunk, or by [SearchWords#scoreOfAll] if this is larger: if
/// no chunk contains most of the words, words count less. After S. Bruch, S. Gai, A. Ingber: An
/// Analysis of Fusion Functions for Hybrid Retrieval, 2023, with another scale for words.
///
/// With [FusionMethod#RANK], reciprocal rank fusion, `score = sum of weight / (constant + rank)`,
/// ranks counted from 1. G. V. Cormack, C. L. A. Clarke, S. Büttcher: Reciprocal Rank Fusion
/// outperforms Condorcet and individual Rank Learning Methods, SIGIR 2009, where all weights are 1
/// and the constant is 60.
///
/// @param by what is compared; if absent, the ranks if there is a constant, else the scores
/// @param vector weight of the vector search
/// @param fulltext weight of the full-text search
/// @param constant a larger value reduces the advantage of the first ranks; only of ranks
/// @param depth number of chunks of each list that are merged
@Schema(name = "Fusion")
public record Fusion(
    @Schema(nullable = true, description = "The default is score, or rank if constant is given")
        FusionMethod by,
    @Schema(defaultValue = "1") Double vector,
    @Schema(defaultValue = "1") Double fulltext,
    @Schema(
            nullable = true,
            description = "Only of ranks; 60 if absent",
            minimum = "0",
            maximum = "10000")
        Integer constant,
    @Schema(defaultValue = "100", minimum = "1", maximum = "1000") Integer depth) {

  static final Fusion DEFAULT = new Fusion(null, null, null, null, null);

  public Fusion(
      @Nullable FusionMethod by,
      @Nullable Double vector,
      @Nullable Double fulltext,
      @Nullable Integer constant,
      @Nullable Integer depth) {
    this.by = by != null ? by : constant == null ? FusionMethod.SCORE : FusionMethod.RANK;
    this.vector = weight("vector", vector);
    this.fulltext = weight("fulltext", fulltext);
    this.constant = Input.range("constant", constant, 0, 10_000, 60);
    this.depth = Input.range("depth", depth, 1, SearchRequest.MAX_LIMIT, 100);
  }

  private static double weight(String field, @Nullable Double weight) {
    if (weight == null) {
      return 1;
    }
    if (!(weight >= 0 && weight <= 1_000)) {
      throw Problem.field(field, field + " must be a number from 0 to 1000, not " + weight + ".");
    }
    return weight;
  }
}
