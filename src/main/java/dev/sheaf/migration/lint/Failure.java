package dev.sheaf.migration.lint;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// What PostgreSQL said to a statement that it did not do.
///
/// @param state its SQLSTATE
/// @param message its own words
public record Failure(String state, String message) {

  private static final String ACTIVE_TRANSACTION = "25001";
  private static final String UNSAFE_ENUM_VALUE = "55P04";
  private static final String PROGRAM_LIMIT_EXCEEDED = "54000";

  static Failure of(SQLException e) {
    ServerErrorMessage server = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    String message = server == null ? e.getMessage() : server.getMessage();
    return new Failure(
        String.valueOf(e.getSQLState()), String.valueOf(message).strip().replaceAll("\\s+", " "));
  }

  /// Whether the statement runs outside of transactions only.
  public static boolean refusesTransaction(@Nullable Failure failure) {
    return failure != null && failure.state.equals(ACTIVE_TRANSACTION);
  }

  /// Whether a value of an enum was used in the transaction that added it.
  public static boolean usesNewEnumValue(@Nullable Failure failure) {
    return failure != null && failure.state.equals(UNSAFE_ENUM_VALUE);
  }

  /// Whether vectors are wider than their index takes.
  public static boolean exceedsDimensions(@Nullable Failure failure) {
    return failure != null
        && failure.state.equals(PROGRAM_LIMIT_EXCEEDED)
        && failure.message.contains("dimensions");
  }

  /// Whether other rows might have let it pass: a violated constraint, a value that cannot be read.
  boolean isAboutRows() {
    return state.startsWith("22") || state.startsWith("23");
  }
}
