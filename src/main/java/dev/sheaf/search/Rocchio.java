package dev.sheaf.search;

import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Space;
import java.util.List;

/// The query vector of a search by examples: `p + AWAY * (p - n)`, where `p` is the mean of the
/// vectors that hits must be like, and `n` the mean of those that they must be unlike. With the
/// metric cosine, each vector first gets length 1, so that only directions count.
///
/// J. J. Rocchio: Relevance Feedback in Information Retrieval, 1971, with the weights `1 + AWAY`
/// and `AWAY`. Their difference is 1, so the result does not depend on where the origin is.
final class Rocchio {

  static final double AWAY = 0.5;

  private Rocchio() {}

  /// @param like at least one vector, `float[space.dimensions()]`
  /// @param unlike may be empty; then `AWAY` is 0
  static float[] vector(Space space, List<float[]> like, List<float[]> unlike) {
    double[] vector = mean(space, like);
    if (!unlike.isEmpty()) {
      double[] away = mean(space, unlike);
      for (int i = 0; i < vector.length; i++) {
        vector[i] += AWAY * (vector[i] - away[i]);
      }
    }
    var result = new float[vector.length];
    for (int i = 0; i < vector.length; i++) {
      result[i] = (float) vector[i];
    }
    return result;
  }

  private static double[] mean(Space space, List<float[]> vectors) {
    var mean = new double[space.dimensions()];
    for (float[] vector : vectors) {
      double divisor = vectors.size() * (space.metric() == Metric.COSINE ? length(vector) : 1);
      for (int i = 0; i < mean.length; i++) {
        mean[i] += vector[i] / divisor;
      }
    }
    return mean;
  }

  private static double length(float[] vector) {
    double squares = 0;
    for (float component : vector) {
      squares += (double) component * component;
    }
    return Math.sqrt(squares);
  }
}
