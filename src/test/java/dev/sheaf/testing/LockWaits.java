package dev.sheaf.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/// Counts the sessions that wait for a lock that a test holds. Counting all waiting sessions would
/// include background workers.
public final class LockWaits {

  private LockWaits() {}

  /// The number of sessions that wait for a lock of this connection's session, which may be in a
  /// transaction.
  public static int behind(Connection holder) throws SQLException {
    String sql =
        """
        SELECT count(DISTINCT pid)
          FROM pg_locks
         WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
        """;
    try (Statement statement = holder.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getInt(1);
    }
  }
}
