package dev.sheaf.database;

import java.sql.SQLException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Why the database does not do now what it will do at another time.
public enum DatabaseFailure {
  /// It is away, starts or ends, broke off, is silent, or has no connection or memory left.
  UNREACHABLE,
  /// It takes no writes, as a standby does.
  READ_ONLY,
  /// Its disk is full.
  FULL,
  /// It works, but a statement took too long, did not get its locks, or lost against another
  /// transaction. Nothing of the transaction has taken effect.
  BUSY;

  /// Longer chains of causes are loops.
  private static final int MAX_DEPTH = 20;

  /// What is behind a failure. A commit that failed is only suppressed in what the transaction
  /// manager throws.
  ///
  /// @return `null` when it is no outage
  public static @Nullable DatabaseFailure behind(Throwable failure) {
    return behind(failure, 0);
  }

  /// Whether the database, or its connection, is of no use until something changes.
  public static boolean isOutage(Throwable failure) {
    DatabaseFailure behind = behind(failure);
    return behind != null && behind != BUSY;
  }

  private static @Nullable DatabaseFailure behind(Throwable failure, int depth) {
    DatabaseFailure found = failure instanceof SQLException sql ? of(sql) : null;
    Throwable cause = failure.getCause();
    if (found == null && cause != null && depth < MAX_DEPTH) {
      found = behind(cause, depth + 1);
    }
    for (Throwable suppressed : failure.getSuppressed()) {
      if (found == null && depth < MAX_DEPTH) {
        found = behind(suppressed, depth + 1);
      }
    }
    return found;
  }

  /// What the SQLSTATE says. The pool's own failures, such as a wait for a connection that was too
  /// long, have none; the driver's always have one.
  private static @Nullable DatabaseFailure of(SQLException failure) {
    String state = failure.getSQLState();
    if (state == null) {
      return UNREACHABLE;
    }
    return switch (state) {
      case SqlStates.READ_ONLY_SQL_TRANSACTION -> READ_ONLY;
      case SqlStates.DISK_FULL -> FULL;
      case SqlStates.QUERY_CANCELED,
          SqlStates.LOCK_NOT_AVAILABLE,
          SqlStates.DEADLOCK_DETECTED,
          SqlStates.SERIALIZATION_FAILURE ->
          BUSY;
      // The server has ended the session.
      case SqlStates.IDLE_IN_TRANSACTION_SESSION_TIMEOUT -> UNREACHABLE;
      // No such database: it is being restored, or this is another server.
      case SqlStates.INVALID_CATALOG_NAME -> UNREACHABLE;
      // Connection, authorization (only connecting asks for it), resources, operator's intervention
      // other than a cancelled statement.
      default ->
          Stream.of(
                      SqlStates.CONNECTION_EXCEPTION_CLASS,
                      SqlStates.INVALID_AUTHORIZATION_CLASS,
                      SqlStates.INSUFFICIENT_RESOURCES_CLASS,
                      SqlStates.SHUTDOWN_CLASS)
                  .anyMatch(state::startsWith)
              ? UNREACHABLE
              : null;
    };
  }
}
