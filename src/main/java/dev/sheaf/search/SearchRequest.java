package dev.sheaf.search;

import dev.sheaf.api.Input;
import dev.sheaf.api.Problem;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What a client searches for: a text or a vector, one of the two.
///
/// @param vector `float[dimensions of the collection]`
/// @param limit how many hits at most
@SuppressWarnings("ArrayRecordComponent") // never compared
@Schema(name = "SearchRequest")
public record SearchRequest(
    @Schema(nullable = true, examples = "why do we always see the same side of the moon")
        @Nullable String text,
    @Schema(nullable = true) float @Nullable [] vector,
    @Schema(defaultValue = "10", minimum = "1", maximum = "1000") Integer limit) {

  private static final int DEFAULT_LIMIT = 10;
  private static final int MAX_LIMIT = 1_000;
  private static final int MAX_TEXT_BYTES = 100_000;

  public SearchRequest(@Nullable String text, float @Nullable [] vector, @Nullable Integer limit) {
    if ((text == null) == (vector == null)) {
      throw Problem.field("text", "give either text or vector");
    }
    if (text != null && text.isBlank()) {
      throw Problem.field("text", "text is empty; there is nothing to search for");
    }
    Input.text("text", text, MAX_TEXT_BYTES);
    this.text = text;
    this.vector = vector;
    this.limit = Input.range("limit", limit, 1, MAX_LIMIT, DEFAULT_LIMIT);
  }
}
