package dev.sheaf.migration.history;

import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// A backup of a database that was restored for proof and found to hold what the database held.
///
/// @param file as it was named to the process that verified it
/// @param checksum its seal, the last 64 characters of the file
/// @param bytes its size
/// @param schemaFingerprint [SchemaVersion#fingerprint] of what it holds
/// @param takenAt when its snapshot was taken, by the database's own clock
/// @param verifiedAt when it was verified, by the same clock
public record VerifiedBackup(
    String file,
    String checksum,
    long bytes,
    String schemaFingerprint,
    Instant takenAt,
    Instant verifiedAt) {

  /// The youngest on record that was taken at most `maxAge` ago. A backup protects what was there
  /// when it was taken, so its age counts from there, however lately it was verified.
  ///
  /// @param connection to the database that it has to be a backup of
  public static Optional<VerifiedBackup> latest(Connection connection, Duration maxAge)
      throws SQLException {
    if (!onRecord(connection)) {
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

  private static boolean onRecord(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT to_regclass('schema_backup') IS NOT NULL");
        ResultSet row = select.executeQuery()) {
      return row.next() && row.getBoolean(1);
    }
  }

  /// Puts a backup on record.
  ///
  /// @param file its path
  /// @param checksum its seal
  /// @param bytes its size
  /// @param schemaFingerprint of the schema in it
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
