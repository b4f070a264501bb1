package dev.sheaf.database;

import io.agroal.api.AgroalPoolInterceptor;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/// How long the database may be silent. A server that was paused, or cut off without a word, would
/// keep whoever waits for it for ever.
///
/// Each user of the pool begins with `sheaf.database.timeout` and [#GRACE], and may allow another
/// time until the connection goes back. [SessionTimeouts] are the limits of the server itself.
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

  /// Lets the database be silent for `time`.
  public static void allow(Connection connection, Duration time) throws SQLException {
    connection.setNetworkTimeout(Runnable::run, Math.toIntExact(time.toMillis()));
  }

  /// Lets the database be silent for as long as it takes. That it is gone shows when TCP's
  /// keepalive ends the connection.
  public static void allowAnyTime(Connection connection) throws SQLException {
    allow(connection, Duration.ZERO);
  }
}
