package dev.sheaf.migration.lint;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// The error of a statement that failed.
///
/// @param state the SQLSTATE
/// @param message PostgreSQL's message
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

  /// Whether the statement cannot run in a transaction.
  public static boolean refusesTransaction(@Nullable Failure failure) {
    return failure != null && failure.state.equals(ACTIVE_TRANSACTION);
  }

  /// Whether an enum value was used in the transaction that added it.
  public static boolean usesNewEnumValue(@Nullable Failure failure) {
    return failure != null && failure.state.equals(UNSAFE_ENUM_VALUE);
  }

  /// Whether vectors have more dimensions than the index supports.
  public static boolean exceedsDimensions(@Nullable Failure failure) {
    return failure != null
        && failure.state.equals(PROGRAM_LIMIT_EXCEEDED)
        && failure.message.contains("dimensions");
  }

  /// Whether the failure depends on the rows: a violated constraint, or a value that cannot be
  /// converted.
  boolean isAboutRows() {
    return state.startsWith("22") || state.startsWith("23");
  }
}
