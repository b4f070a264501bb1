package dev.sheaf.database;

import java.sql.Connection;
import java.sql.SQLException;

/// Several statements that are there together or not at all.
public final class Transactions {

  private Transactions() {}

  /// What is done in one.
  public interface Steps {
    void run() throws SQLException;
  }

  /// Does `steps` in one, on a connection that otherwise commits each statement by itself.
  public static void run(Connection connection, Steps steps) throws SQLException {
    connection.setAutoCommit(false);
    try {
      steps.run();
      connection.commit();
    } finally {
      if (!connection.isClosed()) {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    }
  }
}
