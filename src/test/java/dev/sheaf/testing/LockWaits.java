package dev.sheaf.testing;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/// Who waits for a lock that a test holds. A test that asks for any session that waits would count
/// background workers too.
public final class LockWaits {

  private LockWaits() {}

  /// How many sessions wait for a lock of this connection's session. It may be in a transaction.
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
