package dev.sheaf.embedding;

import dev.sheaf.problem.Problem;

/// Validates vectors that clients send.
public final class VectorValidator {

  /// The largest finite 16-bit float.
  private static final float MAX_HALF = 65_504f;

  private VectorValidator() {}

  /// Rejects a vector that cannot be compared with the vectors of the space.
  ///
  /// @param field its path in the body, such as `vector`
  /// @return the same vector
  /// @throws Problem if the vector has the wrong number of dimensions, contains a number that
  ///   PostgreSQL cannot store or index, or is zero and the metric is cosine
  public static float[] check(String field, float[] vector, Space space) {
    if (vector.length != space.dimensions()) {
      throw Problem.widthMismatch(field, vector.length, space.dimensions());
    }
    boolean zero = true;
    for (int i = 0; i < vector.length; i++) {
      float component = vector[i];
      if (!Float.isFinite(component)) {
        String path = field + "[" + i + "]";
        throw Problem.field(path, path + " is not a finite 32-bit number.");
      }
      if (space.precision() == Precision.HALF && Math.abs(component) > MAX_HALF) {
        String path = field + "[" + i + "]";
        throw Problem.field(
            path,
            path
                + " is larger than "
                + MAX_HALF
                + ", the largest number that the half-precision index of this collection can store.");
      }
      zero &= component == 0;
    }
    if (zero && space.metric() == Metric.COSINE) {
      throw Problem.field(field, field + " contains only zeros, which have no cosine distance.");
    }
    return vector;
  }
}
