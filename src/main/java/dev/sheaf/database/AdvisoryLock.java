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

/// A session-level advisory lock, held until it is closed or the session ends. The server releases
/// it when the session ends, so nothing has to be cleaned up after a killed process.
///
/// The lock is polled, because a statement that waits for a lock holds a snapshot, and `CREATE
/// INDEX CONCURRENTLY` waits for all older snapshots.
public final class AdvisoryLock implements AutoCloseable {

  /// The interval at which the server checks whether the client of a running statement still
  /// exists.
  private static final Duration DEATH_NOTICE = Duration.ofSeconds(1);

  private static final Duration POLL = Duration.ofMillis(50);

  private final Connection connection;
  private final Key key;

  private AdvisoryLock(Connection connection, Key key) {
    this.connection = connection;
    this.key = key;
  }

  /// The key of a lock within one database. It is the same in all versions of Sheaf.
  ///
  /// @param classId the first number of a two-part key; `null` for a single number
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

    /// A condition on `pg_locks` that selects this key.
    private String condition() {
      return classId == null
          ? "l.objsubid = 1 AND (l.classid::bigint << 32) + l.objid::bigint = " + objectId
          : "l.objsubid = 2 AND l.classid::bigint = %s AND l.objid::bigint = %s"
              .formatted(Integer.toUnsignedLong(classId), Integer.toUnsignedLong((int) objectId));
    }
  }

  /// The session that holds a lock.
  ///
  /// @param client `user@host/pid` for a process of Sheaf, otherwise the application name
  /// @param address the client's address as the server sees it
  /// @param backend the process id of the session on the server, for `pg_terminate_backend`
  /// @param since the start of the session; `null` if the role may not read it
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

  /// Tries to acquire the lock once.
  public static Optional<AdvisoryLock> tryAcquire(Connection connection, Key key)
      throws SQLException {
    return call(connection, "pg_try_advisory_lock", key)
        ? Optional.of(new AdvisoryLock(connection, key))
        : Optional.empty();
  }

  /// Polls until the lock is acquired.
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

  /// Tries once to acquire the lock until the end of the transaction.
  public static boolean tryAcquireInTransaction(Connection connection, Key key)
      throws SQLException {
    return call(connection, "pg_try_advisory_xact_lock", key);
  }

  /// The session that holds the lock now.
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

  /// Makes the server end a running statement within a second after its client has gone, so that
  /// the locks of a killed process are released. Ignored by servers on platforms without this
  /// feature.
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
        Transactions.endSession(connection);
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
