package dev.sheaf.document;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;

/// The SHA-256 of what a client gave to be embedded, and of how it is. When it is the same, so are
/// the chunks and their embeddings.
final class ContentHash {

  private ContentHash() {}

  static byte[] of(DocumentContent content, String chunker, String model) {
    return content.chunks() == null
        ? ofText(content.text(), chunker)
        : ofChunks(content.chunks(), model);
  }

  /// Of a text that the service splits.
  ///
  /// @param chunker its fingerprint
  static byte[] ofText(String text, String chunker) {
    MessageDigest digest = begun(chunker);
    return digest.digest(text.getBytes(StandardCharsets.UTF_8));
  }

  /// Of chunks that nobody splits.
  static byte[] ofChunks(List<ClientChunk> chunks, String model) {
    MessageDigest digest = begun("chunks, " + model);
    for (ClientChunk chunk : chunks) {
      byte[] text = chunk.text().getBytes(StandardCharsets.UTF_8);
      float[] vector = chunk.vector() == null ? new float[0] : chunk.vector();
      ByteBuffer numbers = ByteBuffer.allocate(Float.BYTES * vector.length + 2 * Integer.BYTES);
      numbers.putInt(text.length).putInt(vector.length).asFloatBuffer().put(vector);
      digest.update(numbers.array());
      digest.update(text);
    }
    return digest.digest();
  }

  private static MessageDigest begun(String how) {
    MessageDigest digest = DocumentId.sha256();
    digest.update(how.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
    return digest;
  }
}
