package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// How a search found its hits; for a hybrid search, how it found the nearest vectors.
public enum Strategy {
  /// With the HNSW index: fast, and approximate.
  HNSW,
  /// By comparing every vector that matches the filter.
  EXACT,
  /// With the full-text index. Matching chunks are ranked.
  FULLTEXT;

  /// The name in JSON.
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }
}
