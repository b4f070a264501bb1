package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// How a search reads the words of its text.
@Schema(name = "WordMatch")
public enum WordMatch {
  /// A chunk matches if it contains one of the words. [Bm25] scores it.
  ANY,
  /// A chunk matches if it contains all of the words. [Bm25] scores it.
  ALL,
  /// The syntax of a web search engine: `"two words" or three -four`. `ts_rank_cd` scores a chunk.
  QUERY;

  /// The name in JSON.
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return value();
  }
}
