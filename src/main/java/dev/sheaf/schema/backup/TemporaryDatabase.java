package dev.sheaf.schema.backup;

import dev.sheaf.schema.Bookkeeping;
import dev.sheaf.schema.DatabaseAddress;
import dev.sheaf.schema.SchemaException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A database to restore into: dropped when this is closed, unless it was given a lasting name
/// before. What a killed process leaves is swept when the next one is created.
final class TemporaryDatabase implements AutoCloseable {

  /// The name says when it was created, in seconds and hexadecimal digits, by the server's clock.
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
    byte[] random = new byte[6];
    new SecureRandom().nextBytes(random);
    try (Connection connection = server.open("sheaf backup");
        Statement statement = connection.createStatement()) {
      sweep(statement);
      String name;
      try (ResultSet row =
          statement.executeQuery("SELECT to_hex(extract(epoch FROM now())::bigint)")) {
        row.next();
        name = PREFIX + row.getString(1) + "_" + HexFormat.of().formatHex(random);
      }
      statement.execute("CREATE DATABASE " + name + " TEMPLATE template0");
      DatabaseAddress address = server.withDatabase(name);
      return new TemporaryDatabase(server, address, address.open("sheaf backup"));
    } catch (SQLException e) {
      if ("42501".equals(e.getSQLState())) {
        throw new SchemaException(
            "the role may not create a database at " + server.server(),
            "ALTER ROLE ... CREATEDB, or name another server",
            e);
      }
      throw Bookkeeping.problem(server, "creating a database to restore into", e);
    }
  }

  /// Drops what killed processes have left: nobody is connected, and it is old enough to be sure
  /// that nobody is about to be.
  private static void sweep(Statement statement) throws SQLException {
    String sql =
        """
        SELECT datname
          FROM pg_database d
         WHERE datname ~ '^%1$s[0-9a-f]{8}_[0-9a-f]{12}$'
           AND datname < '%1$s' || to_hex(extract(epoch FROM now() - interval '10 minutes')::bigint)
           AND pg_has_role(datdba, 'USAGE')
           AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)
        """
            .formatted(PREFIX);
    List<String> leftovers = new ArrayList<>();
    try (ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        leftovers.add(row.getString(1));
      }
    }
    for (String leftover : leftovers) {
      // Another process may sweep at the same time.
      statement.execute("DROP DATABASE IF EXISTS " + leftover);
    }
  }

  DatabaseAddress address() {
    return address;
  }

  /// Gives it a lasting name, in place of the database that has that name now, if there is one:
  /// that one is gone then, and until then it is untouched.
  ///
  /// @throws SchemaException when somebody is connected to the other
  void keepAs(String name, boolean replace) {
    @Nullable String old = null;
    try (Connection connection = server.open("sheaf backup");
        Statement statement = connection.createStatement()) {
      guard.close();
      connection.setAutoCommit(false);
      if (replace) {
        old = address.database() + "_old";
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
      throw Bookkeeping.problem(server, "renaming the restored database", e);
    }
  }

  /// Somebody works in the database that was to be replaced.
  static SchemaException inUse(String name, @Nullable Throwable cause) {
    return new SchemaException(
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
      throw Bookkeeping.problem(server, "dropping " + address.database(), e);
    }
  }
}
