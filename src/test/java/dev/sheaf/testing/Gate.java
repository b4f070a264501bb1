package dev.sheaf.testing;

import static dev.sheaf.testing.Patience.await;

import dev.sheaf.database.SqlStates;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/// Blocks the session that inserts a certain row until the test opens the gate. A test that stops,
/// kills or cancels work closes a gate first, so that the work cannot complete before, however slow
/// the test is.
public final class Gate implements AutoCloseable {

  /// "gate" in ASCII.
  private static final long KEY = 0x67617465L;

  private final Connection connection;
  private boolean open;

  private Gate(Connection connection) {
    this.connection = connection;
  }

  /// Closes a gate. A database can have only one gate at a time.
  ///
  /// @param connection in auto-commit mode, used only by the gate; it is closed with the gate
  /// @param row a condition on `NEW`, the inserted row
  public static Gate before(Connection connection, String table, String row) throws SQLException {
    var gate = new Gate(connection);
    gate.execute(
        """
        SELECT pg_advisory_lock(%1$s);
        CREATE FUNCTION sheaf_test_gate() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(%1$s); RETURN NEW; END $$;
        CREATE TRIGGER sheaf_test_gate BEFORE INSERT ON %2$s
            FOR EACH ROW WHEN (%3$s) EXECUTE FUNCTION sheaf_test_gate();
        """
            .formatted(KEY, table, row));
    return gate;
  }

  /// Whether a session is waiting at the gate.
  public boolean isReached() throws SQLException {
    return LockWaits.behind(connection) > 0;
  }

  /// Unblocks all sessions.
  public void open() throws SQLException {
    if (!open) {
      open = true;
      execute("SELECT pg_advisory_unlock(%s)".formatted(KEY));
    }
  }

  @Override
  public void close() throws SQLException {
    open();
    await().until(this::isRemoved);
    connection.close();
  }

  /// An index of a partition that is being built concurrently waits for whoever drops the trigger,
  /// and the other way round.
  private boolean isRemoved() throws SQLException {
    try {
      execute("DROP FUNCTION sheaf_test_gate() CASCADE");
      return true;
    } catch (SQLException e) {
      if (SqlStates.DEADLOCK_DETECTED.equals(e.getSQLState())) {
        return false;
      }
      throw e;
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
