package dev.sheaf.search;

import dev.sheaf.embedding.Metric;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/// The rules of docs/search.md for the order of hits, in plain Java.
final class OrderModel {

  private OrderModel() {}

  /// Best first. Equal ones keep their order.
  static <T> List<T> sorted(List<T> hits, ToDoubleFunction<T> score) {
    return hits.stream()
        .sorted(Comparator.comparingDouble(hit -> -score.applyAsDouble(hit)))
        .toList();
  }

  /// Maximal marginal relevance.
  static <T> List<T> diverse(
      List<T> hits,
      ToDoubleFunction<T> score,
      Function<T, float[]> vector,
      Metric metric,
      double diversity) {
    double best = hits.stream().mapToDouble(score).max().orElse(0);
    double worst = hits.stream().mapToDouble(score).min().orElse(0);
    var rest = new ArrayList<>(hits);
    var picked = new ArrayList<T>();
    while (!rest.isEmpty()) {
      ToDoubleFunction<T> marginal =
          hit -> {
            double relevance =
                best == worst ? 1 : (score.applyAsDouble(hit) - worst) / (best - worst);
            double similarity =
                picked.stream()
                    .mapToDouble(
                        other -> similarity(metric, vector.apply(hit), vector.apply(other)))
                    .max()
                    .orElse(0);
            return (1 - diversity) * relevance - diversity * similarity;
          };
      T next = sorted(rest, marginal).getFirst();
      picked.add(next);
      rest.remove(next);
    }
    return picked;
  }

  private static double similarity(Metric metric, float[] a, float[] b) {
    double product = 0;
    double ofA = 0;
    double ofB = 0;
    double distance = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      ofA += (double) a[i] * a[i];
      ofB += (double) b[i] * b[i];
      distance += Math.pow((double) a[i] - b[i], 2);
    }
    return metric == Metric.L2
        ? 1 / (1 + Math.sqrt(distance))
        : product / Math.sqrt(ofA) / Math.sqrt(ofB);
  }
}
