package dev.sheaf.embedding;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.persistence.EnumeratedValue;
import java.util.Arrays;

/// How far apart two vectors are. A smaller distance is always the better hit.
public enum Metric {
  /// One minus the cosine of the angle, from 0 to 2. The length of a vector does not matter, but it
  /// has to have one.
  COSINE("cosine", "<=>", "cosine"),
  /// The straight line between the two ends.
  L2("l2", "<->", "l2"),
  /// The inner product, negated so that smaller is nearer.
  INNER_PRODUCT("inner_product", "<#>", "ip");

  @EnumeratedValue private final String value;
  private final String operator;
  private final String operatorClassPrefix;

  Metric(String value, String operator, String operatorClassPrefix) {
    this.value = value;
    this.operator = operator;
    this.operatorClassPrefix = operatorClassPrefix;
  }

  public static Metric of(String value) {
    return Arrays.stream(values())
        .filter(metric -> metric.value.equals(value))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no metric is called " + value));
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

  /// Distance as a score: larger is better. Cosine similarity for cosine, `1 / (1 + distance)` for
  /// l2, the inner product itself for inner product.
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
