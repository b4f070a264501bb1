package dev.sheaf.migration.history;

import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// A verified backup of a database: it was restored, and its contents matched.
///
/// @param file its path, as given to the process that verified it
/// @param checksum its seal, the last 64 characters of the file
/// @param bytes its size
/// @param schemaFingerprint [SchemaVersion#fingerprint] of its schema
/// @param takenAt when its snapshot was taken, by the database server's clock
/// @param verifiedAt when it was verified, by the same clock
public record VerifiedBackup(
    String file,
    String checksum,
    long bytes,
    String schemaFingerprint,
    Instant takenAt,
    Instant verifiedAt) {

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
        SELECT file, checksum, bytes, schema_fingerprint, taken_at, verified_at
          FROM schema_backup
         WHERE taken_at >= now() - make_interval(secs => ?)
         ORDER BY taken_at DESC, id DESC
         LIMIT 1
        """;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setDouble(1, maxAge.toMillis() / 1_000.0);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(read(row)) : Optional.empty();
      }
    }
  }

  private static boolean isTablePresent(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT to_regclass('schema_backup') IS NOT NULL");
        ResultSet row = select.executeQuery()) {
      return row.next() && row.getBoolean(1);
    }
  }

  /// Records a verified backup.
  ///
  /// @param file its path
  /// @param checksum its seal
  /// @param bytes its size
  /// @param schemaFingerprint fingerprint of its schema
  /// @param takenAt when its snapshot was taken, in ISO-8601
  public static VerifiedBackup record(
      Connection connection,
      String file,
      String checksum,
      long bytes,
      String schemaFingerprint,
      String takenAt)
      throws SQLException {
    String sql =
        """
        INSERT INTO schema_backup (file, checksum, bytes, schema_fingerprint, taken_at, client, application_version)
        VALUES (?, ?, ?, ?, ?::timestamptz, ?, ?)
        RETURNING file, checksum, bytes, schema_fingerprint, taken_at, verified_at
        """;
    try (PreparedStatement insert = connection.prepareStatement(sql)) {
      insert.setString(1, file);
      insert.setString(2, checksum);
      insert.setLong(3, bytes);
      insert.setString(4, schemaFingerprint);
      insert.setString(5, takenAt);
      insert.setString(6, ProcessIdentity.NAME);
      insert.setString(7, ProcessIdentity.VERSION);
      try (ResultSet row = insert.executeQuery()) {
        row.next();
        return read(row);
      }
    }
  }

  private static VerifiedBackup read(ResultSet row) throws SQLException {
    return new VerifiedBackup(
        row.getString(1),
        row.getString(2),
        row.getLong(3),
        row.getString(4),
        row.getTimestamp(5).toInstant(),
        row.getTimestamp(6).toInstant());
  }
}
