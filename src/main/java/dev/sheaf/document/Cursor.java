package dev.sheaf.document;

import dev.sheaf.problem.Problem;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Where a page of a list of documents ends. Opaque to clients: 16 bytes of the last document's id
/// in base64url.
record Cursor(UUID last) {

  static final Cursor START = new Cursor(new UUID(0, 0));

  /// @throws Problem when this is no cursor of ours
  static Cursor parse(@Nullable String after) {
    if (after == null) {
      return START;
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(after);
      if (bytes.length == 2 * Long.BYTES) {
        var buffer = ByteBuffer.wrap(bytes);
        return new Cursor(new UUID(buffer.getLong(), buffer.getLong()));
      }
    } catch (IllegalArgumentException e) {
      // Not base64: the same answer as for base64 of the wrong length.
    }
    throw Problem.parameter("after", "after must be the `next` of an earlier page, as it was");
  }

  @Override
  public String toString() {
    var bytes =
        ByteBuffer.allocate(2 * Long.BYTES)
            .putLong(last.getMostSignificantBits())
            .putLong(last.getLeastSignificantBits())
            .array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
