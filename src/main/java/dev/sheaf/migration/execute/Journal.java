package dev.sheaf.migration.execute;

import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.SqlStatement;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The progress of a non-transactional changeset: its row of `schema_journal`.
///
/// @param statement the position of the statement that was started last, from 0
/// @param resumed whether an earlier run in the same direction started it
/// @param indexes the oids of the indexes that the statement's table had before the statement;
///   `null` if unknown
/// @param completed the [digest][SqlStatement#digest] of the statements before it, as they were
///   run; `null` if unknown
/// @param kept the positions of the rollback's statements that drop objects which existed before
///   the changeset; `null` if unknown
record Journal(
    int statement,
    boolean resumed,
    @Nullable List<Long> indexes,
    @Nullable Set<Integer> kept,
    @Nullable String completed) {

  /// The journal of the changeset at `path`; `null` if there is none.
  static @Nullable Journal read(Connection connection, String path) throws SQLException {
    String sql =
        "SELECT statement, true, indexes::bigint[], kept, completed FROM schema_journal WHERE path = ?";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, path);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? of(row) : null;
      }
    }
  }

  /// Opens the journal of a changeset, or continues an open one. A new journal records which
  /// objects of the rollback exist before the changeset.
  ///
  /// @param connection the engine's
  /// @param session the connection on which the changeset will run
  static Journal begin(
      Connection connection, Connection session, Changeset changeset, Direction direction)
      throws SQLException {
    String sql =
        """
        INSERT INTO schema_journal AS j (path, direction, statement, kept)
        VALUES (?, ?, 0, ?)
            ON CONFLICT (path) DO UPDATE
           SET statement = CASE j.direction WHEN EXCLUDED.direction THEN j.statement ELSE 0 END,
               indexes = CASE j.direction WHEN EXCLUDED.direction THEN j.indexes END,
               completed = CASE j.direction WHEN EXCLUDED.direction THEN j.completed END,
               direction = EXCLUDED.direction
        RETURNING statement, xmax <> 0, indexes::bigint[], kept, completed
        """;
    try (PreparedStatement upsert = connection.prepareStatement(sql)) {
      upsert.setString(1, changeset.file().path());
      upsert.setString(2, direction == Direction.UP ? "up" : "down");
      Set<Integer> kept =
          direction == Direction.UP ? RollbackTargets.existing(session, changeset) : null;
      upsert.setArray(3, kept == null ? null : connection.createArrayOf("int4", kept.toArray()));
      try (ResultSet row = upsert.executeQuery()) {
        row.next();
        return of(row);
      }
    }
  }

  private static Journal of(ResultSet row) throws SQLException {
    Array indexes = row.getArray(3);
    Array kept = row.getArray(4);
    return new Journal(
        row.getInt(1),
        row.getBoolean(2),
        indexes == null ? null : List.of((Long[]) indexes.getArray()),
        kept == null ? null : Set.of((Integer[]) kept.getArray()),
        row.getString(5));
  }

  /// Records that a statement starts.
  ///
  /// @param statement its position
  /// @param completed the digest of the statements before it
  static void at(
      Connection connection,
      Changeset changeset,
      int statement,
      String completed,
      @Nullable List<Long> indexes)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE schema_journal SET statement = ?, indexes = ?::bigint[]::oid[], completed = ? WHERE path = ?")) {
      update.setInt(1, statement);
      update.setArray(
          2, indexes == null ? null : connection.createArrayOf("int8", indexes.toArray()));
      update.setString(3, statement + " " + completed);
      update.setString(4, changeset.file().path());
      update.executeUpdate();
    }
  }

  /// Whether the statements before the interrupted one are others than those that ran. An earlier
  /// version of the engine moves on without saying what it ran.
  ///
  /// @param statements these statements, as the file has them now
  boolean isModified(List<SqlStatement> statements) {
    return completed != null
        && completed.startsWith(statement + " ")
        && !completed.equals(statement + " " + SqlStatement.digest(statements));
  }

  /// Closes the journal, in the transaction that records the changeset.
  static void end(Connection connection, Changeset changeset) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM schema_journal WHERE path = ?")) {
      delete.setString(1, changeset.file().path());
      delete.executeUpdate();
    }
  }
}
