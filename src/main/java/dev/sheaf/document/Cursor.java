package dev.sheaf.document;

import dev.sheaf.problem.Problem;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The position at which a page of documents ends. Opaque to clients: the 16 bytes of the last
/// document's ID in base64url.
record Cursor(UUID last) {

  static final Cursor START = new Cursor(new UUID(0, 0));

  /// @param after `null` for the first page
  /// @throws Problem if the cursor is not valid
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
      // The exception below also covers this case.
    }
    throw Problem.parameter("after", "after must be the unchanged `next` of an earlier page.");
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
