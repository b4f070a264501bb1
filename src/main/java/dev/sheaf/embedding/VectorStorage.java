package dev.sheaf.embedding;

import com.fasterxml.jackson.annotation.JsonValue;
import jakarta.persistence.EnumeratedValue;
import java.util.Arrays;

/// The precision of the vectors in the table of a space. The distances in results are computed from
/// what the table contains.
public enum VectorStorage {
  /// 32 bits per dimension.
  FULL("full", "vector", "embedding"),
  /// 16 bits per dimension: about three decimal digits, and numbers up to 65504.
  HALF("half", "halfvec", "embedding_half");

  /// The largest finite 16-bit float.
  static final float MAX_HALF = 65_504f;

  @EnumeratedValue private final String value;
  private final String type;
  private final String parentTable;

  VectorStorage(String value, String type, String parentTable) {
    this.value = value;
    this.type = type;
    this.parentTable = parentTable;
  }

  public static VectorStorage of(String value) {
    return Arrays.stream(values())
        .filter(storage -> storage.value.equals(value))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("Unknown storage: " + value));
  }

  /// The name in JSON and in the database.
  @JsonValue
  public String value() {
    return value;
  }

  /// pgvector's type of the stored vectors.
  public String type() {
    return type;
  }

  /// The partitioned table to which [Space#embeddingTable] belongs.
  public String parentTable() {
    return parentTable;
  }

  /// An SQL expression for a query vector that is compared with stored ones. A conversion runs
  /// once, not for each row.
  ///
  /// @param vector an SQL expression of type `vector`
  public String comparable(String vector) {
    return this == FULL ? vector : "(SELECT " + vector + "::" + type + ")";
  }

  /// The vector as a space stores it: each component is rounded to the nearest number, and to the
  /// one with an even last bit if two are equally near.
  public float[] stored(float[] vector) {
    if (this == FULL) {
      return vector;
    }
    var stored = new float[vector.length];
    for (int i = 0; i < stored.length; i++) {
      stored[i] = Float.float16ToFloat(Float.floatToFloat16(vector[i]));
    }
    return stored;
  }

  @Override
  public String toString() {
    return value;
  }
}
