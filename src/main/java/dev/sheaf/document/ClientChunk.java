package dev.sheaf.document;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.sheaf.embedding.VectorDeserializer;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.nio.charset.StandardCharsets;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A chunk that the client made itself.
///
/// @param vector `float[dimensions of the collection]`; absent, the collection's model embeds the
///   text
@SuppressWarnings("ArrayRecordComponent") // never compared
@Schema(name = "GivenChunk")
public record ClientChunk(
    String text,
    @Schema(description = "Numbers, or the base64 of 32-bit floats, little-endian")
        float @Nullable [] vector) {

  /// Full-text search takes no chunk of a megabyte.
  private static final int MAX_TEXT_BYTES = 100_000;

  public ClientChunk(
      @Nullable String text,
      @JsonDeserialize(using = VectorDeserializer.class) float @Nullable [] vector) {
    this.text = Input.required("chunks.text", text);
    if (this.text.isBlank()) {
      throw Problem.field("chunks.text", "a chunk's text is empty; leave the chunk out");
    }
    Input.text("chunks.text", this.text, MAX_TEXT_BYTES);
    this.vector = vector;
  }

  /// Whether a client could have given a chunk of this text, as far as its length goes.
  static boolean isShortEnough(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length <= MAX_TEXT_BYTES;
  }
}
