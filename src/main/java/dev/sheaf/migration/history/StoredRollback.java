package dev.sheaf.migration.history;

import dev.sheaf.database.Sql;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.Directives;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.runtime.Hashes;
import dev.sheaf.runtime.OperatorException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The rollbacks that are stored in the table `schema_rollback`, so that an application without a
/// changeset's file can roll it back.
public final class StoredRollback {

  private StoredRollback() {}

  /// Stores the rollback of `changeset` in the caller's transaction. An identical row is not
  /// updated.
  public static void store(Connection connection, Changeset changeset) throws SQLException {
    String sql =
        """
        INSERT INTO schema_rollback AS r (path, transactional, statements, lock_timeout_ms, statement_timeout_ms,
                                          lossy, tolerates, checksum, seal)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (path) DO UPDATE
           SET transactional        = EXCLUDED.transactional,
               statements           = EXCLUDED.statements,
               lock_timeout_ms      = EXCLUDED.lock_timeout_ms,
               statement_timeout_ms = EXCLUDED.statement_timeout_ms,
               lossy                = EXCLUDED.lossy,
               tolerates            = EXCLUDED.tolerates,
               checksum             = EXCLUDED.checksum,
               seal                 = EXCLUDED.seal,
               stored_at            = now()
         WHERE (r.checksum, r.lock_timeout_ms, r.statement_timeout_ms, r.lossy, r.tolerates, r.seal)
               IS DISTINCT FROM
               (EXCLUDED.checksum, EXCLUDED.lock_timeout_ms, EXCLUDED.statement_timeout_ms, EXCLUDED.lossy,
                EXCLUDED.tolerates, EXCLUDED.seal)
        """;
    Directives directives = changeset.directives();
    List<String> down = changeset.down() == null ? null : texts(changeset.down());
    Sql.of(
            sql,
            changeset.file().path(),
            changeset.transactional(),
            down == null ? null : down.toArray(String[]::new),
            millis(directives.lockTimeout()),
            millis(directives.statementTimeout()),
            directives.lossyRollback(),
            directives.tolerates(),
            checksum(changeset.file().path(), changeset.transactional(), down),
            changeset.seal())
        .update(connection);
  }

  /// Removes the stored rollback in the caller's transaction.
  static void remove(Connection connection, String path) throws SQLException {
    Sql.of("DELETE FROM schema_rollback WHERE path = ?", path).update(connection);
  }

  /// The stored rollback of `path`, as a changeset that can only be rolled back; empty if there is
  /// none.
  ///
  /// @throws OperatorException if it was modified since it was stored
  static Optional<Changeset> find(Connection connection, String path) throws SQLException {
    String sql =
        """
        SELECT transactional, statements, lock_timeout_ms, statement_timeout_ms, lossy, tolerates, checksum
          FROM schema_rollback
         WHERE path = ?
        """;
    return Sql.of(sql, path).listIfExists(connection, row -> changeset(path, row)).stream()
        .findFirst();
  }

  private static Changeset changeset(String path, ResultSet row) throws SQLException {
    boolean transactional = row.getBoolean(1);
    Array array = row.getArray(2);
    List<String> statements = array == null ? null : List.of((String[]) array.getArray());
    if (!row.getString(7).equals(checksum(path, transactional, statements))) {
      throw new OperatorException(
          "the stored rollback of " + History.label(path) + " was modified (checksum mismatch)",
          "use the version of the application that contains the file");
    }
    History.Applied applied = new History.Applied(path, null, null);
    Directives directives =
        new Directives(
            List.of(),
            null,
            duration(row.getObject(3, Long.class)),
            duration(row.getObject(4, Long.class)),
            null,
            false,
            row.getString(5),
            List.of(),
            row.getString(6),
            List.of(),
            List.of());
    return new Changeset(
        ChangelogFile.stored(applied.module(), applied.version(), path),
        applied.version().digits(),
        applied.module(),
        "",
        "",
        transactional,
        List.of(),
        statements == null ? null : statements.stream().map(SqlStatement::stored).toList(),
        directives,
        List.of(),
        List.of(),
        null);
  }

  private static List<String> texts(List<SqlStatement> statements) {
    return statements.stream().map(SqlStatement::toString).toList();
  }

  private static String checksum(
      String path, boolean transactional, @Nullable List<String> statements) {
    MessageDigest digest = Hashes.sha256();
    digest.update((path + '\n' + transactional + '\n').getBytes(StandardCharsets.UTF_8));
    if (statements != null) {
      for (String statement : statements) {
        byte[] text = statement.getBytes(StandardCharsets.UTF_8);
        digest.update((text.length + "\n").getBytes(StandardCharsets.UTF_8));
        digest.update(text);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static @Nullable Long millis(@Nullable Duration duration) {
    return duration == null ? null : duration.toMillis();
  }

  private static @Nullable Duration duration(@Nullable Long millis) {
    return millis == null ? null : Duration.ofMillis(millis);
  }
}
