package dev.sheaf.search;

import dev.sheaf.search.EvaluationResponse.Estimate;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Confidence intervals of means by resampling queries. The seed is fixed, so equal values have
/// equal intervals, and settings that answer the same queries are resampled in the same way.
///
/// B. Efron, R. J. Tibshirani: An Introduction to the Bootstrap, 1993, percentile intervals.
final class Bootstrap {

  static final int SAMPLES = 1_000;

  private static final long SEED = 42;

  /// Shares of the resampled means below the interval and below its end.
  private static final double LOW = 0.025;

  private static final double HIGH = 0.975;

  private Bootstrap() {}

  /// The mean of each metric.
  ///
  /// @param queries for each query its metrics, `double[queries][metrics]`
  static List<Estimate> means(double[][] queries) {
    int metrics = queries[0].length;
    var resampled = new double[metrics][SAMPLES];
    var random = new SplittableRandom(SEED);
    for (int sample = 0; sample < SAMPLES; sample++) {
      for (int draw = 0; draw < queries.length; draw++) {
        double[] query = queries[random.nextInt(queries.length)];
        for (int metric = 0; metric < metrics; metric++) {
          resampled[metric][sample] += query[metric] / queries.length;
        }
      }
    }
    var estimates = new Estimate[metrics];
    for (int metric = 0; metric < metrics; metric++) {
      Arrays.sort(resampled[metric]);
      int of = metric;
      estimates[metric] =
          new Estimate(
              Arrays.stream(queries).mapToDouble(query -> query[of]).average().orElseThrow(),
              resampled[metric][(int) (LOW * SAMPLES)],
              resampled[metric][(int) (HIGH * SAMPLES) - 1]);
    }
    return List.of(estimates);
  }
}
