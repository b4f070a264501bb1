package dev.sheaf.database;

import java.sql.SQLException;

/// Failures of a statement that another session's work explains: between a look at the database and
/// the statement, an object was dropped or created, or both sessions wanted the same locks.
/// Background workers expect them: the next look shows what is left to do.
public final class ConcurrentChange {

  private ConcurrentChange() {}

  /// Whether the object is gone, or exists already, or its lock is held. The same failures have
  /// other causes too, so the caller looks whether there is still something to do.
  public static boolean isBehind(SQLException failure) {
    return switch (SqlStates.of(failure)) {
      case SqlStates.UNDEFINED_TABLE,
          SqlStates.UNDEFINED_OBJECT,
          SqlStates.FOREIGN_KEY_VIOLATION,
          // An index is a table here; a duplicate row may be one of the catalog.
          SqlStates.DUPLICATE_TABLE,
          SqlStates.DUPLICATE_OBJECT,
          SqlStates.UNIQUE_VIOLATION ->
          true;
      default -> isOverLocks(failure);
    };
  }

  /// Whether the statement lost its locks to another: a deadlock, a lock that is not available, or
  /// a serialization failure. The same statement may succeed a moment later.
  public static boolean isOverLocks(SQLException failure) {
    return SqlStates.isTransient(failure)
        || (SqlStates.INTERNAL_ERROR.equals(failure.getSQLState())
            && isOverARowOfTheCatalog(failure));
  }

  /// Whether somebody cancelled the statement, or `statement_timeout` did: PostgreSQL has one code
  /// for both.
  public static boolean isCancelled(SQLException failure) {
    return SqlStates.QUERY_CANCELED.equals(failure.getSQLState());
  }

  /// Two sessions changed the same index or table at once. PostgreSQL has no code of its own for
  /// that, but it says which of its routines found out.
  private static boolean isOverARowOfTheCatalog(SQLException failure) {
    return switch (SqlStates.routine(failure)) {
      case "simple_heap_update", "simple_heap_delete" -> true;
      default -> false;
    };
  }
}
