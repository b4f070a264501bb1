package dev.sheaf.migration.history;

import dev.sheaf.database.Lease;
import dev.sheaf.database.Sql;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The backfills as migrations see them: registers and unregisters backfills, and checks whether
/// one is complete. It does not run them.
public final class BackfillRegister {

  private BackfillRegister() {}

  /// Registers the backfill of a changeset, if it has one. If it is registered already and not
  /// done, its definition is updated from the file, and its progress is kept unless the table or
  /// the key has changed.
  public static void register(Connection connection, Changeset changeset) throws SQLException {
    Optional<BackfillDeclaration> backfill = changeset.backfill();
    if (backfill.isPresent()) {
      register(connection, backfill.get());
    }
  }

  private static void register(Connection connection, BackfillDeclaration backfill)
      throws SQLException {
    String sql =
        """
        INSERT INTO backfill AS b (name, relation, key, statement, condition)
        VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE
           SET relation  = EXCLUDED.relation,
               key       = EXCLUDED.key,
               statement = EXCLUDED.statement,
               condition = EXCLUDED.condition,
               cursor    = CASE WHEN (b.relation, b.key) = (EXCLUDED.relation, EXCLUDED.key) THEN b.cursor END,
               last_key  = CASE WHEN (b.relation, b.key) = (EXCLUDED.relation, EXCLUDED.key) THEN b.last_key END,
               rows_done = CASE WHEN (b.relation, b.key) = (EXCLUDED.relation, EXCLUDED.key) THEN b.rows_done ELSE 0 END,
               -- The current worker loses its lease, so that a worker starts again with the new definition.
               %s
         WHERE b.state <> 'done'
           AND (b.relation, b.key, b.statement, b.condition)
               <> (EXCLUDED.relation, EXCLUDED.key, EXCLUDED.statement, EXCLUDED.condition)
        """
            .formatted(Lease.RELEASE);
    Sql.of(
            sql,
            backfill.name(),
            backfill.table(),
            backfill.key().toArray(String[]::new),
            backfill.statement(),
            backfill.condition())
        .update(connection);
  }

  /// Removes the backfill of a changeset, if it has one. A running worker stops.
  public static void unregister(Connection connection, String changeset) throws SQLException {
    Sql.of("DELETE FROM backfill WHERE name = ?", changeset).update(connection);
  }

  /// Why the backfill `name` is not complete; empty if it is complete: all rows are done, and its
  /// condition is true now. A pending backfill of an empty table counts as done.
  public static Optional<String> whyIncomplete(Connection connection, String name)
      throws SQLException {
    Optional<Backfill> found = Backfill.named(connection, name);
    if (found.isEmpty()) {
      return Optional.of("not started");
    }
    Backfill backfill = found.get();
    boolean complete =
        switch (backfill.state()) {
          case DONE -> true;
          case PENDING -> isEmpty(connection, backfill.table());
          case RUNNING, PAUSED, FAILED, CANCELLED -> false;
        };
    if (!complete) {
      return Optional.of(backfill.progress());
    }
    if (conditionHolds(connection, name)) {
      setState(connection, name, Backfill.State.DONE, null);
      return Optional.empty();
    }
    setState(connection, name, Backfill.State.FAILED, "its condition is no longer true");
    return Backfill.named(connection, name).map(Backfill::progress);
  }

  private static boolean isEmpty(Connection connection, String table) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("SELECT to_regclass(?)::text")) {
      select.setString(1, table);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        String quoted = row.getString(1);
        return quoted != null
            && isTrue(connection, "SELECT NOT EXISTS (SELECT FROM " + quoted + ")");
      }
    }
  }

  private static boolean conditionHolds(Connection connection, String name) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT condition FROM backfill WHERE name = ?")) {
      select.setString(1, name);
      try (ResultSet row = select.executeQuery()) {
        return row.next() && isTrue(connection, row.getString(1));
      }
    }
  }

  private static void setState(
      Connection connection, String name, Backfill.State state, @Nullable String error)
      throws SQLException {
    String sql =
        """
        UPDATE backfill
           SET state = ?, last_error = ?, started_at = coalesce(started_at, now()), finished_at = coalesce(finished_at, now())
         WHERE name = ?
           AND state <> ?
        """;
    Sql.of(sql, state.toString(), error, name, state.toString()).update(connection);
  }

  private static boolean isTrue(Connection connection, String sql) throws SQLException {
    try (Statement select = connection.createStatement()) {
      select.setEscapeProcessing(false);
      return isTrue(select, sql);
    }
  }

  /// Whether a condition is true now.
  ///
  /// @throws OperatorException if it is no boolean
  public static boolean isTrue(Statement statement, String condition) throws SQLException {
    try (ResultSet row = statement.executeQuery(condition)) {
      requireBoolean(row);
      return row.next() && row.getBoolean(1);
    }
  }

  /// Requires that a condition is one column of type boolean: the driver takes 1 for true.
  ///
  /// @throws OperatorException naming the types that it has instead
  public static void requireBoolean(ResultSet condition) throws SQLException {
    ResultSetMetaData columns = condition.getMetaData();
    List<String> types = new ArrayList<>();
    for (int i = 1; i <= columns.getColumnCount(); i++) {
      types.add(columns.getColumnTypeName(i));
    }
    if (!types.equals(List.of("bool"))) {
      throw new OperatorException(
          "its condition is not one boolean, but " + String.join(", ", types),
          "write a query such as SELECT NOT EXISTS (SELECT FROM t WHERE c IS NULL)");
    }
  }
}
