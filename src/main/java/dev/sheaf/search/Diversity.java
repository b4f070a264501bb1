package dev.sheaf.search;

import dev.sheaf.database.Cancellation;
import dev.sheaf.embedding.Metric;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// Maximal marginal relevance: picks one hit after the other, each time the one with the largest
/// `(1 - diversity) * relevance - diversity * similarity`, where the similarity is that to the most
/// similar hit that is already picked. The first of equal ones is picked.
///
/// J. Carbonell, J. Goldstein: The Use of MMR, Diversity-Based Reranking for Reordering Documents
/// and Producing Summaries, SIGIR 1998, with `lambda = 1 - diversity`.
///
/// The similarity is [Metric#score] for l2, and else the cosine, because an inner product has no
/// scale.
final class Diversity {

  /// A picked hit.
  ///
  /// @param index in the order before
  /// @param similarity to the most similar hit that was picked before; NaN for the first
  /// @param score by which it was picked
  record Pick(int index, double relevance, double similarity, double score) {}

  private final Metric metric;
  private final double diversity;

  /// @param diversity from 0, the order of relevance, to 1, where only similarity counts
  Diversity(Metric metric, double diversity) {
    this.metric = metric;
    this.diversity = diversity;
  }

  /// Scales numbers to 0 to 1, the largest to 1. NaN becomes 0. If all are equal, they become 1.
  static double[] scaled(double[] values) {
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      if (!Double.isNaN(value)) {
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
    }
    var scaled = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      scaled[i] = Double.isNaN(values[i]) ? 0 : max == min ? 1 : (values[i] - min) / (max - min);
    }
    return scaled;
  }

  /// The first `number` picks.
  ///
  /// @param vectors of the hits, in the order before
  /// @param relevance of each, 0 to 1
  /// @throws SQLException if nobody waits for the answer any more
  List<Pick> picks(List<float[]> vectors, double[] relevance, int number) throws SQLException {
    int size = vectors.size();
    var squares = new double[size];
    for (int i = 0; i < size; i++) {
      squares[i] = dot(vectors.get(i), vectors.get(i));
    }
    var picked = new boolean[size];
    var similarity = new double[size];
    var picks = new ArrayList<Pick>();
    while (picks.size() < Math.min(number, size)) {
      Cancellation.check();
      Pick best = null;
      for (int i = 0; i < size; i++) {
        double score = (1 - diversity) * relevance[i] - diversity * similarity[i];
        if (!picked[i] && (best == null || score > best.score())) {
          best = new Pick(i, relevance[i], picks.isEmpty() ? Double.NaN : similarity[i], score);
        }
      }
      if (best == null) {
        break;
      }
      picked[best.index()] = true;
      for (int i = 0; i < size; i++) {
        if (!picked[i]) {
          double other = similarity(vectors, squares, best.index(), i);
          similarity[i] = picks.isEmpty() ? other : Math.max(similarity[i], other);
        }
      }
      picks.add(best);
    }
    return picks;
  }

  private double similarity(List<float[]> vectors, double[] squares, int a, int b) {
    if (metric == Metric.L2) {
      return metric.score(distance(vectors.get(a), vectors.get(b)));
    }
    double product = dot(vectors.get(a), vectors.get(b));
    // A vector of zeros is similar to none.
    return product == 0 ? 0 : product / (Math.sqrt(squares[a]) * Math.sqrt(squares[b]));
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = (double) a[i] - b[i];
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }
}
