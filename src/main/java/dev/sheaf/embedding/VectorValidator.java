package dev.sheaf.embedding;

import dev.sheaf.problem.Problem;

/// Validates vectors that clients send.
public final class VectorValidator {

  private VectorValidator() {}

  /// Rejects a vector that cannot be compared with the vectors of the space.
  ///
  /// @param field its path in the body, such as `vector`
  /// @return the vector as the space stores it
  /// @throws Problem if the vector has the wrong number of dimensions, contains a number that
  ///   PostgreSQL cannot store or index, or is stored as zero and the metric is cosine
  public static float[] check(String field, float[] vector, Space space) {
    if (vector.length != space.dimensions()) {
      throw Problem.widthMismatch(field, vector.length, space.dimensions());
    }
    boolean half = space.storage() == VectorStorage.HALF || space.precision() == Precision.HALF;
    for (int i = 0; i < vector.length; i++) {
      float component = vector[i];
      if (!Float.isFinite(component)) {
        String path = field + "[" + i + "]";
        throw Problem.field(path, path + " is not a finite 32-bit number.");
      }
      if (half && Math.abs(component) > VectorStorage.MAX_HALF) {
        String path = field + "[" + i + "]";
        throw Problem.field(
            path,
            path
                + " is larger than "
                + VectorStorage.MAX_HALF
                + ", the largest number that this collection can store or index with half precision.");
      }
    }
    float[] stored = space.storage().stored(vector);
    if (space.metric() == Metric.COSINE && isZero(stored)) {
      throw Problem.field(
          field,
          isZero(vector)
              ? field + " contains only zeros, which have no cosine distance."
              : field
                  + " contains only numbers that half precision rounds to zero, and zeros have no"
                  + " cosine distance. Scale the vectors, for example to the length 1.");
    }
    return stored;
  }

  private static boolean isZero(float[] vector) {
    for (float component : vector) {
      if (component != 0) {
        return false;
      }
    }
    return true;
  }
}
