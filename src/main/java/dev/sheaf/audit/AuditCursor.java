package dev.sheaf.audit;

import dev.sheaf.problem.Problem;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// The position at which a page of the audit trail ends. Opaque to clients: time in microseconds,
/// ID and source of the page's last event, in base64url.
///
/// @param source 0 for audit_event, 1 for schema_event
record AuditCursor(OffsetDateTime at, long id, int source) {

  private static final int BYTES = 2 * Long.BYTES + Integer.BYTES;

  /// The position before the newest event.
  static final AuditCursor START = new AuditCursor(OffsetDateTime.MAX, 0, 0);

  /// @param after `null` for the first page
  /// @throws Problem if the cursor is not valid
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
      // The exception below also covers this case.
    }
    throw Problem.parameter("after", "after must be the unchanged `next` of an earlier page.");
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
