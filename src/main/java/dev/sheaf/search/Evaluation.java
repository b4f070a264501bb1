package dev.sheaf.search;

import dev.sheaf.search.EvaluationRequest.JudgedQuery;
import dev.sheaf.search.EvaluationResponse.EvaluatedSetting;
import dev.sheaf.search.EvaluationResponse.MetricEstimates;
import dev.sheaf.search.EvaluationResponse.QueryChange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Compares the metrics of several settings.
///
/// @param queries in the order of the request
/// @param names one for each setting
/// @param notReranked see [EvaluatedSetting]; one for each setting
/// @param metrics of each query with each setting: `RankingMetrics[settings][queries]`
@SuppressWarnings("ArrayRecordComponent") // never compared
record Evaluation(
    List<JudgedQuery> queries,
    List<String> names,
    List<@Nullable Integer> notReranked,
    RankingMetrics[][] metrics) {

  private static final int MAX_CHANGES = 20;
  private static final int MAX_TEXT = 200;

  /// The first setting alone, and each other with its changes.
  List<EvaluatedSetting> results() {
    return IntStream.range(0, names.size()).mapToObj(this::result).toList();
  }

  private EvaluatedSetting result(int setting) {
    MetricEstimates means = estimates(values(metrics[setting]));
    if (setting == 0) {
      return new EvaluatedSetting(
          names.get(0), notReranked.get(0), means, null, null, null, null, null);
    }
    double[][] before = values(metrics[0]);
    double[][] changes = values(metrics[setting]);
    for (int query = 0; query < changes.length; query++) {
      for (int metric = 0; metric < changes[query].length; metric++) {
        changes[query][metric] -= before[query][metric];
      }
    }
    List<QueryChange> better = changes(setting, 1);
    List<QueryChange> worse = changes(setting, -1);
    return new EvaluatedSetting(
        names.get(setting),
        notReranked.get(setting),
        means,
        estimates(changes),
        better.size(),
        worse.size(),
        better.subList(0, Math.min(MAX_CHANGES, better.size())),
        worse.subList(0, Math.min(MAX_CHANGES, worse.size())));
  }

  private static double[][] values(RankingMetrics[] queries) {
    var values = new double[queries.length][];
    for (int query = 0; query < queries.length; query++) {
      values[query] = queries[query].values();
    }
    return values;
  }

  private static MetricEstimates estimates(double[][] queries) {
    var means = Bootstrap.means(queries);
    return new MetricEstimates(
        means.get(0), means.get(1), means.get(2), means.get(3), means.get(4));
  }

  /// The queries with a higher (1) or lower (-1) NDCG than with the first setting.
  private List<QueryChange> changes(int setting, int sign) {
    var changes = new ArrayList<QueryChange>();
    for (int query = 0; query < queries.size(); query++) {
      RankingMetrics before = metrics[0][query];
      RankingMetrics after = metrics[setting][query];
      if (sign * Double.compare(after.ndcg(), before.ndcg()) > 0) {
        changes.add(
            new QueryChange(
                query,
                beginning(queries.get(query).text()),
                rank(before),
                rank(after),
                after.ndcg() - before.ndcg()));
      }
    }
    changes.sort(Comparator.comparingDouble(change -> -sign * change.ndcg()));
    return changes;
  }

  private static String beginning(String text) {
    int end = Math.min(MAX_TEXT, text.length());
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end);
  }

  private static @Nullable Integer rank(RankingMetrics metrics) {
    return metrics.mrr() == 0 ? null : Math.toIntExact(Math.round(1 / metrics.mrr()));
  }
}
