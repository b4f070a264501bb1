package dev.sheaf.migration.lint;

import dev.sheaf.database.SqlStates;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// The error of a statement that failed.
///
/// @param state the SQLSTATE
/// @param message PostgreSQL's message, in the server's language
/// @param routine the function of the server or an extension that rejected the statement; empty if
///   unknown
public record Failure(String state, String message, String routine) {

  /// pgvector's function that checks the column of an HNSW or IVFFlat index.
  private static final String VECTOR_INDEX_CHECK = "InitBuildState";

  static Failure of(SQLException e) {
    ServerErrorMessage server = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    String message = server == null ? e.getMessage() : server.getMessage();
    return new Failure(
        SqlStates.of(e),
        String.valueOf(message).strip().replaceAll("\\s+", " "),
        SqlStates.routine(e));
  }

  /// Whether the statement cannot run in a transaction.
  public static boolean refusesTransaction(@Nullable Failure failure) {
    return failure != null && failure.state.equals(SqlStates.ACTIVE_SQL_TRANSACTION);
  }

  /// Whether an enum value was used in the transaction that added it.
  public static boolean usesNewEnumValue(@Nullable Failure failure) {
    return failure != null && failure.state.equals(SqlStates.UNSAFE_NEW_ENUM_VALUE_USAGE);
  }

  /// Whether vectors have more dimensions than the index supports.
  public static boolean exceedsDimensions(@Nullable Failure failure) {
    return failure != null
        && failure.state.equals(SqlStates.PROGRAM_LIMIT_EXCEEDED)
        && failure.routine.equals(VECTOR_INDEX_CHECK);
  }

  /// Whether the failure depends on the rows: a violated constraint, or a value that cannot be
  /// converted.
  boolean isAboutRows() {
    return SqlStates.isAboutRows(state);
  }
}
