package dev.sheaf.search;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.sheaf.search.EvaluationRequest.JudgedQuery;
import dev.sheaf.search.EvaluationResponse.Estimate;
import dev.sheaf.search.EvaluationResponse.EvaluatedSetting;
import dev.sheaf.search.EvaluationResponse.QueryChange;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Metrics and intervals have the values of their definitions.
class EvaluationTest {

  private static final List<String> RANKING = List.of("a", "b", "c", "d", "e", "f");

  /// The example of Wikipedia's article on discounted cumulative gain: 6.861 / 8.740.
  @Test
  void gradesAreDiscountedByTheRank() {
    Map<String, Integer> grades =
        Map.of("a", 3, "b", 2, "c", 3, "d", 0, "e", 1, "f", 2, "not found", 3, "nor this", 2);

    RankingMetrics metrics = RankingMetrics.of(RANKING, grades, 6);

    assertThat(metrics.ndcg()).isCloseTo(0.785, within(0.0005));
    assertThat(metrics.recall()).isEqualTo(5 / 7.0);
    assertThat(metrics.hitAt1()).isEqualTo(1);
    assertThat(metrics.mrr()).isEqualTo(1);
  }

  @Test
  void onlyTheFirstDocumentsCount() {
    assertThat(RankingMetrics.of(RANKING, Map.of("c", 1), 3))
        .isEqualTo(new RankingMetrics(0, 1, 1 / 3.0, Math.log(2) / Math.log(4), 1));
    assertThat(RankingMetrics.of(RANKING, Map.of("c", 1), 2))
        .isEqualTo(new RankingMetrics(0, 0, 0, 0, 0));
    // With k = 1, one relevant document is the best possible answer, and a part of all.
    assertThat(RankingMetrics.of(RANKING, Map.of("a", 1, "b", 1), 1))
        .isEqualTo(new RankingMetrics(1, 1, 1, 1, 0.5));
    assertThat(RankingMetrics.of(List.of(), Map.of("a", 1), 10))
        .isEqualTo(new RankingMetrics(0, 0, 0, 0, 0));
  }

  @Test
  void intervalsAreThoseOfTheNormalDistribution() {
    var random = new Random(1);
    double[][] queries =
        IntStream.range(0, 400)
            .mapToObj(_ -> new double[] {random.nextDouble(), random.nextInt(4) == 0 ? 1 : 0, 0.25})
            .toArray(double[][]::new);

    List<Estimate> estimates = Bootstrap.means(queries);

    for (int metric = 0; metric < 3; metric++) {
      int of = metric;
      double[] values = Arrays.stream(queries).mapToDouble(query -> query[of]).toArray();
      double mean = Arrays.stream(values).average().orElseThrow();
      double variance =
          Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum() / 399;
      double half = 1.96 * Math.sqrt(variance / 400);
      assertThat(estimates.get(metric).mean()).isCloseTo(mean, within(1e-12));
      assertThat(estimates.get(metric).low()).isCloseTo(mean - half, within(half / 8 + 1e-12));
      assertThat(estimates.get(metric).high()).isCloseTo(mean + half, within(half / 8 + 1e-12));
    }
    assertThat(Bootstrap.means(queries)).isEqualTo(estimates);
  }

  /// The settings find the document at ranks 1, 2, 5 and nowhere, and at 2, 2, 1 and 3.
  @Test
  void settingsAreComparedQueryByQuery() {
    RankingMetrics[][] metrics = {
      {found(1), found(2), found(5), found(0)}, {found(2), found(2), found(1), found(3)}
    };
    List<JudgedQuery> queries =
        Stream.of("one", "two", "three", "x".repeat(500))
            .map(text -> new JudgedQuery(text, null, Map.of("a", 1)))
            .toList();

    EvaluatedSetting changed =
        new Evaluation(queries, List.of("before", "after"), Arrays.asList(null, null), metrics)
            .results()
            .get(1);

    assertThat(changed.better()).isEqualTo(2);
    assertThat(changed.worse()).isEqualTo(1);
    assertThat(changed.mostBetter())
        .extracting(QueryChange::query, QueryChange::rankBefore, QueryChange::rankAfter)
        .containsExactly(tuple(2, 5, 1), tuple(3, null, 3));
    assertThat(changed.mostWorse()).extracting(QueryChange::text).containsExactly("one");
    assertThat(requireNonNull(changed.mostBetter()).get(1).text()).hasSize(200);
    assertThat(requireNonNull(changed.change()).hitRate().mean()).isEqualTo(0.25);
    assertThat(changed.change().mrr().mean()).isCloseTo((-0.5 + 0.8 + 1 / 3.0) / 4, within(1e-12));
  }

  private static RankingMetrics found(int rank) {
    List<String> ranking =
        IntStream.rangeClosed(1, 10).mapToObj(i -> i == rank ? "a" : "other" + i).toList();
    return RankingMetrics.of(ranking, Map.of("a", 1), 10);
  }
}
