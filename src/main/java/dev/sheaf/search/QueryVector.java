package dev.sheaf.search;

import dev.sheaf.api.Problem;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import dev.sheaf.embedding.Space;

/// Checks of a vector that a client sent, against the space it is to be compared in.
final class QueryVector {

  /// The largest finite number of 16 bits.
  private static final float MAX_HALF = 65_504f;

  private QueryVector() {}

  /// @throws Problem when PostgreSQL could not compare it, or every comparison would be meaningless
  static float[] check(float[] vector, Space space) {
    if (vector.length != space.dimensions()) {
      throw Problem.width("vector", vector.length, space.dimensions());
    }
    boolean zero = true;
    for (int i = 0; i < vector.length; i++) {
      float component = vector[i];
      if (!Float.isFinite(component)) {
        throw Problem.field("vector[" + i + "]", "vector[" + i + "] is not a finite 32-bit number");
      }
      if (space.precision() == Precision.HALF && Math.abs(component) > MAX_HALF) {
        throw Problem.field(
            "vector[" + i + "]",
            "vector["
                + i
                + "] is over "
                + MAX_HALF
                + ", the most that this collection's half precision index can compare");
      }
      zero &= component == 0;
    }
    if (zero && space.metric() == Metric.COSINE) {
      throw Problem.field("vector", "vector is all zeros, which has no direction to compare");
    }
    return vector;
  }
}
