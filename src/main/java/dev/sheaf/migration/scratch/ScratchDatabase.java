package dev.sheaf.migration.scratch;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/// A database that is thrown away after use, beside the one that is looked at. What a killed
/// process leaves is swept when the next one is created.
public final class ScratchDatabase implements AutoCloseable {

  private static final String PREFIX = "sheaf_scratch_";

  private final DatabaseAddress server;
  private final DatabaseAddress address;

  private ScratchDatabase(DatabaseAddress server, DatabaseAddress address) {
    this.server = server;
    this.address = address;
  }

  /// Where those for `database` are created: where `sheaf.schema.scratch-url` says, or beside it.
  public static DatabaseAddress server(DatabaseAddress database, MigrationConfig config) {
    return config.scratchUrl().map(DatabaseAddress::parse).orElse(database);
  }

  /// Creates an empty one.
  ///
  /// @param server where, and as whom
  /// @throws OperatorException when the role may not create databases
  public static ScratchDatabase create(DatabaseAddress server) {
    return cloned(server, "template0");
  }

  /// Creates one in which `changesets` are applied and tables have canary rows, by cloning a
  /// template that is kept for the next time.
  ///
  /// @param server where, and as whom
  /// @throws OperatorException when the role may not create databases, or a changeset fails
  public static ScratchDatabase after(
      List<Changeset> changesets, DatabaseAddress server, MigrationConfig config) {
    return cloned(server, StateTemplates.ensure(changesets, server, config));
  }

  static ScratchDatabase cloned(DatabaseAddress server, String template) {
    try (Connection connection = server.open("sheaf " + ProcessIdentity.NAME);
        Statement statement = connection.createStatement()) {
      String name = ThrowawayDatabases.create(statement, PREFIX, template);
      return new ScratchDatabase(server, server.withDatabase(name));
    } catch (SQLException e) {
      if (SqlErrorMessage.state(e).equals("42501")) {
        throw new OperatorException(
            "the role may not create a scratch database at " + server.server(),
            "ALTER ROLE ... CREATEDB, or name another server with sheaf.schema.scratch-url",
            e);
      }
      throw SqlErrorMessage.running(server, "creating a scratch database", e);
    }
  }

  public DatabaseAddress address() {
    return address;
  }

  @Override
  public void close() {
    try (Connection connection = server.open("sheaf " + ProcessIdentity.NAME);
        Statement statement = connection.createStatement()) {
      statement.execute("DROP DATABASE IF EXISTS " + address.database() + " WITH (FORCE)");
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "dropping " + address.database(), e);
    }
  }
}
