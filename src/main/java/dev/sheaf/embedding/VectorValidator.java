package dev.sheaf.embedding;

import dev.sheaf.problem.Problem;

/// Checks of a vector that a client sent, against the space it is for.
public final class VectorValidator {

  /// The largest finite number of 16 bits.
  private static final float MAX_HALF = 65_504f;

  private VectorValidator() {}

  /// Refuses a vector that would not be comparable.
  ///
  /// @param field its path in the body, such as `vector`
  /// @return the vector
  /// @throws Problem when PostgreSQL could not compare it, or every comparison would be meaningless
  public static float[] check(String field, float[] vector, Space space) {
    if (vector.length != space.dimensions()) {
      throw Problem.width(field, vector.length, space.dimensions());
    }
    boolean zero = true;
    for (int i = 0; i < vector.length; i++) {
      float component = vector[i];
      if (!Float.isFinite(component)) {
        String path = field + "[" + i + "]";
        throw Problem.field(path, path + " is not a finite 32-bit number");
      }
      if (space.precision() == Precision.HALF && Math.abs(component) > MAX_HALF) {
        String path = field + "[" + i + "]";
        throw Problem.field(
            path,
            path
                + " is over "
                + MAX_HALF
                + ", the most that this collection's half precision index can compare");
      }
      zero &= component == 0;
    }
    if (zero && space.metric() == Metric.COSINE) {
      throw Problem.field(field, field + " is all zeros, which has no direction to compare");
    }
    return vector;
  }
}
