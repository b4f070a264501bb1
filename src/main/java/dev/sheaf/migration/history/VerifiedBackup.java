package dev.sheaf.migration.history;

import dev.sheaf.database.Sql;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A verified backup of a database: it was restored, and its contents matched.
///
/// @param file its path, as given to the process that verified it
/// @param checksum its seal, the last 64 characters of the file
/// @param bytes its size
/// @param schemaFingerprint [SchemaVersion#fingerprint] of its schema
/// @param takenAt when its snapshot was taken, by the database server's clock
/// @param verifiedAt when it was verified, by the same clock
/// @param restoreMillis how long restoring it took then; `null` if an earlier version verified it
public record VerifiedBackup(
    String file,
    String checksum,
    long bytes,
    String schemaFingerprint,
    Instant takenAt,
    Instant verifiedAt,
    @Nullable Long restoreMillis) {

  /// The latest recorded backup that was taken at most `maxAge` ago. The age counts from the
  /// snapshot, because a backup does not contain later data.
  ///
  /// @param connection a connection to the database itself
  public static Optional<VerifiedBackup> latest(Connection connection, Duration maxAge)
      throws SQLException {
    if (!isTablePresent(connection)) {
      return Optional.empty();
    }
    String sql =
        """
        SELECT file, checksum, bytes, schema_fingerprint, taken_at, verified_at,
               (to_jsonb(b) ->> 'restore_ms')::bigint
          FROM schema_backup AS b
         WHERE taken_at >= now() - make_interval(secs => ?)
         ORDER BY taken_at DESC, id DESC
         LIMIT 1
        """;
    return Sql.of(sql, maxAge.toMillis() / 1_000.0).first(connection, VerifiedBackup::read);
  }

  private static boolean isTablePresent(Connection connection) throws SQLException {
    return Sql.of("SELECT to_regclass('schema_backup') IS NOT NULL").isTrue(connection);
  }

  /// Records a verified backup.
  ///
  /// @param file its path
  /// @param checksum its seal
  /// @param bytes its size
  /// @param schemaFingerprint fingerprint of its schema
  /// @param takenAt when its snapshot was taken, in ISO-8601
  /// @param restored how long restoring it took
  public static VerifiedBackup record(
      Connection connection,
      String file,
      String checksum,
      long bytes,
      String schemaFingerprint,
      String takenAt,
      Duration restored)
      throws SQLException {
    String sql =
        """
        INSERT INTO schema_backup (file, checksum, bytes, schema_fingerprint, taken_at, restore_ms, client, application_version)
        VALUES (?, ?, ?, ?, ?::timestamptz, ?, ?, ?)
        RETURNING file, checksum, bytes, schema_fingerprint, taken_at, verified_at, restore_ms
        """;
    return Sql.of(
            sql,
            file,
            checksum,
            bytes,
            schemaFingerprint,
            takenAt,
            restored.toMillis(),
            ProcessIdentity.NAME,
            ProcessIdentity.VERSION)
        .first(connection, VerifiedBackup::read)
        .orElseThrow();
  }

  private static VerifiedBackup read(ResultSet row) throws SQLException {
    long restored = row.getLong(7);
    @Nullable Long restoreMillis = row.wasNull() ? null : restored;
    return new VerifiedBackup(
        row.getString(1),
        row.getString(2),
        row.getLong(3),
        row.getString(4),
        row.getTimestamp(5).toInstant(),
        row.getTimestamp(6).toInstant(),
        restoreMillis);
  }
}
