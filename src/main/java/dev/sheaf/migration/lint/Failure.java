package dev.sheaf.migration.lint;

import dev.sheaf.database.SqlStates;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// What PostgreSQL said to a statement that it did not do.
///
/// @param state its SQLSTATE
/// @param message its own words, in its own language
/// @param routine the function of the server, or of an extension, that rejected it; empty when the
///   server does not say
public record Failure(String state, String message, String routine) {

  /// pgvector's function that checks the column of an index, of either kind.
  private static final String VECTOR_INDEX_CHECK = "InitBuildState";

  static Failure of(SQLException e) {
    ServerErrorMessage server = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    String message = server == null ? e.getMessage() : server.getMessage();
    String routine = server == null ? null : server.getRoutine();
    return new Failure(
        SqlStates.of(e),
        String.valueOf(message).strip().replaceAll("\\s+", " "),
        routine == null ? "" : routine);
  }

  /// Whether the statement runs outside of transactions only.
  public static boolean refusesTransaction(@Nullable Failure failure) {
    return failure != null && failure.state.equals(SqlStates.ACTIVE_SQL_TRANSACTION);
  }

  /// Whether a value of an enum was used in the transaction that added it.
  public static boolean usesNewEnumValue(@Nullable Failure failure) {
    return failure != null && failure.state.equals(SqlStates.UNSAFE_NEW_ENUM_VALUE_USAGE);
  }

  /// Whether vectors are wider than their index takes.
  public static boolean exceedsDimensions(@Nullable Failure failure) {
    return failure != null
        && failure.state.equals(SqlStates.PROGRAM_LIMIT_EXCEEDED)
        && failure.routine.equals(VECTOR_INDEX_CHECK);
  }

  /// Whether other rows might have let it pass: a violated constraint, a value that cannot be read.
  boolean isAboutRows() {
    return SqlStates.isAboutRows(state);
  }
}
