package dev.sheaf.audit;

import dev.sheaf.problem.Problem;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// Where a page of the trail ends. Opaque to clients: microseconds, id and source of its last event
/// in base64url.
///
/// @param source 0 is audit_event, 1 is schema_event
record AuditCursor(OffsetDateTime at, long id, int source) {

  private static final int BYTES = 2 * Long.BYTES + Integer.BYTES;

  /// Before the newest.
  static final AuditCursor START = new AuditCursor(OffsetDateTime.MAX, 0, 0);

  /// Reads one back.
  ///
  /// @throws Problem when this is no cursor of ours
  static AuditCursor parse(@Nullable String after) {
    if (after == null) {
      return START;
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(after);
      if (bytes.length == BYTES) {
        var buffer = ByteBuffer.wrap(bytes);
        Instant at = Instant.EPOCH.plus(buffer.getLong(), ChronoUnit.MICROS);
        return new AuditCursor(at.atOffset(ZoneOffset.UTC), buffer.getLong(), buffer.getInt());
      }
    } catch (IllegalArgumentException e) {
      // Not base64: the same answer as for base64 of the wrong length.
    }
    throw Problem.parameter("after", "after must be the `next` of an earlier page, as it was");
  }

  @Override
  public String toString() {
    var bytes =
        ByteBuffer.allocate(BYTES)
            .putLong(ChronoUnit.MICROS.between(Instant.EPOCH, at))
            .putLong(id)
            .putInt(source)
            .array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
