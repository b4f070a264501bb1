package dev.sheaf.schema.check;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// What PostgreSQL said to a statement that it did not do.
///
/// @param state its SQLSTATE
/// @param message its own words
/// @param column that it was about, with its schema and table; `null` when about none
record Failure(String state, String message, @Nullable String column) {

  private static final String ACTIVE_TRANSACTION = "25001";
  private static final String UNSAFE_ENUM_VALUE = "55P04";
  private static final String NOT_NULL_VIOLATION = "23502";
  private static final String PROGRAM_LIMIT_EXCEEDED = "54000";

  static Failure of(SQLException e) {
    ServerErrorMessage server = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    String message = server == null ? e.getMessage() : server.getMessage();
    String column =
        server == null || server.getColumn() == null
            ? null
            : server.getSchema() + "." + server.getTable() + "." + server.getColumn();
    return new Failure(
        String.valueOf(e.getSQLState()),
        String.valueOf(message).strip().replaceAll("\\s+", " "),
        column);
  }

  /// Whether the statement runs outside of transactions only.
  static boolean refusesTransaction(@Nullable Failure failure) {
    return failure != null && failure.state.equals(ACTIVE_TRANSACTION);
  }

  /// Whether a value of an enum was used in the transaction that added it.
  static boolean usesNewEnumValue(@Nullable Failure failure) {
    return failure != null && failure.state.equals(UNSAFE_ENUM_VALUE);
  }

  /// Whether a row has no value for a column that wants one.
  static boolean violatesNotNull(@Nullable Failure failure) {
    return failure != null && failure.state.equals(NOT_NULL_VIOLATION) && failure.column != null;
  }

  /// Whether vectors are wider than their index takes.
  static boolean exceedsDimensions(@Nullable Failure failure) {
    return failure != null
        && failure.state.equals(PROGRAM_LIMIT_EXCEEDED)
        && failure.message.contains("dimensions");
  }
}
