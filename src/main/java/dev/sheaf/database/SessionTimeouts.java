package dev.sheaf.database;

import io.agroal.api.AgroalPoolInterceptor;
import io.quarkus.agroal.DataSource;
import jakarta.enterprise.inject.Default;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.stream.Collectors;
import org.postgresql.jdbc.PgConnection;

/// Limits how long the server works for a connection of the pool: the time of a statement, the wait
/// for a lock, and the pause within a transaction. What the service gives up also ends in the
/// database, so there are never more sessions than the pool has connections.
///
/// A session gets the limits when it is opened, in place of those of its role and its database. A
/// user of the connection may change them until the connection is returned.
@Default
@DataSource(Replicas.POOL)
@Singleton
public class SessionTimeouts implements AgroalPoolInterceptor {

  private static final String STATEMENT = "statement_timeout";
  private static final String LOCK = "lock_timeout";
  private static final String IDLE = "idle_in_transaction_session_timeout";

  private static final String IDLE_SESSION = "idle_session_timeout";
  private static final String TRANSACTION = "transaction_timeout";

  /// The first version of PostgreSQL with a parameter that not all have.
  private static final Map<String, Integer> SINCE = Map.of(IDLE_SESSION, 14, TRANSACTION, 17);

  /// Sessions whose limits were changed. They get the usual ones when they are returned.
  private static final Set<Connection> CHANGED =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  private final Map<String, Duration> usual = new LinkedHashMap<>();

  SessionTimeouts(DatabaseConfig config) {
    usual.put(STATEMENT, config.timeout());
    usual.put(LOCK, config.lockTimeout());
    usual.put(IDLE, config.timeout());
    // The pool keeps idle sessions, and closes them itself.
    usual.put(IDLE_SESSION, Duration.ZERO);
    usual.put(TRANSACTION, Duration.ZERO);
  }

  @Override
  public void onConnectionCreate(Connection connection) {
    try {
      set(connection, usual);
      AdvisoryLock.noticeDeath(connection);
    } catch (SQLException e) {
      abort(connection, e);
      throw new IllegalStateException("The time limits of a session could not be set", e);
    }
  }

  /// The pool forgets a connection that could not be prepared. Its session would stay.
  private static void abort(Connection connection, SQLException failure) {
    try {
      Transactions.endSession(connection);
    } catch (SQLException e) {
      failure.addSuppressed(e);
    }
  }

  @Override
  public void onConnectionReturn(Connection connection) {
    restore(connection);
  }

  @Override
  public void onConnectionAcquire(Connection connection) {
    restore(connection);
  }

  /// Not within a transaction: it would begin with this statement, and its rollback would undo it.
  /// A connection that a transaction manager acquires is in one already.
  private void restore(Connection connection) {
    try {
      Connection session = connection.unwrap(PgConnection.class);
      if (CHANGED.contains(session) && session.getAutoCommit()) {
        set(session, usual);
        CHANGED.remove(session);
      }
    } catch (SQLException _) {
      // It is broken, as the next statement will say. If not, the next user tries again.
    }
  }

  /// Lets statements take `time`, in the database and for the answer.
  ///
  /// @param lockWait how long they wait for a lock
  public static void allow(Connection connection, Duration time, Duration lockWait)
      throws SQLException {
    change(connection, Map.of(STATEMENT, time, LOCK, lockWait));
    NetworkTimeouts.allow(connection, time.plus(NetworkTimeouts.GRACE));
  }

  /// The same with the usual wait for locks.
  public static void allow(Connection connection, Duration time) throws SQLException {
    change(connection, Map.of(STATEMENT, time));
    NetworkTimeouts.allow(connection, time.plus(NetworkTimeouts.GRACE));
  }

  /// Lets statements take as long as they take. They still do not wait longer for locks.
  public static void allowAnyTime(Connection connection) throws SQLException {
    change(connection, Map.of(STATEMENT, Duration.ZERO));
    NetworkTimeouts.allowAnyTime(connection);
  }

  /// The same, and lets a transaction pause for `idle` between two statements.
  public static void allowAnyTime(Connection connection, Duration idle) throws SQLException {
    change(connection, Map.of(STATEMENT, Duration.ZERO, IDLE, idle));
    NetworkTimeouts.allowAnyTime(connection);
  }

  /// Removes all limits, also those of the role and the database, for work that takes as long as it
  /// takes, such as building an index concurrently, which waits for all older transactions.
  public static void remove(Connection connection) throws SQLException {
    change(
        connection,
        Map.of(
            STATEMENT, Duration.ZERO,
            LOCK, Duration.ZERO,
            IDLE, Duration.ZERO,
            TRANSACTION, Duration.ZERO));
    NetworkTimeouts.allowAnyTime(connection);
  }

  /// Lets a session outside of the pool be idle between two statements.
  static void allowIdle(Connection connection) throws SQLException {
    set(connection, Map.of(IDLE_SESSION, Duration.ZERO));
  }

  /// Removes all limits of a session outside of the pool.
  static void removeAll(Connection connection) throws SQLException {
    set(
        connection,
        Map.of(
            STATEMENT, Duration.ZERO,
            LOCK, Duration.ZERO,
            IDLE, Duration.ZERO,
            IDLE_SESSION, Duration.ZERO,
            TRANSACTION, Duration.ZERO));
  }

  private static void change(Connection connection, Map<String, Duration> limits)
      throws SQLException {
    CHANGED.add(connection.unwrap(PgConnection.class));
    set(connection, limits);
  }

  /// Omits the parameters that this version of PostgreSQL does not have.
  private static void set(Connection connection, Map<String, Duration> limits) throws SQLException {
    int version = connection.getMetaData().getDatabaseMajorVersion();
    String values =
        limits.entrySet().stream()
            .filter(limit -> version >= SINCE.getOrDefault(limit.getKey(), 0))
            .map(limit ->
                "set_config('%s', '%s', false)"
                    .formatted(limit.getKey(), limit.getValue().toMillis()))
            .collect(Collectors.joining(", "));
    if (values.isEmpty()) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT " + values);
    }
  }
}
