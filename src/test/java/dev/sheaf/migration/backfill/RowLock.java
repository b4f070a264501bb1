package dev.sheaf.migration.backfill;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/// A transaction that holds what its statement locked. A backfill comes no further than a row that
/// is locked, however slow the test is.
public record RowLock(Connection connection) implements AutoCloseable {

  public static RowLock on(Shop shop, String sql) throws SQLException {
    Connection connection = shop.database().connect();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
    return new RowLock(connection);
  }

  /// Keeps the backfill from its end.
  public static RowLock onRow(Shop shop, int id) throws SQLException {
    return on(shop, "SELECT FROM item WHERE id = %s FOR UPDATE".formatted(id));
  }

  public void release() throws SQLException {
    connection.commit();
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
