package dev.sheaf.document;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/// The id of a document, computed from what the client calls it, so that the same document is
/// recognised without a look-up and every key of a bulk load is known before it starts.
public final class DocumentId {

  private DocumentId() {}

  /// A UUID version 8 made of the SHA-256 of collection and external id, as in RFC 9562, appendix
  /// B.2.
  public static UUID of(long collectionId, String externalId) {
    byte[] name = externalId.getBytes(StandardCharsets.UTF_8);
    var digest = sha256();
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(collectionId).array());
    var hash = ByteBuffer.wrap(digest.digest(name));
    long high = (hash.getLong() & ~0xF000L) | 0x8000L;
    long low = (hash.getLong() & ~(0b11L << 62)) | (0b10L << 62);
    return new UUID(high, low);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
