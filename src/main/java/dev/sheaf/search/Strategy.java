package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// How a search finds its hits.
public enum Strategy {
  /// Through the HNSW index: fast, and approximate.
  HNSW,
  /// By comparing every vector.
  EXACT;

  /// The name in JSON.
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }
}
