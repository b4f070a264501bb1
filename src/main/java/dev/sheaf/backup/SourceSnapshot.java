package dev.sheaf.backup;

import dev.sheaf.backup.Manifest.Origin;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;

/// One moment of a database, held still as long as this is open, so that what is counted is what is
/// dumped.
final class SourceSnapshot implements AutoCloseable {

  private static final int TRIES = 5;

  private final DatabaseAddress source;
  private final Connection connection;
  private final PostgresServer server;
  private final String id;
  private final Instant takenAt;
  private final Origin origin;
  private final SchemaVersion schema;
  private final int tables;

  private SourceSnapshot(DatabaseAddress source, Connection connection) throws SQLException {
    this.source = source;
    this.connection = connection;
    this.server = PostgresServer.of(connection);
    Contents.waitForever(connection);
    connection.setReadOnly(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    lock(connection);
    this.origin = origin(source, connection);
    this.schema = SchemaVersion.of(connection);
    this.tables = Contents.tables(connection, false).size();
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery("SELECT pg_export_snapshot(), now()")) {
      row.next();
      this.id = row.getString(1);
      this.takenAt = row.getTimestamp(2).toInstant();
    }
  }

  /// Takes it, of the database as it is now.
  static SourceSnapshot of(DatabaseAddress source) {
    Connection connection = source.openWithoutLimits("sheaf backup");
    try {
      requireOneServer(source, connection);
      return new SourceSnapshot(source, connection);
    } catch (SQLException e) {
      close(connection);
      throw SqlErrorMessage.running(source, "taking a snapshot of " + source.database(), e);
    } catch (OperatorException e) {
      close(connection);
      throw e;
    }
  }

  /// A snapshot is that of one server.
  private static void requireOneServer(DatabaseAddress source, Connection connection)
      throws SQLException {
    if (!PostgresServer.distributedTables(connection).isEmpty()) {
      throw new OperatorException(
          "database %s is distributed over a Citus cluster, and a dump would read each of its servers at another moment"
              .formatted(source.database()),
          "take backups of all servers that can be restored to one moment, with citus_create_restore_point; or export the collections: sheaf export");
    }
  }

  /// Begins the transaction by locking every table against changes of its definition, before its
  /// snapshot is taken: definitions are not part of a snapshot in every place that reads them.
  private static void lock(Connection connection) throws SQLException {
    for (int attempt = 1; ; attempt++) {
      List<String> tables = Contents.tables(connection, true);
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET LOCAL lock_timeout = '60s'; SET LOCAL row_security = off");
        if (!tables.isEmpty()) {
          statement.execute(
              "LOCK TABLE ONLY " + String.join(", ONLY ", tables) + " IN ACCESS SHARE MODE");
        }
        return;
      } catch (SQLException e) {
        connection.rollback();
        connection.setAutoCommit(true);
        // A collection was dropped between the look and the lock.
        if (!SqlStates.UNDEFINED_TABLE.equals(e.getSQLState()) || attempt == TRIES) {
          throw e;
        }
      }
    }
  }

  /// Which database `connection` sees.
  static Origin origin(DatabaseAddress address, Connection connection) throws SQLException {
    return new Origin(
        address.toString(),
        // Some servers keep it from ordinary roles.
        one(connection, "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')")
                .equals("t")
            ? one(connection, "SELECT system_identifier FROM pg_control_system()")
            : "unknown",
        Long.parseLong(
            one(connection, "SELECT oid FROM pg_database WHERE datname = current_database()")));
  }

  private static String one(Connection connection, String sql) throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  PostgresServer server() {
    return server;
  }

  /// For `pg_dump --snapshot`.
  String id() {
    return id;
  }

  /// How many tables hold rows.
  int tables() {
    return tables;
  }

  /// Reads what is in it.
  Contents contents(Contents.Counted counted) {
    try {
      return Contents.of(connection, counted);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(source, "counting the rows of " + source.database(), e);
    }
  }

  Manifest manifest(ClientProgram pgDump, Contents contents) {
    return new Manifest(
        Manifest.FORMAT,
        ProcessIdentity.VERSION,
        takenAt,
        origin,
        server.version(),
        server.major(),
        server.vector(),
        pgDump.version(),
        schema,
        contents);
  }

  @Override
  public void close() {
    close(connection);
  }

  private static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException _) {
      // The server ends the session either way.
    }
  }
}
