package dev.sheaf.database;

import java.sql.SQLException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A temporary failure of the database.
public enum DatabaseFailure {
  /// The server is unreachable, starting or stopping, or out of connections or memory.
  UNREACHABLE,
  /// The server cannot reach another one that has a part of the data, such as a worker of a Citus
  /// cluster.
  WORKER_UNREACHABLE,
  /// The server rejects writes, as a standby does.
  READ_ONLY,
  /// The server's disk is full.
  FULL,
  /// A statement took too long, did not get its locks, or was rolled back because of another
  /// transaction. Nothing of the transaction has taken effect.
  BUSY;

  /// A limit for chains of causes, which can be cyclic.
  private static final int MAX_DEPTH = 20;

  /// Classifies a failure by its causes and suppressed exceptions; the transaction manager adds a
  /// failed commit as suppressed.
  ///
  /// @return `null` if it is not a temporary failure of the database
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

  /// Classifies by SQLSTATE. Failures of the pool, such as a timeout while waiting for a
  /// connection, have none; those of the driver always have one.
  private static @Nullable DatabaseFailure of(SQLException failure) {
    String state = failure.getSQLState();
    if (state == null) {
      return UNREACHABLE;
    }
    if (isOverWorker(failure)) {
      return WORKER_UNREACHABLE;
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

  /// Whether the server reports that its own connection to another server failed. Failures of the
  /// driver and of poolers name no routine of the server. Citus has no SQLSTATE for a connection
  /// that breaks while a worker answers, or for a worker that was away and does not know all tables
  /// yet, but routines that report it.
  private static boolean isOverWorker(SQLException failure) {
    String routine = SqlStates.routine(failure);
    return switch (SqlStates.of(failure)) {
      case SqlStates.CONNECTION_FAILURE -> !routine.isEmpty();
      case SqlStates.OBJECT_NOT_IN_PREREQUISITE_STATE ->
          routine.equals("ErrorIfAnyMetadataNodeOutOfSync");
      case SqlStates.INTERNAL_ERROR ->
          switch (routine) {
            case "MarkRemoteTransactionFailed",
                "CheckRemoteTransactionsHealth",
                "ReportResultError" ->
                true;
            default -> false;
          };
      default -> false;
    };
  }
}
