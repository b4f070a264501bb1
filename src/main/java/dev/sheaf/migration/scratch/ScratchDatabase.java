package dev.sheaf.migration.scratch;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A database that is dropped when this is closed, unless it was renamed to a permanent name.
///
/// Its name contains the time of its creation by the server's clock, in seconds, as hexadecimal
/// digits. The databases of killed processes are dropped when the next one is created.
public final class ScratchDatabase implements AutoCloseable {

  static final String EMPTY = "template0";

  private static final int ATTEMPTS = 3;

  /// Prefix of a database that was replaced, until it is dropped.
  private static final String REPLACED = "_old";

  private static final String ROLE_HAS_SEARCH_PATH =
      """
      SELECT EXISTS (SELECT FROM pg_db_role_setting, unnest(setconfig) AS setting
                      WHERE setdatabase = 0 AND setrole = (SELECT oid FROM pg_roles WHERE rolname = current_user) AND setting LIKE 'search\\_path=%')
      """;

  /// The purpose of a scratch database.
  private enum Purpose {
    SCHEMA(
        "sheaf_scratch_",
        "run ALTER ROLE ... CREATEDB, or name another server with sheaf.schema.scratch-url"),
    RESTORE("sheaf_backup_", "run ALTER ROLE ... CREATEDB, or name another server");

    private final String prefix;
    private final String hint;

    Purpose(String prefix, String hint) {
      this.prefix = prefix;
      this.hint = hint;
    }
  }

  private final DatabaseAddress server;
  private final DatabaseAddress address;

  /// Open as long as the database is in use, which is how a sweep knows.
  private Connection connection;

  private boolean kept;

  private ScratchDatabase(DatabaseAddress server, DatabaseAddress address) {
    this.server = server;
    this.address = address;
    this.connection = open(address);
  }

  /// The server of the scratch databases for `database`: `sheaf.schema.scratch-url`, or its own
  /// server.
  public static DatabaseAddress server(DatabaseAddress database, MigrationConfig config) {
    return config.scratchUrl().map(DatabaseAddress::parse).orElse(database);
  }

  /// Creates an empty database.
  ///
  /// @param server the server and the role
  /// @throws OperatorException if the role may not create databases
  public static ScratchDatabase create(DatabaseAddress server) {
    return create(server, Purpose.SCHEMA, EMPTY);
  }

  /// Creates an empty database to restore a backup into.
  ///
  /// @param server another database of the same server, and the role
  /// @throws OperatorException if the role may not create databases
  public static ScratchDatabase forRestore(DatabaseAddress server) {
    return create(server, Purpose.RESTORE, EMPTY);
  }

  /// Creates a database in which `changesets` are applied and tables have sample rows, by cloning a
  /// template that is kept for the next time.
  ///
  /// @param server the server and the role
  /// @throws OperatorException if the role may not create databases, or a changeset fails
  public static ScratchDatabase after(
      List<Changeset> changesets, DatabaseAddress server, MigrationConfig config) {
    for (int attempt = 1; ; attempt++) {
      try {
        return cloned(server, StateTemplates.ensure(changesets, server, config));
      } catch (OperatorException e) {
        // Another process may drop a template that it takes for unused.
        if (attempt == ATTEMPTS
            || !(e.getCause() instanceof SQLException cause)
            || !SqlStates.of(cause).equals(SqlStates.INVALID_CATALOG_NAME)) {
          throw e;
        }
      }
    }
  }

  /// Creates a copy of `template`.
  static ScratchDatabase cloned(DatabaseAddress server, String template) {
    return create(server, Purpose.SCHEMA, template);
  }

  private static ScratchDatabase create(DatabaseAddress server, Purpose purpose, String template) {
    try (Connection connection = open(server);
        Statement statement = connection.createStatement()) {
      sweep(statement);
      String name = name(statement, purpose);
      statement.execute("CREATE DATABASE " + name + " TEMPLATE " + template + strategy(statement));
      return new ScratchDatabase(server, server.withDatabase(name));
    } catch (SQLException e) {
      if (SqlStates.of(e).equals(SqlStates.INSUFFICIENT_PRIVILEGE)) {
        throw new OperatorException(
            "the role has no permission to create a scratch database at " + server.server(),
            purpose.hint,
            e);
      }
      throw SqlErrorMessage.running(server, "creating a scratch database", e);
    }
  }

  /// A copy of the files is the fastest, but needs two checkpoints, which would cost everybody on a
  /// server that keeps data. One without `fsync` is a server for tests.
  private static String strategy(Statement statement) throws SQLException {
    return Sql.of("SELECT current_setting('fsync')::boolean").isTrue(statement.getConnection())
        ? ""
        : " STRATEGY file_copy";
  }

  private static String name(Statement statement, Purpose purpose) throws SQLException {
    byte[] random = new byte[6];
    new SecureRandom().nextBytes(random);
    try (ResultSet row =
        statement.executeQuery("SELECT to_hex(extract(epoch FROM now())::bigint)")) {
      row.next();
      return purpose.prefix + row.getString(1) + "_" + HexFormat.of().formatHex(random);
    }
  }

  /// Drops the databases without sessions that are old enough that no process is about to connect.
  private static void sweep(Statement statement) throws SQLException {
    String sql =
        """
        SELECT datname
          FROM pg_database d
         WHERE datname ~ '^(%s|%s)[0-9a-f]{8}_[0-9a-f]{12}(%s)?$'
           AND substring(datname FROM '_([0-9a-f]{8})_')
               < to_hex(extract(epoch FROM now() - interval '10 minutes')::bigint)
           AND pg_has_role(datdba, 'USAGE')
           AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)
        """
            .formatted(Purpose.SCHEMA.prefix, Purpose.RESTORE.prefix, REPLACED);
    List<String> leftovers = new ArrayList<>();
    try (ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        leftovers.add(row.getString(1));
      }
    }
    for (String leftover : leftovers) {
      try {
        // Another process may sweep at the same time.
        statement.execute("DROP DATABASE IF EXISTS " + leftover);
      } catch (SQLException e) {
        // A session has connected to it just now, so it is no leftover.
        if (!SqlStates.of(e).equals(SqlStates.OBJECT_IN_USE)) {
          throw e;
        }
      }
    }
  }

  public DatabaseAddress address() {
    return address;
  }

  /// A session without time limits, which is open as long as the database is in use.
  public Connection connection() {
    return connection;
  }

  /// Makes a schema the current one of new sessions, whatever search path the role has, until a
  /// changeset sets another one for its database. [#connection] is a new session afterwards.
  ///
  /// @param schema as SQL has to write it
  public void workIn(String schema) throws SQLException {
    try (Connection earlier = connection;
        Statement statement = earlier.createStatement()) {
      statement.execute("CREATE SCHEMA IF NOT EXISTS " + schema);
      // A setting of the role prevails over one of the database.
      String role =
          Sql.of(ROLE_HAS_SEARCH_PATH).isTrue(connection)
              ? "ROLE CURRENT_USER IN DATABASE"
              : "DATABASE";
      statement.execute(
          "ALTER %s %s SET search_path = %s, public".formatted(role, address.database(), schema));
      connection = open(address);
    }
  }

  /// Renames the database to a permanent name and replaces the database of that name, if there is
  /// one.
  ///
  /// @throws OperatorException if a session is connected to the database that would be replaced
  public void keepAs(String name, boolean replace) {
    String old = address.database() + REPLACED;
    try (Connection administration = open(server);
        Statement statement = administration.createStatement()) {
      connection.close();
      Transactions.run(
          administration,
          _ -> {
            if (replace) {
              rename(statement, name, old);
            }
            rename(statement, address.database(), name);
          });
      kept = true;
      if (replace) {
        drop(statement, old);
      }
    } catch (SQLException e) {
      if (SqlStates.of(e).equals(SqlStates.OBJECT_IN_USE)) {
        throw inUse(name, e);
      }
      throw SqlErrorMessage.running(server, "renaming the restored database", e);
    }
  }

  /// Renames the database to a permanent name, as a template that no session can connect to.
  ///
  /// @throws SQLException with [SqlStates#DUPLICATE_DATABASE] if the name is taken
  void keepAsTemplate(String name, @Nullable String comment) throws SQLException {
    try (Connection administration = open(server);
        Statement statement = administration.createStatement()) {
      connection.close();
      Transactions.run(
          administration,
          _ -> {
            rename(statement, address.database(), name);
            statement.execute(
                "ALTER DATABASE " + name + " WITH IS_TEMPLATE true ALLOW_CONNECTIONS false");
            if (comment != null) {
              statement.execute("COMMENT ON DATABASE " + name + " IS '" + comment + "'");
            }
          });
      kept = true;
    }
  }

  private static void rename(Statement statement, String from, String to) throws SQLException {
    statement.execute(
        "ALTER DATABASE %s RENAME TO %s"
            .formatted(
                statement.enquoteIdentifier(from, true), statement.enquoteIdentifier(to, true)));
  }

  /// The failure if a session is connected to the database that would be replaced.
  public static OperatorException inUse(String name, @Nullable Throwable cause) {
    return new OperatorException(
        "database " + name + " is in use and was not replaced",
        "stop the services that are connected to it first",
        cause);
  }

  private static Connection open(DatabaseAddress address) {
    return address.openWithoutLimits("sheaf " + ProcessIdentity.NAME);
  }

  /// Drops a database and ends its sessions.
  ///
  /// Only a superuser may end autovacuum, which counts as a session for FORCE. Without FORCE,
  /// PostgreSQL ends it by itself.
  static void drop(Statement statement, String name) throws SQLException {
    String drop = "DROP DATABASE IF EXISTS " + name;
    try {
      statement.execute(drop + " WITH (FORCE)");
    } catch (SQLException e) {
      if (!SqlStates.of(e).equals(SqlStates.INSUFFICIENT_PRIVILEGE)) {
        throw e;
      }
      statement.execute(drop);
    }
  }

  @Override
  public void close() {
    if (kept) {
      return;
    }
    try (Connection _ = connection;
        Connection administration = open(server);
        Statement statement = administration.createStatement()) {
      drop(statement, address.database());
    } catch (SQLException e) {
      throw SqlErrorMessage.running(server, "dropping " + address.database(), e);
    }
  }
}
