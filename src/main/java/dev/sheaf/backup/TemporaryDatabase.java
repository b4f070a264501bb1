package dev.sheaf.backup;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.scratch.ThrowawayDatabases;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/// A database to restore into: dropped when this is closed, unless it was given a lasting name
/// before. What a killed process leaves is swept when the next one is created.
final class TemporaryDatabase implements AutoCloseable {

  private static final String PREFIX = "sheaf_backup_";

  private final DatabaseAddress server;
  private final DatabaseAddress address;

  /// Open as long as the database is in use, which is how a sweep knows.
  private final Connection guard;

  private boolean kept;

  private TemporaryDatabase(DatabaseAddress server, DatabaseAddress address, Connection guard) {
    this.server = server;
    this.address = address;
    this.guard = guard;
  }

  /// Creates an empty one.
  ///
  /// @param server another database of the same server, and as whom
  static TemporaryDatabase create(DatabaseAddress server) {
    try (Connection connection = server.open("sheaf backup");
        Statement statement = connection.createStatement()) {
      DatabaseAddress address =
          server.withDatabase(ThrowawayDatabases.create(statement, PREFIX, "template0"));
      return new TemporaryDatabase(server, address, address.open("sheaf backup"));
    } catch (SQLException e) {
      if ("42501".equals(e.getSQLState())) {
        throw new OperatorException(
            "the role may not create a database at " + server.server(),
            "ALTER ROLE ... CREATEDB, or name another server",
            e);
      }
      throw SqlErrorMessage.running(server, "creating a database to restore into", e);
    }
  }

  DatabaseAddress address() {
    return address;
  }

  /// Gives it a lasting name, in place of the database that has that name now, if there is one:
  /// that one is gone then, and until then it is untouched.
  ///
  /// @throws OperatorException when somebody is connected to the other
  void keepAs(String name, boolean replace) {
    @Nullable String old = null;
    try (Connection connection = server.open("sheaf backup");
        Statement statement = connection.createStatement()) {
      guard.close();
      connection.setAutoCommit(false);
      if (replace) {
        old = address.database() + ThrowawayDatabases.REPLACED;
        statement.execute("ALTER DATABASE " + quoted(statement, name) + " RENAME TO " + old);
      }
      statement.execute(
          "ALTER DATABASE " + address.database() + " RENAME TO " + quoted(statement, name));
      connection.commit();
      kept = true;
      connection.setAutoCommit(true);
      if (old != null) {
        statement.execute("DROP DATABASE " + old + " WITH (FORCE)");
      }
    } catch (SQLException e) {
      if ("55006".equals(e.getSQLState())) {
        throw inUse(name, e);
      }
      throw SqlErrorMessage.running(server, "renaming the restored database", e);
    }
  }

  /// Somebody works in the database that was to be replaced.
  static OperatorException inUse(String name, @Nullable Throwable cause) {
    return new OperatorException(
        "database " + name + " is in use, and stays as it is",
        "stop the services that are connected to it first",
        cause);
  }

  private static String quoted(Statement statement, String name) throws SQLException {
    return statement.enquoteIdentifier(name, true);
  }

  @Override
  public void close() {
    try {
      guard.close();
    } catch (SQLException _) {
      // The database is dropped with whoever is connected.
    }
    if (kept) {
      return;
    }
    try (Connection connection = server.open("sheaf backup");
        Statement statement = connection.createStatement()) {
      statement.execute("DROP DATABASE IF EXISTS " + address.database() + " WITH (FORCE)");
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "dropping " + address.database(), e);
    }
  }
}
