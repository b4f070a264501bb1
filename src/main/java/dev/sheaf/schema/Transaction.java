package dev.sheaf.schema;

import java.sql.Connection;
import java.sql.SQLException;

/// Several statements that are there together or not at all.
final class Transaction {

  private Transaction() {}

  /// What is done in one.
  interface Steps {
    void run() throws SQLException;
  }

  /// Does `steps` in one, on a connection that otherwise commits each statement by itself.
  static void run(Connection connection, Steps steps) throws SQLException {
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
