package dev.sheaf.embedding;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.persistence.EnumeratedValue;
import java.util.Arrays;

/// The distance between two vectors. A smaller distance is always a better hit.
public enum Metric {
  /// One minus the cosine of the angle, from 0 to 2. The length of a vector does not matter, but
  /// must not be 0.
  COSINE("cosine", "<=>", "cosine", "cosine_distance"),
  /// The Euclidean distance.
  L2("l2", "<->", "l2", "euclidean_distance"),
  /// The negative inner product.
  INNER_PRODUCT("inner_product", "<#>", "ip", "negative_inner_product");

  @EnumeratedValue private final String value;
  private final String operator;
  private final String operatorClassPrefix;
  private final String distanceFunction;

  Metric(String value, String operator, String operatorClassPrefix, String distanceFunction) {
    this.value = value;
    this.operator = operator;
    this.operatorClassPrefix = operatorClassPrefix;
    this.distanceFunction = distanceFunction;
  }

  public static Metric of(String value) {
    return Arrays.stream(values())
        .filter(metric -> metric.value.equals(value))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("Unknown metric: " + value));
  }

  /// The name in JSON and in the database.
  @JsonValue
  public String value() {
    return value;
  }

  /// pgvector's distance operator.
  public String operator() {
    return operator;
  }

  /// hibernate-vector's function of HQL for the distance.
  public String distanceFunction() {
    return distanceFunction;
  }

  /// Converts a distance to a score; a larger score is better. The cosine similarity for cosine, `1
  /// / (1 + distance)` for l2, the inner product for inner product.
  public double score(double distance) {
    return switch (this) {
      case COSINE -> 1 - distance;
      case L2 -> 1 / (1 + distance);
      case INNER_PRODUCT -> -distance;
    };
  }

  @Override
  public String toString() {
    return value;
  }

  String operatorClass(String type) {
    return type + "_" + operatorClassPrefix + "_ops";
  }
}
