package dev.sheaf.database;

import dev.sheaf.runtime.OperatorException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// Turns what PostgreSQL reports into what a person needs: one line and a hint.
public final class SqlErrorMessage {

  public static final String UNDEFINED_TABLE = "42P01";
  public static final String UNDEFINED_COLUMN = "42703";
  public static final String LOCK_NOT_AVAILABLE = "55P03";
  public static final String DEADLOCK_DETECTED = "40P01";

  private SqlErrorMessage() {}

  /// Why `address` could not be opened.
  static OperatorException connecting(DatabaseAddress address, SQLException e) {
    String server = address.server();
    return switch (state(e)) {
      case "28P01", "28000" ->
          new OperatorException(
              "PostgreSQL at " + server + " refuses the role " + role(address) + ": " + message(e),
              "check user and password",
              e);
      case "3D000" ->
          new OperatorException(
              "PostgreSQL at " + server + " has no database \"" + address.database() + "\"",
              "create it: CREATE DATABASE \"" + address.database() + "\"",
              e);
      case "53300" ->
          new OperatorException(
              "PostgreSQL at " + server + " has no connection left",
              "raise max_connections, or stop what holds them",
              e);
      case "57P03" ->
          new OperatorException(
              "PostgreSQL at " + server + " is starting up", "try again in a moment", e);
      default ->
          new OperatorException(
              "no PostgreSQL answers at " + server + ": " + reason(e),
              "check host and port, and that the server runs",
              e);
    };
  }

  /// Why something failed on `address`.
  ///
  /// @param what what was being done
  public static OperatorException running(DatabaseAddress address, String what, SQLException e) {
    return running(address, what, null, e);
  }

  /// Why `statement` failed on `address`.
  ///
  /// @param what what was being done: a changeset, a template, a command
  public static OperatorException running(
      DatabaseAddress address, String what, @Nullable String statement, SQLException e) {
    String problem =
        what
            + " failed: "
            + message(e)
            + (statement == null ? "" : ", in: " + firstLine(statement));
    return new OperatorException(problem, hint(address, statement, e), e);
  }

  private static String hint(DatabaseAddress address, @Nullable String statement, SQLException e) {
    return switch (state(e)) {
      case "42501" ->
          statement != null
                  && statement.toUpperCase(java.util.Locale.ROOT).contains("CREATE EXTENSION")
              ? "an administrator has to run, in database "
                  + address.database()
                  + ": "
                  + withoutComments(statement)
                  + ";"
              : "grant the role " + role(address) + " what it lacks";
      case "53100" -> "the server's disk is full; nothing of this step was kept";
      case LOCK_NOT_AVAILABLE ->
          "another session holds a lock on that table; see pg_stat_activity, or try when it is quieter";
      case "57014" ->
          "raise it with --statement-timeout in the file, or sheaf.schema.statement-timeout";
      case "25P03", "57P01", "57P02", "57P03", "08006", "08003" ->
          "the connection was lost; nothing half-done is recorded, run it again";
      default -> "";
    };
  }

  public static String state(SQLException e) {
    return e.getSQLState() == null ? "" : e.getSQLState();
  }

  /// Whether a statement failed because what it is about isn't there.
  public static boolean isMissingObject(SQLException e) {
    return switch (state(e)) {
      // Table, column, function; index, constraint and most else; schema.
      case UNDEFINED_TABLE, "42703", "42883", "42704", "3F000" -> true;
      default -> false;
    };
  }

  /// The server's own words in one line, with its detail when it has one.
  public static String message(SQLException e) {
    ServerErrorMessage server = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    if (server == null || server.getMessage() == null) {
      return reason(e);
    }
    String detail = server.getDetail();
    return oneLine(
        detail == null ? server.getMessage() : server.getMessage() + " (" + detail + ")");
  }

  private static String reason(SQLException e) {
    return switch (e.getCause()) {
      case ConnectException _ -> "connection refused";
      case UnknownHostException _ -> "unknown host";
      case null, default -> oneLine(String.valueOf(e.getMessage()));
    };
  }

  private static String role(DatabaseAddress address) {
    return address.user() == null ? "(none given)" : "\"" + address.user() + "\"";
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  private static String withoutComments(String statement) {
    return oneLine(statement.replaceAll("(?m)^\\s*--.*$", ""));
  }

  private static String firstLine(String statement) {
    String text = withoutComments(statement);
    return text.length() > 120 ? text.substring(0, 117) + "..." : text;
  }
}
