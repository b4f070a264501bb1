package dev.sheaf.database;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.jdbc.PgConnection;

/// Runs work in one transaction. Any `Throwable` rolls the transaction back and is rethrown
/// unchanged; later failures are added to it as suppressed. The connection is in auto-commit mode
/// before and afterwards.
public final class Transactions {

  private Transactions() {}

  /// Work with a result.
  public interface Work<T extends @Nullable Object, X extends Exception> {
    T on(Connection connection) throws SQLException, X;
  }

  /// Work without a result.
  public interface Steps<X extends Exception> {
    void on(Connection connection) throws SQLException, X;
  }

  /// Runs `steps` in a transaction on `connection`.
  public static <X extends Exception> void run(Connection connection, Steps<X> steps)
      throws SQLException, X {
    Transactions.<@Nullable Void, X>call(
        connection,
        same -> {
          steps.on(same);
          return null;
        });
  }

  /// Runs `steps` in a transaction on a connection of `dataSource`.
  public static <X extends Exception> void run(DataSource dataSource, Steps<X> steps)
      throws SQLException, X {
    try (Connection connection = dataSource.getConnection()) {
      run(connection, steps);
    }
  }

  /// Runs `work` in a transaction on `connection` and returns its result.
  public static <T extends @Nullable Object, X extends Exception> T call(
      Connection connection, Work<T, X> work) throws SQLException, X {
    return call(connection, work, Connection::commit);
  }

  /// Runs `work` in a transaction on a connection of `dataSource` and returns its result.
  public static <T extends @Nullable Object, X extends Exception> T call(
      DataSource dataSource, Work<T, X> work) throws SQLException, X {
    try (Connection connection = dataSource.getConnection()) {
      return call(connection, work);
    }
  }

  /// Runs `work` in a transaction on `connection`, rolls it back and returns the result of `work`.
  public static <T extends @Nullable Object, X extends Exception> T callAndRollBack(
      Connection connection, Work<T, X> work) throws SQLException, X {
    return call(connection, work, Connection::rollback);
  }

  private interface End {
    void of(Connection connection) throws SQLException;
  }

  private static <T extends @Nullable Object, X extends Exception> T call(
      Connection connection, Work<T, X> work, End end) throws SQLException, X {
    if (!connection.getAutoCommit()) {
      throw new IllegalStateException("this connection is in a transaction already");
    }
    connection.setAutoCommit(false);
    T result;
    try {
      result = work.on(connection);
      end.of(connection);
    } catch (Throwable failure) {
      rollBack(connection, failure);
      throw failure;
    }
    connection.setAutoCommit(true);
    return result;
  }

  private static void rollBack(Connection connection, Throwable failure) {
    try {
      if (!connection.isClosed()) {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    } catch (SQLException | RuntimeException e) {
      failure.addSuppressed(e);
      abort(connection, failure);
    }
  }

  /// Closes the connection: after a failed rollback, restoring auto-commit would commit the work.
  private static void abort(Connection connection, Throwable failure) {
    try {
      endSession(connection);
    } catch (SQLException | RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /// Ends the session of a connection at once. The user of a connection of the pool still has to
  /// close it: the pool would never get back one that was aborted itself.
  static void endSession(Connection connection) throws SQLException {
    if (!connection.isClosed()) {
      connection.unwrap(PgConnection.class).abort(Runnable::run);
    }
  }
}
