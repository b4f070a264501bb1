package dev.sheaf.database;

import io.agroal.api.AgroalPoolInterceptor;
import io.quarkus.agroal.DataSource;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.inject.Default;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;
import org.postgresql.jdbc.PgConnection;

/// Network timeouts of connections. Without them, a caller would wait forever for a server that was
/// paused or is unreachable. A connection from the pool has `sheaf.database.timeout` and [#GRACE].
/// Its user may set another timeout until the connection is returned. [SessionTimeouts] are the
/// limits of the server itself.
@Default
@DataSource(Replicas.POOL)
@Singleton
public class NetworkTimeouts implements AgroalPoolInterceptor {

  private static final Logger LOG = Logger.getLogger(NetworkTimeouts.class);

  /// The server ends a statement that takes too long. The wait for its answer is longer by this
  /// much, so that its error arrives.
  public static final Duration GRACE = Duration.ofSeconds(5);

  private final Duration timeout;
  private final Set<Deadline> deadlines = ConcurrentHashMap.newKeySet();

  NetworkTimeouts(DatabaseConfig config) {
    this.timeout = config.timeout().plus(GRACE);
  }

  @Override
  public void onConnectionAcquire(Connection connection) {
    try {
      allow(connection, timeout);
    } catch (SQLException _) {
      // It is broken, as the next statement will say.
    }
  }

  /// Sets the network timeout of a connection.
  public static void allow(Connection connection, Duration time) throws SQLException {
    connection.setNetworkTimeout(Runnable::run, Math.toIntExact(time.toMillis()));
  }

  /// Sets a deadline for all reads of a connection together, in place of its network timeout. A
  /// read with a timeout on a virtual thread starts a timer and stops it, and both wake another
  /// thread: that is a quarter of all wake-ups of a search. A check every second closes connections
  /// that are late, and their reads fail as after a timeout.
  ///
  /// @return restores the network timeout when it is closed
  public Deadline within(Connection connection, Duration time) throws SQLException {
    var deadline =
        new Deadline(connection.unwrap(PgConnection.class), System.nanoTime() + time.toNanos());
    allowAnyTime(connection);
    deadlines.add(deadline);
    return deadline;
  }

  @Scheduled(every = "1s", concurrentExecution = ConcurrentExecution.SKIP)
  void closeLate() {
    long now = System.nanoTime();
    for (Deadline deadline : deadlines) {
      if (now - deadline.nanoTime >= 0) {
        deadline.closeConnection();
      }
    }
  }

  /// The end of the time of some reads.
  public final class Deadline implements AutoCloseable {

    private final PgConnection connection;
    private final long nanoTime;
    private boolean isClosed;

    private Deadline(PgConnection connection, long nanoTime) {
      this.connection = connection;
      this.nanoTime = nanoTime;
    }

    /// Not after the connection was returned, when others use it.
    private synchronized void closeConnection() {
      if (isClosed) {
        return;
      }
      try {
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        LOG.debugf("Connection not closed: reason=%s", e.getMessage());
      }
    }

    @Override
    public void close() {
      deadlines.remove(this);
      end();
    }

    private synchronized void end() {
      isClosed = true;
      onConnectionAcquire(connection);
    }
  }

  /// Removes the network timeout of a connection. TCP keepalive still detects a server that is
  /// gone.
  public static void allowAnyTime(Connection connection) throws SQLException {
    allow(connection, Duration.ZERO);
  }
}
