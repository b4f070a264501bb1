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

/// Observes the locks of a statement that cannot run in a transaction, whose locks are released
/// when it ends.
///
/// A second session holds the lock of a writer (ROW EXCLUSIVE) on every table. A statement whose
/// lock blocks writers waits for that session, and `pg_locks` shows which lock it waits for. Then
/// the second session releases its locks.
final class LockWatch {

  private static final Duration PAUSE = Duration.ofMillis(5);

  private static final String WAITS =
      "SELECT relation, mode FROM pg_locks WHERE pid = ? AND NOT granted";

  private LockWatch() {}

  /// Runs `sql`.
  ///
  /// @param connection a connection in auto-commit mode
  /// @param notices receives the notices of the statement
  /// @return the first locks that it had to wait for, by oid; empty if it does not block writers
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
          // The relation is null if it waits for the end of a transaction, as CONCURRENTLY does.
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
