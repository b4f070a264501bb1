package dev.sheaf.migration.lint;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.catalog.Catalog;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.postgresql.PGConnection;

/// Sees which lock a statement takes that refuses to run in a transaction, and whose locks are gone
/// when it is done.
///
/// A second session holds on every table the lock of somebody who has written to it. Whoever wants
/// to block writers has to wait for that session, and PostgreSQL says for what it waits. Then the
/// session lets go.
final class LockWatch {

  private static final Duration PAUSE = Duration.ofMillis(5);

  private static final String WAITS =
      "SELECT relation, mode FROM pg_locks WHERE pid = ? AND NOT granted";

  private LockWatch() {}

  /// Runs `sql`.
  ///
  /// @param connection in auto-commit
  /// @param notices takes what PostgreSQL says to it
  /// @return the first lock that it had to wait for, by oid; empty when writers would not have
  ///   stood in its way
  static Map<Long, LockMode> run(
      Connection connection,
      DatabaseAddress scratch,
      Catalog catalog,
      String sql,
      List<Notice> notices)
      throws SQLException {
    int worker = connection.unwrap(PGConnection.class).getBackendPID();
    try (Connection writer = scratch.open("sheaf check writer");
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Map<Long, LockMode> locks = new HashMap<>();
      // The statement may end when the writer's transaction does.
      Future<?> statement =
          Transactions.call(
              writer,
              _ -> {
                lockTables(writer, catalog);
                Future<?> running =
                    executor.submit(() -> {
                      try (Statement execute = connection.createStatement()) {
                        execute.setEscapeProcessing(false);
                        execute.execute(sql);
                        notices.addAll(Notice.of(execute));
                        return null;
                      }
                    });
                boolean waiting = false;
                while (!waiting && !isDone(running)) {
                  waiting = waits(writer, worker, locks);
                }
                return running;
              });
      finish(statement);
      return locks;
    }
  }

  private static void lockTables(Connection writer, Catalog catalog) throws SQLException {
    try (Statement lock = writer.createStatement()) {
      for (Catalog.Relation relation : catalog.relations().values()) {
        if (relation.kind().isTable()) {
          lock.execute("LOCK TABLE ONLY " + relation.fullReference() + " IN ROW EXCLUSIVE MODE");
        }
      }
    }
  }

  private static boolean waits(Connection writer, int worker, Map<Long, LockMode> locks)
      throws SQLException {
    boolean waits = false;
    try (PreparedStatement select = writer.prepareStatement(WAITS)) {
      select.setInt(1, worker);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          waits = true;
          // It waits for no relation when it waits for a transaction to end, as CONCURRENTLY does.
          if (row.getLong(1) != 0) {
            locks.put(row.getLong(1), LockMode.of(row.getString(2)));
          }
        }
      }
    }
    return waits;
  }

  private static boolean isDone(Future<?> statement) throws SQLException {
    try {
      statement.get(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException _) {
      return false;
    } catch (ExecutionException | InterruptedException e) {
      throw failure(e);
    }
  }

  private static void finish(Future<?> statement) throws SQLException {
    try {
      statement.get();
    } catch (ExecutionException | InterruptedException e) {
      throw failure(e);
    }
  }

  private static SQLException failure(Exception e) {
    if (e instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    return e.getCause() instanceof SQLException cause ? cause : new SQLException(e);
  }
}
