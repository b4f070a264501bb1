package dev.sheaf.migration.execute;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;

/// Reports the progress of a long changeset about once a second, read through another connection.
/// For a short changeset, no connection is opened.
final class ProgressWatch implements AutoCloseable {

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  private ProgressWatch(
      int backend, DatabaseAddress address, String changeset, MigrationListener listener) {
    long begun = System.nanoTime();
    this.thread =
        Thread.ofVirtual().start(() -> watch(backend, address, changeset, listener, begun));
  }

  /// Watches `connection` until this is closed.
  static ProgressWatch start(
      Connection connection, DatabaseAddress address, String changeset, MigrationListener listener)
      throws SQLException {
    int backend = connection.unwrap(PGConnection.class).getBackendPID();
    return new ProgressWatch(backend, address, changeset, listener);
  }

  private void watch(
      int backend,
      DatabaseAddress address,
      String changeset,
      MigrationListener listener,
      long begun) {
    try {
      if (closed.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
      try (Connection connection = address.open("sheaf " + ProcessIdentity.NAME + " progress")) {
        do {
          report(
              connection,
              backend,
              changeset,
              listener,
              Duration.ofNanos(System.nanoTime() - begun));
        } while (!closed.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
      }
    } catch (SQLException | OperatorException _) {
      // Whoever cannot look on can still wait; what the changeset itself says is not lost.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static void report(
      Connection connection,
      int backend,
      String changeset,
      MigrationListener listener,
      Duration sofar)
      throws SQLException {
    String sql =
        """
        SELECT phase,
               CASE WHEN blocks_total > 0 THEN 100.0 * blocks_done / blocks_total
                    WHEN tuples_total > 0 THEN 100.0 * tuples_done / tuples_total END
          FROM pg_stat_progress_create_index
         WHERE pid = ?
        """;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setInt(1, backend);
      try (ResultSet row = select.executeQuery()) {
        if (row.next()) {
          double percent = row.getDouble(2);
          listener.running(changeset, sofar, row.getString(1), row.wasNull() ? null : percent);
        } else {
          listener.running(changeset, sofar, null, null);
        }
      }
    }
  }

  /// Returns when the listener will not be called again.
  @Override
  public void close() {
    closed.countDown();
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
