package dev.sheaf.embedding;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.persistence.EnumeratedValue;
import java.util.Arrays;

/// The precision of vectors in the index. The table always contains 32-bit vectors, and the
/// distances in results are always computed from those.
public enum Precision {
  /// 32 bits per dimension.
  FULL("full"),
  /// 16 bits per dimension: a third of the size, the same recall.
  HALF("half"),
  /// One bit per dimension, its sign. The index finds candidates, which are then ranked by the full
  /// vector.
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
  /// @param vector an SQL expression of type `vector`
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

  /// The maximum number of dimensions of an HNSW index. Source: pgvector's README.
  public int maxDimensions() {
    return switch (this) {
      case FULL -> 2_000;
      case HALF -> 4_000;
      case BINARY -> 64_000;
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

  /// The operator class that the index is built with.
  public String operatorClass(Metric metric) {
    return switch (this) {
      case FULL -> metric.operatorClass("vector");
      case HALF -> metric.operatorClass("halfvec");
      case BINARY -> "bit_hamming_ops";
    };
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
