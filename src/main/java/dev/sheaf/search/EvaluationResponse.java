package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// How well searches with several settings answered the same queries.
///
/// @param queries number of queries
/// @param missing judged documents that the collection does not have, at most 20 of them; absent if
///   it has all
/// @param took time in this service, in milliseconds
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "EvaluationResponse")
public record EvaluationResponse(
    int queries,
    int k,
    List<EvaluatedSetting> settings,
    @Nullable List<String> missing,
    double took) {

  /// The result of one setting.
  ///
  /// @param notReranked number of queries of which not all hits were reranked; absent if the
  ///   setting does not rerank
  /// @param metrics the means over all queries, each with its 95% confidence interval
  /// @param change the means of the differences to the first setting, query by query; absent for
  ///   the first
  /// @param better number of queries whose NDCG is higher than with the first setting
  /// @param worse number of queries whose NDCG is lower
  /// @param mostBetter the first 20 of those that are better, the largest difference first
  /// @param mostWorse the same of those that are worse
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "SettingResult")
  public record EvaluatedSetting(
      String name,
      @Nullable Integer notReranked,
      MetricEstimates metrics,
      @Nullable MetricEstimates change,
      @Nullable Integer better,
      @Nullable Integer worse,
      @Nullable List<QueryChange> mostBetter,
      @Nullable List<QueryChange> mostWorse) {}

  /// A mean with its 95% confidence interval: [Bootstrap].
  @Schema(name = "Estimate")
  public record Estimate(double mean, double low, double high) {}

  /// The estimates of [RankingMetrics].
  @Schema(name = "MetricEstimates")
  public record MetricEstimates(
      Estimate hitAt1, Estimate hitRate, Estimate mrr, Estimate ndcg, Estimate recall) {}

  /// A query that a setting answers otherwise than the first one.
  ///
  /// @param query its position in the request, from 0
  /// @param text the beginning of its text
  /// @param rankBefore position of the first relevant document with the first setting, from 1;
  ///   absent if there is none among the `k`
  /// @param rankAfter the same with this setting
  /// @param ndcg the difference
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @Schema(name = "QueryChange")
  public record QueryChange(
      int query,
      String text,
      @Nullable Integer rankBefore,
      @Nullable Integer rankAfter,
      double ndcg) {}
}
