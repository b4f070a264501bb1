package dev.sheaf.embedding;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.persistence.EnumeratedValue;
import java.util.Arrays;

/// What the index keeps of a vector. The table always keeps all of it, and distances are always
/// computed from that.
public enum Precision {
  /// 32 bits a dimension.
  FULL("full"),
  /// 16 bits a dimension: a third of the size, the same recall.
  HALF("half"),
  /// One bit a dimension, its sign: finds candidates, which are then ranked by the whole vector.
  BINARY("binary");

  /// Candidates the binary index is asked for, for each hit: its order is rough, and the right ones
  /// must be among them.
  private static final int BINARY_OVERSAMPLING = 8;

  @EnumeratedValue private final String value;

  Precision(String value) {
    this.value = value;
  }

  public static Precision of(String value) {
    return Arrays.stream(values())
        .filter(precision -> precision.value.equals(value))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no precision is called " + value));
  }

  /// The name in JSON and in the database.
  @JsonValue
  public String value() {
    return value;
  }

  /// The indexed expression over a vector, which a search has to repeat to the letter to use the
  /// index.
  ///
  /// @param vector an SQL expression of type `vector`
  public String element(String vector, int dimensions) {
    return switch (this) {
      case FULL -> vector + "::vector(" + dimensions + ")";
      case HALF -> vector + "::halfvec(" + dimensions + ")";
      case BINARY -> "binary_quantize(" + vector + ")::bit(" + dimensions + ")";
    };
  }

  /// The widest vectors that an HNSW index takes, by pgvector's README.
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

  /// The operator class that the index is built with.
  public String operatorClass(Metric metric) {
    return switch (this) {
      case FULL -> metric.operatorClass("vector");
      case HALF -> metric.operatorClass("halfvec");
      case BINARY -> "bit_hamming_ops";
    };
  }

  /// How many candidates the index must give so that `limit` hits remain after ranking by the whole
  /// vector.
  public int candidates(int limit) {
    return this == BINARY ? limit * BINARY_OVERSAMPLING : limit;
  }

  @Override
  public String toString() {
    return value;
  }
}
