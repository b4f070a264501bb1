package dev.sheaf.testing;

import static dev.sheaf.testing.Patience.await;

import dev.sheaf.database.DatabaseAddress;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/// A PostgreSQL server with pgvector for one test, which can restart, kill and pause it.
public sealed interface FaultyPostgres extends AutoCloseable
    permits ContainerPostgres, LocalPostgres {

  /// Starts a server in a container, or, without a container engine, the installed PostgreSQL.
  static FaultyPostgres start() throws IOException {
    return SheafContainer.engineAnswers() ? ContainerPostgres.create() : LocalPostgres.create();
  }

  /// A database on the server, as superuser. Its address stays the same after a fault.
  DatabaseAddress address();

  /// Restarts the server with a fast shutdown.
  void restart() throws IOException;

  /// Kills all processes of the server, and starts it again.
  void crash() throws IOException;

  /// Suspends all processes of the server. Its port stays open.
  void pause() throws IOException;

  /// Resumes the processes.
  void resume() throws IOException;

  @Override
  void close() throws IOException;

  /// Waits until the server accepts connections.
  default void awaitReady() {
    await().pollInterval(Duration.ofMillis(50)).ignoreExceptions().until(() -> serves(address()));
  }

  private static boolean serves(DatabaseAddress address) throws SQLException {
    try (Connection connection = address.open("sheaf test");
        var statement = connection.createStatement()) {
      return statement.execute("SELECT 1");
    }
  }
}
