package dev.sheaf.database;

import java.sql.SQLException;

/// Failures that another session's work explains: an object was dropped or created between a query
/// and the statement that relied on it, or both sessions wanted the same locks. Background workers
/// expect them and query again.
public final class ConcurrentChange {

  private ConcurrentChange() {}

  /// Whether the object is missing, exists already, or is locked. These failures have other causes
  /// too, so the caller must check whether there is still work to do.
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

  /// Whether the statement failed because of a deadlock, an unavailable lock, or a serialization
  /// failure. The same statement may succeed if it is retried.
  public static boolean isOverLocks(SQLException failure) {
    return SqlStates.isTransient(failure)
        || (SqlStates.INTERNAL_ERROR.equals(failure.getSQLState())
            && isOverARowOfTheCatalog(failure));
  }

  /// Whether the statement was cancelled by a user or by `statement_timeout`; both have the same
  /// SQLSTATE.
  public static boolean isCancelled(SQLException failure) {
    return SqlStates.QUERY_CANCELED.equals(failure.getSQLState());
  }

  /// Whether two sessions changed the same index or table at once. PostgreSQL has no SQLSTATE for
  /// this, but it reports the routine that detected it.
  private static boolean isOverARowOfTheCatalog(SQLException failure) {
    return switch (SqlStates.routine(failure)) {
      case "simple_heap_update", "simple_heap_delete" -> true;
      default -> false;
    };
  }
}
