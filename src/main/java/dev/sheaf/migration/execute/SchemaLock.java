package dev.sheaf.migration.execute;

import dev.sheaf.database.SqlErrorMessage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The right to change the schema of one database: a session's advisory lock. The server itself
/// gives it back when the session ends, however it ends, so there is nothing to clean up after a
/// kill.
///
/// It is asked for again and again instead of being waited for: a statement that waits holds a
/// snapshot, and `CREATE INDEX CONCURRENTLY` waits for all of those.
public final class SchemaLock implements AutoCloseable {

  /// "sheaf" in ASCII; one key per database is enough, as advisory locks belong to a database.
  static final long KEY = 0x7368656166L;

  private final Connection connection;

  private SchemaLock(Connection connection) {
    this.connection = connection;
  }

  /// Who holds the lock.
  ///
  /// @param client `user@host/pid` when it is one of ours, else the application's name
  /// @param address where it connects from, as the server sees it
  /// @param backend the server's process id of the session, for `pg_terminate_backend`
  /// @param since when its session began; `null` when this role may not know
  public record Holder(String client, String address, int backend, @Nullable Instant since) {
    @Override
    public String toString() {
      return client
          + " from "
          + address
          + ", backend "
          + backend
          + (since == null ? "" : ", since " + since);
    }
  }

  /// Tries once.
  public static Optional<SchemaLock> tryAcquire(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("SELECT pg_try_advisory_lock(?)")) {
      select.setLong(1, KEY);
      try (ResultSet row = select.executeQuery()) {
        return row.next() && row.getBoolean(1)
            ? Optional.of(new SchemaLock(connection))
            : Optional.empty();
      }
    }
  }

  /// Makes the server notice within `interval` that this client is gone, so that the lock of a
  /// killed process is free even while one of its long statements still runs. Servers on platforms
  /// that cannot do that stay as they are.
  public static void noticeDeath(Connection connection, Duration interval) throws SQLException {
    try (Statement set = connection.createStatement()) {
      set.execute("SET client_connection_check_interval = " + interval.toMillis());
    } catch (SQLException e) {
      String state = SqlErrorMessage.state(e);
      if (!state.equals("42704") && !state.equals("22023")) {
        throw e;
      }
    }
  }

  /// Who holds the lock in this database now.
  public static Optional<Holder> holder(Connection connection) throws SQLException {
    String sql =
        """
        SELECT a.application_name, coalesce(host(a.client_addr), 'an address this role may not see'), a.pid, a.backend_start
          FROM pg_locks l
          JOIN pg_stat_activity a USING (pid)
         WHERE l.locktype = 'advisory'
           AND l.granted
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND (l.classid::bigint << 32) + l.objid::bigint = ?
           AND l.objsubid = 1
        """;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, KEY);
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(
                new Holder(
                    row.getString(1).replaceFirst("^sheaf ", ""),
                    row.getString(2),
                    row.getInt(3),
                    instant(row.getTimestamp(4))))
            : Optional.empty();
      }
    }
  }

  private static @Nullable Instant instant(@Nullable Timestamp time) {
    return time == null ? null : time.toInstant();
  }

  @Override
  public void close() throws SQLException {
    if (connection.isClosed()) {
      return;
    }
    try (PreparedStatement select = connection.prepareStatement("SELECT pg_advisory_unlock(?)")) {
      select.setLong(1, KEY);
      select.execute();
    }
  }
}
