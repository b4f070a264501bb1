package dev.sheaf.embedding;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.persistence.EnumeratedValue;
import java.util.Arrays;

/// The access method of the index of a space, with the template that creates the index, its
/// operator classes and its limits. [HnswScan] has the settings of its searches.
public enum IndexMethod {
  /// pgvector's graph of neighbours.
  HNSW("hnsw", "space_index");

  @EnumeratedValue private final String value;
  private final String template;

  IndexMethod(String value, String template) {
    this.value = value;
    this.template = template;
  }

  public static IndexMethod of(String value) {
    return Arrays.stream(values())
        .filter(method -> method.value.equals(value))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("Unknown index method: " + value));
  }

  /// The name in the database, with which the names of indexes end.
  @JsonValue
  public String value() {
    return value;
  }

  /// The template that creates an index, and whose rollback drops it.
  public String template() {
    return template;
  }

  /// The operator class that an index is built with.
  public String operatorClass(Precision precision, Metric metric) {
    return switch (precision) {
      case FULL -> metric.operatorClass("vector");
      case HALF -> metric.operatorClass("halfvec");
      case BINARY -> "bit_hamming_ops";
    };
  }

  /// The maximum number of dimensions of an index. Source: pgvector's README.
  public int maxDimensions(Precision precision) {
    return switch (precision) {
      case FULL -> 2_000;
      case HALF -> 4_000;
      case BINARY -> 64_000;
    };
  }

  @Override
  public String toString() {
    return value;
  }
}
