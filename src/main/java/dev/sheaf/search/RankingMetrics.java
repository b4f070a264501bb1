package dev.sheaf.search;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/// How good a ranking of documents is for one query, or on average. All values are from 0 to 1, and
/// only the first `k` documents count.
///
/// C. D. Manning, P. Raghavan, H. Schütze: Introduction to Information Retrieval, 2008, chapter 8.
/// NDCG is that of K. Järvelin, J. Kekäläinen: Cumulated Gain-Based Evaluation of IR Techniques,
/// 2002, with the discount `1 / log2(rank + 1)` for all ranks, as in trec_eval.
///
/// @param hitAt1 1 if the first document is relevant
/// @param hitRate 1 if any of the documents is relevant
/// @param mrr 1 / rank of the first relevant document, or 0
/// @param ndcg the sum of `grade / log2(rank + 1)`, divided by that of the best possible ranking
/// @param recall the share of the relevant documents that are among the `k`
record RankingMetrics(double hitAt1, double hitRate, double mrr, double ndcg, double recall) {

  /// The metrics of one query.
  ///
  /// @param ranking ids of different documents, best first
  /// @param grades how relevant each document is; a document without a grade, or with 0, is not
  static RankingMetrics of(List<String> ranking, Map<String, Integer> grades, int k) {
    List<Integer> found =
        ranking.stream().limit(k).map(document -> grades.getOrDefault(document, 0)).toList();
    List<Integer> relevant = grades.values().stream().filter(grade -> grade > 0).toList();
    List<Integer> ideal = relevant.stream().sorted(Comparator.reverseOrder()).limit(k).toList();
    int rank = firstRelevant(found);
    double hits = found.stream().filter(grade -> grade > 0).count();
    return new RankingMetrics(
        rank == 1 ? 1 : 0,
        rank > 0 ? 1 : 0,
        rank > 0 ? 1.0 / rank : 0,
        discountedGain(found) / discountedGain(ideal),
        hits / relevant.size());
  }

  /// The position of the first relevant document, from 1, or 0.
  private static int firstRelevant(List<Integer> grades) {
    for (int i = 0; i < grades.size(); i++) {
      if (grades.get(i) > 0) {
        return i + 1;
      }
    }
    return 0;
  }

  private static double discountedGain(List<Integer> grades) {
    double gain = 0;
    for (int i = 0; i < grades.size(); i++) {
      gain += grades.get(i) * Math.log(2) / Math.log(i + 2.0);
    }
    return gain;
  }

  double[] values() {
    return new double[] {hitAt1, hitRate, mrr, ndcg, recall};
  }
}
