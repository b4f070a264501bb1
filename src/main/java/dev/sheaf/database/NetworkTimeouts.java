package dev.sheaf.database;

import io.agroal.api.AgroalPoolInterceptor;
import io.quarkus.agroal.DataSource;
import jakarta.enterprise.inject.Default;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/// Network timeouts of connections. Without them, a caller would wait forever for a server that was
/// paused or is unreachable. A connection from the pool has `sheaf.database.timeout` and [#GRACE].
/// Its user may set another timeout until the connection is returned. [SessionTimeouts] are the
/// limits of the server itself.
@Default
@DataSource(Replicas.POOL)
@Singleton
public class NetworkTimeouts implements AgroalPoolInterceptor {

  /// The server ends a statement that takes too long. The wait for its answer is longer by this
  /// much, so that its error arrives.
  public static final Duration GRACE = Duration.ofSeconds(5);

  private final Duration timeout;

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

  /// Removes the network timeout of a connection. TCP keepalive still detects a server that is
  /// gone.
  public static void allowAnyTime(Connection connection) throws SQLException {
    allow(connection, Duration.ZERO);
  }
}
