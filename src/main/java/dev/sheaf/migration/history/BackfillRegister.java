package dev.sheaf.migration.history;

import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What migrations do about backfills: enter them for the workers, strike them out again, and ask
/// whether one is complete. Working them off is not done here.
public final class BackfillRegister {

  private BackfillRegister() {}

  /// Enters the backfill of a changeset, if it has one, or what its file says now when it did not
  /// come to its end yet. What is done stays done, unless its rows are gone through in another
  /// order now.
  public static void enter(Connection connection, Changelogs changelogs, Changeset changeset)
      throws SQLException {
    Optional<ChangelogFile> file = changelogs.backfill(changeset.label());
    if (file.isPresent()) {
      enter(connection, BackfillDeclaration.of(file.get()));
    }
  }

  private static void enter(Connection connection, BackfillDeclaration backfill)
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
               rows_done = CASE WHEN (b.relation, b.key) = (EXCLUDED.relation, EXCLUDED.key) THEN b.rows_done ELSE 0 END,
               -- Whoever works at it takes it up anew.
               lease_holder = NULL,
               lease_until  = NULL
         WHERE b.state <> 'done'
           AND (b.relation, b.key, b.statement, b.condition)
               <> (EXCLUDED.relation, EXCLUDED.key, EXCLUDED.statement, EXCLUDED.condition)
        """;
    try (PreparedStatement upsert = connection.prepareStatement(sql)) {
      upsert.setString(1, backfill.name());
      upsert.setString(2, backfill.table());
      upsert.setArray(3, connection.createArrayOf("text", backfill.key().toArray()));
      upsert.setString(4, backfill.statement());
      upsert.setString(5, backfill.condition());
      upsert.executeUpdate();
    }
  }

  /// Strikes out the backfill of a changeset, if it has one; whoever works at it stops.
  public static void strike(Connection connection, String changeset) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM backfill WHERE name = ?")) {
      delete.setString(1, changeset);
      delete.executeUpdate();
    }
  }

  /// Why `name` does not count as complete; empty when it does: every row is done, and its
  /// condition holds now. Where there is no row, as in a new database, nobody has to do anything
  /// for that.
  public static Optional<String> unmet(Connection connection, String name) throws SQLException {
    Optional<Backfill> found = Backfill.named(connection, name);
    if (found.isEmpty()) {
      return Optional.of("not begun");
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
    if (holds(connection, name)) {
      settle(connection, name, Backfill.State.DONE, null);
      return Optional.empty();
    }
    settle(connection, name, Backfill.State.FAILED, "its condition does not hold any more");
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

  private static boolean holds(Connection connection, String name) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT condition FROM backfill WHERE name = ?")) {
      select.setString(1, name);
      try (ResultSet row = select.executeQuery()) {
        return row.next() && isTrue(connection, row.getString(1));
      }
    }
  }

  private static void settle(
      Connection connection, String name, Backfill.State state, @Nullable String error)
      throws SQLException {
    String sql =
        """
        UPDATE backfill
           SET state = ?, last_error = ?, started_at = coalesce(started_at, now()), finished_at = coalesce(finished_at, now())
         WHERE name = ?
           AND state <> ?
        """;
    try (PreparedStatement update = connection.prepareStatement(sql)) {
      update.setString(1, state.toString());
      update.setString(2, error);
      update.setString(3, name);
      update.setString(4, state.toString());
      update.executeUpdate();
    }
  }

  private static boolean isTrue(Connection connection, String sql) throws SQLException {
    try (Statement select = connection.createStatement()) {
      select.setEscapeProcessing(false);
      try (ResultSet row = select.executeQuery(sql)) {
        return row.next() && row.getBoolean(1);
      }
    }
  }
}
