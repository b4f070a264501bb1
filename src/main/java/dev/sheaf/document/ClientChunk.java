package dev.sheaf.document;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.sheaf.embedding.VectorDeserializer;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.nio.charset.StandardCharsets;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A chunk that the client sends instead of a text to split.
///
/// @param vector `float[dimensions of the collection]`; if absent, the collection's model embeds
///   the text
@SuppressWarnings("ArrayRecordComponent") // never compared
@Schema(name = "GivenChunk")
public record ClientChunk(
    String text,
    @Schema(
            description =
                "An array of numbers, or the base64 of 32-bit floats in little-endian order")
        float @Nullable [] vector) {

  /// PostgreSQL's full-text search rejects a text of a megabyte.
  private static final int MAX_TEXT_BYTES = 100_000;

  public ClientChunk(
      @Nullable String text,
      @JsonDeserialize(using = VectorDeserializer.class) float @Nullable [] vector) {
    this.text = Input.required("text", text);
    if (this.text.isBlank()) {
      throw Problem.field("text", "text must not be empty. Omit the chunk.");
    }
    Input.text("text", this.text, MAX_TEXT_BYTES);
    this.vector = vector;
  }

  /// Whether a client may send a chunk with a text of this length.
  static boolean isShortEnough(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length <= MAX_TEXT_BYTES;
  }
}
