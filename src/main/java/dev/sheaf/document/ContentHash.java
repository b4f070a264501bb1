package dev.sheaf.document;

import dev.sheaf.embedding.VectorStorage;
import dev.sheaf.runtime.Hashes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The SHA-256 of a document's text or chunks and of the way in which they are split and embedded.
/// Documents with the same hash have the same chunks and embeddings.
final class ContentHash {

  private ContentHash() {}

  /// @param title is searched with each chunk; `null` if there is none
  /// @param storage of the vectors
  static byte[] of(
      DocumentContent content,
      String chunker,
      String model,
      @Nullable String title,
      VectorStorage storage) {
    return content.chunks() == null
        ? ofText(content.text(), withTitle(chunker, title))
        : ofChunks(content.chunks(), withTitle(model, title), storage);
  }

  /// The way in which a document with a searched title is split and embedded.
  static String withTitle(String method, @Nullable String title) {
    return title == null ? method : method + ", title " + title;
  }

  /// The hash of a text that the service splits.
  ///
  /// @param chunker the fingerprint of the chunker
  static byte[] ofText(String text, String chunker) {
    MessageDigest digest = digest(chunker);
    return digest.digest(text.getBytes(StandardCharsets.UTF_8));
  }

  /// The hash of chunks that the client sent, with the vectors as they are stored, so that an
  /// export has the hash of what was exported.
  static byte[] ofChunks(List<ClientChunk> chunks, String model, VectorStorage storage) {
    MessageDigest digest = digest("chunks, " + model);
    for (ClientChunk chunk : chunks) {
      byte[] text = chunk.text().getBytes(StandardCharsets.UTF_8);
      float[] vector = chunk.vector() == null ? new float[0] : storage.stored(chunk.vector());
      ByteBuffer numbers = ByteBuffer.allocate(Float.BYTES * vector.length + 2 * Integer.BYTES);
      numbers.putInt(text.length).putInt(vector.length).asFloatBuffer().put(vector);
      digest.update(numbers.array());
      digest.update(text);
    }
    return digest.digest();
  }

  private static MessageDigest digest(String method) {
    MessageDigest digest = Hashes.sha256();
    digest.update(method.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
    return digest;
  }
}
