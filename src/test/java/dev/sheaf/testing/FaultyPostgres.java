package dev.sheaf.testing;

import static org.awaitility.Awaitility.await;

import dev.sheaf.database.DatabaseAddress;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/// A PostgreSQL server of one test's own, with pgvector, which it may restart, kill and pause.
public sealed interface FaultyPostgres extends AutoCloseable
    permits ContainerPostgres, LocalPostgres {

  /// Starts one: in a container, else from what is installed here.
  static FaultyPostgres start() throws IOException {
    return SheafContainer.engineAnswers() ? ContainerPostgres.create() : LocalPostgres.create();
  }

  /// A database on it, as a role that may do everything; the same after each fault.
  DatabaseAddress address();

  /// Ends it in order, as for an update, and starts it again.
  void restart() throws IOException;

  /// Kills all its processes at once, and starts it again.
  void crash() throws IOException;

  /// Stops all its processes where they are. Its port is still open.
  void pause() throws IOException;

  /// Lets them go on.
  void resume() throws IOException;

  @Override
  void close() throws IOException;

  /// Waits until it serves.
  default void awaitReady() {
    await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(() -> serves(address()));
  }

  private static boolean serves(DatabaseAddress address) throws SQLException {
    try (Connection connection = address.open("sheaf test");
        var statement = connection.createStatement()) {
      return statement.execute("SELECT 1");
    }
  }
}
