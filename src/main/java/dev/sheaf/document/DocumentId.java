package dev.sheaf.document;

import dev.sheaf.runtime.Hashes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/// Computes the ID of a document from the client's external ID, so that the same document is
/// recognised without a query, and an upload knows every key before it writes.
public final class DocumentId {

  private DocumentId() {}

  /// A UUID of version 8, from the SHA-256 of collection and external ID. Source: RFC 9562,
  /// appendix B.2.
  public static UUID of(long collectionId, String externalId) {
    byte[] name = externalId.getBytes(StandardCharsets.UTF_8);
    var digest = Hashes.sha256();
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(collectionId).array());
    var hash = ByteBuffer.wrap(digest.digest(name));
    long high = (hash.getLong() & ~0xF000L) | 0x8000L;
    long low = (hash.getLong() & ~(0b11L << 62)) | (0b10L << 62);
    return new UUID(high, low);
  }
}
