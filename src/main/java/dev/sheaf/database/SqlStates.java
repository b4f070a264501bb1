package dev.sheaf.database;

import java.sql.SQLException;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

/// The SQLSTATEs that Sheaf acts upon, under their names in PostgreSQL's manual, appendix A.
///
/// A state means the same on every server. The message beside it is in the server's language.
public final class SqlStates {

  public static final String CONNECTION_DOES_NOT_EXIST = "08003";
  public static final String CONNECTION_REJECTED = "08004";
  public static final String CONNECTION_FAILURE = "08006";
  public static final String DEPENDENT_OBJECTS_STILL_EXIST = "2BP01";
  public static final String INVALID_FUNCTION_DEFINITION = "42P13";
  public static final String INVALID_TABLE_DEFINITION = "42P16";
  public static final String INVALID_PARAMETER_VALUE = "22023";
  public static final String FOREIGN_KEY_VIOLATION = "23503";
  public static final String UNIQUE_VIOLATION = "23505";
  public static final String ACTIVE_SQL_TRANSACTION = "25001";
  public static final String READ_ONLY_SQL_TRANSACTION = "25006";
  public static final String NO_ACTIVE_SQL_TRANSACTION = "25P01";
  public static final String IDLE_IN_TRANSACTION_SESSION_TIMEOUT = "25P03";
  public static final String TRANSACTION_TIMEOUT = "25P04";
  public static final String INVALID_AUTHORIZATION_SPECIFICATION = "28000";
  public static final String INVALID_PASSWORD = "28P01";
  public static final String INVALID_CATALOG_NAME = "3D000";
  public static final String INVALID_SCHEMA_NAME = "3F000";
  public static final String SERIALIZATION_FAILURE = "40001";
  public static final String DEADLOCK_DETECTED = "40P01";
  public static final String INSUFFICIENT_PRIVILEGE = "42501";
  public static final String NAME_TOO_LONG = "42622";
  public static final String UNDEFINED_COLUMN = "42703";
  public static final String UNDEFINED_OBJECT = "42704";
  public static final String UNDEFINED_FUNCTION = "42883";
  public static final String DUPLICATE_OBJECT = "42710";
  public static final String UNDEFINED_TABLE = "42P01";
  public static final String DUPLICATE_DATABASE = "42P04";
  public static final String DUPLICATE_TABLE = "42P07";
  public static final String INVALID_OBJECT_DEFINITION = "42P17";
  public static final String DISK_FULL = "53100";
  public static final String TOO_MANY_CONNECTIONS = "53300";
  public static final String PROGRAM_LIMIT_EXCEEDED = "54000";
  public static final String OBJECT_NOT_IN_PREREQUISITE_STATE = "55000";
  public static final String OBJECT_IN_USE = "55006";
  public static final String LOCK_NOT_AVAILABLE = "55P03";
  public static final String UNSAFE_NEW_ENUM_VALUE_USAGE = "55P04";
  public static final String QUERY_CANCELED = "57014";
  public static final String ADMIN_SHUTDOWN = "57P01";
  public static final String CRASH_SHUTDOWN = "57P02";
  public static final String CANNOT_CONNECT_NOW = "57P03";
  public static final String IDLE_SESSION_TIMEOUT = "57P05";
  public static final String INTERNAL_ERROR = "XX000";

  /// The prefix that the states of a class share.
  public static final String WARNING_CLASS = "01";

  public static final String CONNECTION_EXCEPTION_CLASS = "08";
  public static final String DATA_EXCEPTION_CLASS = "22";
  public static final String INTEGRITY_CONSTRAINT_VIOLATION_CLASS = "23";
  public static final String INVALID_AUTHORIZATION_CLASS = "28";
  public static final String TRANSACTION_ROLLBACK_CLASS = "40";
  public static final String INSUFFICIENT_RESOURCES_CLASS = "53";
  public static final String SYNTAX_ERROR_OR_ACCESS_RULE_CLASS = "42";
  public static final String PLPGSQL_ERROR_CLASS = "P0";

  /// The operator interventions that end the session.
  public static final String SHUTDOWN_CLASS = "57P";

  private SqlStates() {}

  /// The state of a failure; empty when it has none.
  public static String of(SQLException e) {
    return e.getSQLState() == null ? "" : e.getSQLState();
  }

  /// The C function of the server or of an extension that reported a failure or a notice. It is the
  /// same in every language, and tells failures apart that share an SQLSTATE. Empty if unknown.
  public static String routine(SQLException e) {
    ServerErrorMessage message =
        switch (e) {
          case PSQLException failure -> failure.getServerErrorMessage();
          case PSQLWarning notice -> notice.getServerErrorMessage();
          default -> null;
        };
    return message == null || message.getRoutine() == null ? "" : message.getRoutine();
  }

  /// Whether the same statement may succeed if it is retried.
  public static boolean isTransient(SQLException e) {
    return switch (of(e)) {
      case LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED, SERIALIZATION_FAILURE -> true;
      default -> false;
    };
  }

  /// Whether a statement was ended while it worked or waited: by a limit of time, or by somebody.
  public static boolean isTimeout(SQLException e) {
    return switch (of(e)) {
      case LOCK_NOT_AVAILABLE, QUERY_CANCELED -> true;
      default -> false;
    };
  }

  /// Whether a statement failed because an object that it names does not exist.
  public static boolean isMissingObject(SQLException e) {
    return switch (of(e)) {
      case UNDEFINED_TABLE,
          UNDEFINED_COLUMN,
          UNDEFINED_FUNCTION,
          // Index, constraint and most other kinds.
          UNDEFINED_OBJECT,
          INVALID_SCHEMA_NAME ->
          true;
      default -> false;
    };
  }

  /// Whether the text of the statement is wrong: its syntax, a name, a type.
  public static boolean isAboutText(SQLException e) {
    return of(e).startsWith(SYNTAX_ERROR_OR_ACCESS_RULE_CLASS)
        && !of(e).equals(INSUFFICIENT_PRIVILEGE);
  }

  /// Whether the data caused the failure, or a function rejected it with an error of its own.
  public static boolean isRejection(SQLException e) {
    return isAboutRows(of(e)) || of(e).startsWith(PLPGSQL_ERROR_CLASS);
  }

  /// Whether the data caused the failure: a malformed value or a violated constraint.
  public static boolean isAboutRows(String state) {
    return state.startsWith(DATA_EXCEPTION_CLASS)
        || state.startsWith(INTEGRITY_CONSTRAINT_VIOLATION_CLASS);
  }
}
