package dev.sheaf.database;

import java.sql.SQLException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A temporary failure of the database.
public enum DatabaseFailure {
  /// The server is unreachable, starting or stopping, or out of connections or memory.
  UNREACHABLE,
  /// The server rejects writes, as a standby does.
  READ_ONLY,
  /// The server's disk is full.
  FULL;

  /// A limit for chains of causes, which can be cyclic.
  private static final int MAX_DEPTH = 20;

  /// Classifies a failure by its causes and suppressed exceptions; the transaction manager adds a
  /// failed commit as suppressed.
  ///
  /// @return `null` if it is not a temporary failure of the database
  public static @Nullable DatabaseFailure behind(Throwable failure) {
    return behind(failure, 0);
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

  /// Classifies by SQLSTATE. Failures of the pool, such as a timeout while waiting for a
  /// connection, have none; those of the driver always have one.
  private static @Nullable DatabaseFailure of(SQLException failure) {
    String state = failure.getSQLState();
    if (state == null) {
      return UNREACHABLE;
    }
    return switch (state) {
      case SqlStates.READ_ONLY_SQL_TRANSACTION -> READ_ONLY;
      case SqlStates.DISK_FULL -> FULL;
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
