package dev.sheaf.migration.execute;

import dev.sheaf.database.BlockingSession;
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

/// Reports the progress of a long changeset about once a second, and the sessions that it waits
/// for, read through another connection. For a short changeset, no connection is opened.
final class ProgressWatch implements AutoCloseable {

  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration SHORTEST = Duration.ofMillis(10);

  private final int backend;
  private final DatabaseAddress address;
  private final String changeset;
  private final MigrationListener listener;
  private final Duration interval;
  private final long begun = System.nanoTime();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private volatile String blockedBy = "";
  private String reported = "";

  private ProgressWatch(
      int backend,
      DatabaseAddress address,
      String changeset,
      Duration interval,
      MigrationListener listener) {
    this.backend = backend;
    this.address = address;
    this.changeset = changeset;
    this.listener = listener;
    this.interval = interval;
    this.thread = Thread.ofVirtual().unstarted(this::watch);
  }

  /// Watches `connection` until this is closed.
  ///
  /// @param lockTimeout how long its statements wait for a lock; zero for no limit
  static ProgressWatch start(
      Connection connection,
      DatabaseAddress address,
      String changeset,
      Duration lockTimeout,
      MigrationListener listener)
      throws SQLException {
    int backend = connection.unwrap(PGConnection.class).getBackendPID();
    // It looks at least once before the server gives up.
    Duration half = lockTimeout.dividedBy(2);
    Duration interval = half.isZero() || half.compareTo(INTERVAL) > 0 ? INTERVAL : half;
    ProgressWatch watch =
        new ProgressWatch(
            backend,
            address,
            changeset,
            interval.compareTo(SHORTEST) < 0 ? SHORTEST : interval,
            listener);
    watch.thread.start();
    return watch;
  }

  /// The sessions for which the changeset waited when it was last looked at; empty if there were
  /// none.
  String blockedBy() {
    return blockedBy;
  }

  private void watch() {
    try {
      if (closed.await(interval.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
      try (Connection connection = address.open("sheaf " + ProcessIdentity.NAME + " progress")) {
        Duration next = INTERVAL;
        do {
          Duration sofar = Duration.ofNanos(System.nanoTime() - begun);
          reportBlocking(connection, sofar);
          if (sofar.compareTo(next) >= 0) {
            reportProgress(connection, sofar);
            next = sofar.plus(INTERVAL);
          }
        } while (!closed.await(interval.toNanos(), TimeUnit.NANOSECONDS));
      }
    } catch (SQLException | OperatorException _) {
      // Whoever cannot look on can still wait; what the changeset itself says is not lost.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void reportBlocking(Connection connection, Duration sofar) throws SQLException {
    blockedBy = BlockingSession.describe(BlockingSession.of(connection, backend));
    if (!blockedBy.isEmpty() && !blockedBy.equals(reported)) {
      reported = blockedBy;
      listener.blocked(changeset, sofar, blockedBy);
    }
  }

  private void reportProgress(Connection connection, Duration sofar) throws SQLException {
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
