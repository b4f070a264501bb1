package dev.sheaf.database;

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

/// An advisory lock that a session holds until this is closed or the session ends. The server
/// releases it however the session ends, so there is nothing to clean up after a kill.
///
/// It is tried again and again instead of being waited for: a statement that waits holds a
/// snapshot, and `CREATE INDEX CONCURRENTLY` waits for all of those.
public final class AdvisoryLock implements AutoCloseable {

  /// How soon the server notices that the process of a lock or a lease was killed.
  private static final Duration DEATH_NOTICE = Duration.ofSeconds(1);

  private static final Duration POLL = Duration.ofMillis(50);

  private final Connection connection;
  private final Key key;

  private AdvisoryLock(Connection connection, Key key) {
    this.connection = connection;
    this.key = key;
  }

  /// What is locked, within one database. Builds of every version use the same keys.
  ///
  /// @param classId the first number; `null` when there is only one
  /// @param objectId the second or only number
  public record Key(@Nullable Integer classId, long objectId) {

    public static Key of(long number) {
      return new Key(null, number);
    }

    public static Key of(int classId, int objectId) {
      return new Key(classId, objectId);
    }

    private String arguments() {
      return classId == null ? Long.toString(objectId) : classId + ", " + objectId;
    }

    /// As `pg_locks` shows it.
    private String condition() {
      return classId == null
          ? "l.objsubid = 1 AND (l.classid::bigint << 32) + l.objid::bigint = " + objectId
          : "l.objsubid = 2 AND l.classid::bigint = %s AND l.objid::bigint = %s"
              .formatted(Integer.toUnsignedLong(classId), Integer.toUnsignedLong((int) objectId));
    }
  }

  /// The session that holds a lock.
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
  public static Optional<AdvisoryLock> tryAcquire(Connection connection, Key key)
      throws SQLException {
    return call(connection, "pg_try_advisory_lock", key)
        ? Optional.of(new AdvisoryLock(connection, key))
        : Optional.empty();
  }

  /// Tries until it has the lock.
  public static AdvisoryLock acquire(Connection connection, Key key)
      throws SQLException, InterruptedException {
    while (true) {
      Optional<AdvisoryLock> lock = tryAcquire(connection, key);
      if (lock.isPresent()) {
        return lock.get();
      }
      Thread.sleep(POLL);
    }
  }

  /// Tries once, and holds the lock until the end of the transaction.
  public static boolean tryAcquireInTransaction(Connection connection, Key key)
      throws SQLException {
    return call(connection, "pg_try_advisory_xact_lock", key);
  }

  /// Which session of this database holds the lock now.
  public static Optional<Holder> holder(Connection connection, Key key) throws SQLException {
    String sql =
        """
        SELECT a.application_name, coalesce(host(a.client_addr), 'an address this role may not see'), a.pid, a.backend_start
          FROM pg_locks l
          JOIN pg_stat_activity a USING (pid)
         WHERE l.locktype = 'advisory'
           AND l.granted
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND %s
        """
            .formatted(key.condition());
    try (PreparedStatement select = connection.prepareStatement(sql);
        ResultSet row = select.executeQuery()) {
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

  private static @Nullable Instant instant(@Nullable Timestamp time) {
    return time == null ? null : time.toInstant();
  }

  /// Makes the server notice within a second that this client is gone, so that the locks of a
  /// killed process are free even while one of its long statements still runs. Servers on platforms
  /// that cannot do that stay as they are.
  public static void noticeDeath(Connection connection) throws SQLException {
    try (Statement set = connection.createStatement()) {
      set.execute("SET client_connection_check_interval = " + DEATH_NOTICE.toMillis());
    } catch (SQLException e) {
      switch (SqlStates.of(e)) {
        case SqlStates.UNDEFINED_OBJECT, SqlStates.INVALID_PARAMETER_VALUE -> {}
        default -> throw e;
      }
    }
  }

  /// Ends the session if the lock cannot be released. In a pool, it would keep the lock for ever.
  @Override
  public void close() throws SQLException {
    if (!connection.isClosed()) {
      try {
        call(connection, "pg_advisory_unlock", key);
      } catch (SQLException e) {
        connection.abort(Runnable::run);
        throw e;
      }
    }
  }

  private static boolean call(Connection connection, String function, Key key) throws SQLException {
    String sql = "SELECT %s(%s)".formatted(function, key.arguments());
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() && row.getBoolean(1);
    }
  }
}
