package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// How a search finds its hits; of a hybrid search, how it finds the nearest.
public enum Strategy {
  /// Through the HNSW index: fast, and approximate.
  HNSW,
  /// By comparing every vector, or every one that the filter leaves.
  EXACT,
  /// Through the index over words; every chunk that has them is ranked.
  FULLTEXT;

  /// The name in JSON.
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }
}
