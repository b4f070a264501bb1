package dev.sheaf.migration.execute;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.Sql;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/// The session in which changesets run. Another session holds the [SchemaLock], because a changeset
/// can change every setting and release every lock of its session.
///
/// Every changeset begins in the same state, whatever ran before it: the state of a new session of
/// this role in this database, with [#SETTINGS].
public final class ChangesetSession implements AutoCloseable {

  /// Settings with which a changeset begins.
  ///
  /// - The text of a file means the same in every database and on every host:
  ///   `standard_conforming_strings`, and `TimeZone`, which the driver takes from the host.
  /// - With `row_security` off, a statement from which row-level security would hide rows fails. It
  ///   would skip the rows otherwise.
  /// - A timeout that a role or a database brings does not end a migration. The runner sets those
  ///   of the changeset. Nor does it choose the isolation level, which decides what a statement
  ///   sees and whether it fails.
  private static final String SETTINGS =
      """
      SELECT set_config(name, value, false)
        FROM (VALUES ('standard_conforming_strings', 'on'),
                     ('TimeZone', 'UTC'),
                     ('row_security', 'off'),
                     ('statement_timeout', '0'),
                     ('lock_timeout', '0'),
                     ('idle_in_transaction_session_timeout', '0'),
                     ('idle_session_timeout', '0'),
                     ('transaction_timeout', '0'),
                     ('default_transaction_isolation', 'read committed'),
                     ('default_transaction_deferrable', 'off')) AS s (name, value)
       WHERE current_setting(name, true) IS NOT NULL
      """;

  /// What `ALTER ROLE ... SET` and `ALTER DATABASE ... SET` give a new session of this role in this
  /// database.
  private static final String ROLE_SETTINGS =
      """
      SELECT coalesce(string_agg(s::text, ' ' ORDER BY s::text), '')
        FROM pg_db_role_setting AS s
       WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
         AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
      """;

  private final DatabaseAddress address;
  private final MigrationConfig config;
  private final Connection engine;
  private final Session engineSession;

  /// `null` until it is used: often nothing is pending.
  private @Nullable Connection connection;

  private String roleSettings = "";

  private ChangesetSession(DatabaseAddress address, MigrationConfig config, Connection engine)
      throws SQLException {
    this.address = address;
    this.config = config;
    this.engine = engine;
    this.engineSession =
        Sql.of("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
            .first(
                engine, row -> new Session(row.getInt(1), row.getObject(2, OffsetDateTime.class)))
            .orElseThrow();
  }

  /// Identifies a session of the server.
  private record Session(int backend, OffsetDateTime since) {}

  /// A session that opens its connection on first use.
  ///
  /// @param engine the connection on which the engine's tables are read and written, and on which
  ///   the [SchemaLock] is held if there is one
  public static ChangesetSession open(
      DatabaseAddress address, MigrationConfig config, Connection engine) throws SQLException {
    return new ChangesetSession(address, config, engine);
  }

  private static String roleSettings(Connection engine) throws SQLException {
    return Sql.of(ROLE_SETTINGS).first(engine, row -> row.getString(1)).orElseThrow();
  }

  Connection connection() throws SQLException {
    if (connection == null) {
      roleSettings = roleSettings(engine);
      connection = address.open("sheaf " + ProcessIdentity.NAME + " changesets");
    }
    return connection;
  }

  /// Brings the session into the state in which every changeset begins.
  ///
  /// @throws OperatorException if a killed process's statement still runs after
  ///   `sheaf.schema.lock-wait`
  void begin() throws SQLException {
    if (connection != null && !roleSettings(engine).equals(roleSettings)) {
      close();
    }
    end();
    Connection connection = connection();
    applySettings(connection);
    long deadline = System.nanoTime() + config.lockWait().toNanos();
    // The server releases the SchemaLock of a killed process at once, but a statement of the
    // process can run a little longer.
    AdvisoryLock.Key running = SchemaLock.running(engine);
    while (AdvisoryLock.tryAcquire(connection, running).isEmpty()) {
      if (System.nanoTime() > deadline) {
        throw new OperatorException(
            "a statement of an earlier run has not ended: "
                + AdvisoryLock.holder(connection, running)
                    .map(Object::toString)
                    .orElse("unknown session"),
            "end that session with pg_terminate_backend, then run it again");
      }
      SchemaSession.sleep(config.lockPoll());
    }
  }

  /// Removes what a changeset left in the session: temporary tables, locks and settings.
  public void end() throws SQLException {
    try (Statement statement = connection().createStatement()) {
      statement.execute("DISCARD ALL");
    }
  }

  /// Applies the settings with which a changeset begins to a new session.
  public static void applySettings(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(SETTINGS);
    }
    AdvisoryLock.noticeDeath(connection);
  }

  /// Brings the session back to the engine, in the transaction of a changeset: its role, its
  /// settings, and a search path that finds the engine's tables and no temporary tables of the same
  /// names.
  void returnToEngine() throws SQLException {
    String schema =
        Sql.of(
                """
                SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('schema_journal')
                """)
            .first(engine, row -> row.getString(1))
            .orElseThrow();
    try (Statement statement = connection().createStatement()) {
      statement.execute(
          """
          RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;
          SET LOCAL search_path = %s, pg_temp; %s
          """
              .formatted(schema, SETTINGS));
    }
    requireEngineSession();
  }

  /// Brings the session back to the role and the search path of a new session, in the transaction
  /// of a changeset.
  void returnToRole() throws SQLException {
    try (Statement statement = connection().createStatement()) {
      statement.execute("RESET SESSION AUTHORIZATION; RESET ROLE; RESET search_path");
    }
  }

  /// Without its session the engine has lost the lock, and another process can be at work.
  private void requireEngineSession() throws SQLException {
    if (!Sql.of(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ? AND backend_start = ?)",
            engineSession.backend(),
            engineSession.since())
        .isTrue(connection())) {
      throw new OperatorException(
          "the server ended the session that held the schema lock; nothing was changed",
          "run it again");
    }
  }

  @Override
  public void close() throws SQLException {
    if (connection != null) {
      connection.close();
      connection = null;
    }
  }
}
