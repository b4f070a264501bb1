package dev.sheaf.database;

import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// That a database accepts no writes, because a person said so, or because its server is a standby.
///
/// What a person said is the setting `default_transaction_read_only` of the database, so that
/// PostgreSQL itself rejects writes, of every application, also after a restart. The reason is in
/// the journal of the migration engine. A session keeps the setting with which it began.
///
/// @param since when it was set; `null` if nobody recorded it
/// @param by who set it; `null` if nobody recorded it
/// @param reason the reason; `null` if nobody recorded it
public record ReadOnlyMode(@Nullable Instant since, @Nullable String by, @Nullable String reason) {

  /// The longest reason, because it is a part of answers.
  private static final int MAX_LENGTH = 500;

  private static final ReadOnlyMode STANDBY =
      new ReadOnlyMode(null, null, "the server is a standby");

  private static final String ON = "readonly on";
  private static final String OFF = "readonly off";

  private static final String IS_SET =
      """
      SELECT EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS c (setting)
                      WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
                        AND s.setrole = 0
                        AND c.setting = 'default_transaction_read_only=on')
      """;

  private static final String EVENT =
      """
      SELECT at, coalesce(approved_by, client), reason
        FROM schema_event
       WHERE id = (SELECT max(id) FROM schema_event WHERE action IN ('readonly on', 'readonly off'))
         AND action = 'readonly on'
      """;

  /// The sessions of clients that began before the setting changed.
  private static final String EARLIER =
      """
      SELECT pid, coalesce(nullif(application_name, ''), 'unnamed') || ' of role ' || usename
        FROM pg_stat_activity
       WHERE datname = current_database()
         AND coalesce(backend_type, 'client backend') = 'client backend'
         AND usename IS NOT NULL
         AND pid <> pg_backend_pid()
         AND coalesce(backend_start < ?, true)
       ORDER BY pid
      """;

  private static final Duration POLL = Duration.ofMillis(200);

  /// A session that began before the setting changed.
  ///
  /// @param backend its process id on the server
  /// @param name its application and its role
  public record Session(int backend, String name) {}

  /// The state of the connection's database; empty if new sessions can write.
  public static Optional<ReadOnlyMode> read(Connection connection) throws SQLException {
    if (Sql.of("SELECT pg_is_in_recovery()").isTrue(connection)) {
      return Optional.of(STANDBY);
    }
    if (!Sql.of(IS_SET).isTrue(connection)) {
      return Optional.empty();
    }
    return Sql.of(EVENT)
        .listIfExists(
            connection,
            row -> new ReadOnlyMode(Sql.instant(row, 1), row.getString(2), row.getString(3)))
        .stream()
        .findFirst()
        .or(() -> Optional.of(new ReadOnlyMode(null, null, null)));
  }

  /// Sets the state for new sessions, and records it.
  ///
  /// @param on whether the database accepts no writes
  /// @param by who asked for it; `null` for the process
  /// @return the time on the server after which sessions have the new setting
  /// @throws OperatorException if the database has no journal, or the reason is too long
  public static Instant set(
      Connection connection, boolean on, @Nullable String by, @Nullable String reason)
      throws SQLException {
    requireOneLine(by);
    requireOneLine(reason);
    if (!Sql.of("SELECT to_regclass('schema_event') IS NOT NULL").isTrue(connection)) {
      throw new OperatorException(
          "the database has no schema of Sheaf, in which the reason could be recorded",
          "apply the changelogs first: sheaf migrate up");
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET default_transaction_read_only = off");
    }
    Transactions.run(
        connection,
        _ -> {
          String database =
              Sql.of("SELECT quote_ident(current_database())")
                  .first(connection, row -> row.getString(1))
                  .orElseThrow();
          try (Statement statement = connection.createStatement()) {
            statement.execute(
                "ALTER DATABASE %s %s"
                    .formatted(
                        database,
                        on
                            ? "SET default_transaction_read_only = on"
                            : "RESET default_transaction_read_only"));
          }
          Sql.of(
                  """
                  INSERT INTO schema_event (action, client, application_version, approved_by, reason)
                  VALUES (?, ?, ?, ?, ?)
                  """,
                  on ? ON : OFF,
                  ProcessIdentity.NAME,
                  ProcessIdentity.VERSION,
                  by,
                  reason)
              .update(connection);
        });
    return Sql.of("SELECT clock_timestamp()")
        .first(connection, row -> row.getObject(1, OffsetDateTime.class).toInstant())
        .orElseThrow();
  }

  private static void requireOneLine(@Nullable String text) {
    if (text != null
        && (text.length() > MAX_LENGTH || text.chars().anyMatch(Character::isISOControl))) {
      throw new OperatorException(
          "the reason, or the name, has more than %s characters or more than one line"
              .formatted(MAX_LENGTH),
          "clients read it in the answers of the service; write one sentence");
    }
  }

  /// Waits until the sessions that began before `changed` have ended, and ends those that have not
  /// after `grace`.
  ///
  /// @return the sessions that this role may not end
  public static List<Session> endEarlierSessions(
      Connection connection, Instant changed, Duration grace)
      throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + grace.toNanos();
    while (System.nanoTime() < deadline && !earlierSessions(connection, changed).isEmpty()) {
      Thread.sleep(POLL);
    }
    for (Session session : earlierSessions(connection, changed)) {
      try {
        Sql.of("SELECT pg_terminate_backend(?)", session.backend()).isTrue(connection);
      } catch (SQLException e) {
        if (!SqlStates.INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
          throw e;
        }
      }
    }
    // The server ends them at their next chance to.
    for (int i = 0; i < 10 && !earlierSessions(connection, changed).isEmpty(); i++) {
      Thread.sleep(POLL);
    }
    return earlierSessions(connection, changed);
  }

  private static List<Session> earlierSessions(Connection connection, Instant changed)
      throws SQLException {
    return Sql.of(EARLIER, changed.atOffset(ZoneOffset.UTC))
        .list(connection, row -> new Session(row.getInt(1), row.getString(2)));
  }

  /// Requires that the session can write.
  ///
  /// @throws OperatorException naming the reason, or what else makes the session read-only
  public static void requireWritable(Connection connection) throws SQLException {
    Optional<String> source =
        Sql.of(
                """
                SELECT source
                  FROM pg_settings
                 WHERE name = 'default_transaction_read_only' AND setting = 'on' AND NOT pg_is_in_recovery()
                """)
            .first(connection, row -> row.getString(1));
    if (source.isEmpty()) {
      return;
    }
    Optional<ReadOnlyMode> mode = read(connection);
    if (mode.isPresent()) {
      throw new OperatorException(
          mode.get().sentence(), "sheaf readonly off makes it accept writes again");
    }
    throw new OperatorException(
        "default_transaction_read_only is on, by the source \"%s\"".formatted(source.get()),
        "set it off where it is set: ALTER ROLE or ALTER DATABASE ... RESET"
            + " default_transaction_read_only, the URL, or the server's configuration");
  }

  /// `the database is read-only since 2026-11-29T22:30:55Z, by ann: a disk is being replaced`
  public String sentence() {
    return "the database is read-only"
        + (since == null ? "" : " since " + since.truncatedTo(ChronoUnit.SECONDS))
        + (by == null ? "" : ", by " + by)
        + (reason == null ? "" : ": " + reason);
  }
}
