package dev.sheaf.embedding;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.persistence.EnumeratedValue;
import java.util.Arrays;

/// The precision of vectors in the index. The distances in results are always computed from the
/// vectors in the table: see [VectorStorage].
public enum Precision {
  /// 32 bits per dimension.
  FULL("full"),
  /// 16 bits per dimension: a third of the size, the same recall.
  HALF("half"),
  /// One bit per dimension, its sign. The index finds candidates, which are then ranked by the
  /// stored vector.
  BINARY("binary");

  /// The number of candidates per hit that a search reads from the binary index. Its order is
  /// approximate, so the nearest vectors must be among more candidates than hits.
  private static final int BINARY_OVERSAMPLING = 8;

  @EnumeratedValue private final String value;

  Precision(String value) {
    this.value = value;
  }

  public static Precision of(String value) {
    return Arrays.stream(values())
        .filter(precision -> precision.value.equals(value))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("Unknown precision: " + value));
  }

  /// The name in JSON and in the database.
  @JsonValue
  public String value() {
    return value;
  }

  /// The indexed expression. A search must repeat it exactly to use the index.
  ///
  /// @param vector an SQL expression of type `vector` or `halfvec`
  public String element(String vector, int dimensions) {
    return element(vector, Integer.toString(dimensions));
  }

  String element(String vector, String dimensions) {
    return switch (this) {
      case FULL -> vector + "::vector(" + dimensions + ")";
      case HALF -> vector + "::halfvec(" + dimensions + ")";
      case BINARY -> "binary_quantize(" + vector + ")::bit(" + dimensions + ")";
    };
  }

  /// Bytes of an indexed vector: an 8-byte header, then 32, 16 or 1 bits per dimension.
  public int bytes(int dimensions) {
    return 8
        + switch (this) {
          case FULL -> 4 * dimensions;
          case HALF -> 2 * dimensions;
          case BINARY -> (dimensions + 7) / 8;
        };
  }

  /// The operator that the index orders by.
  public String operator(Metric metric) {
    return this == BINARY ? "<~>" : metric.operator();
  }

  /// The function of HQL for the distance that the index orders by: see [VectorContributor].
  public String distanceFunction(Metric metric) {
    return this == BINARY ? "binary_hamming_distance" : value + "_" + metric.distanceFunction();
  }

  /// The number of candidates to read from the index for `limit` hits.
  public int candidates(int limit) {
    return this == BINARY ? limit * BINARY_OVERSAMPLING : limit;
  }

  @Override
  public String toString() {
    return value;
  }
}
