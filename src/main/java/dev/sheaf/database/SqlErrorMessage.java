package dev.sheaf.database;

import dev.sheaf.runtime.OperatorException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/// Translates errors of PostgreSQL into one line and a hint for operators.
public final class SqlErrorMessage {

  /// Where PostgreSQL rejects a query from which row-level security would hide rows.
  private static final String ROW_SECURITY_CHECK = "check_enable_rls";

  /// The file in which a server's administrator allows connections. Its name is the same in every
  /// language.
  private static final String ACCESS_FILE = "pg_hba.conf";

  /// A type of pgvector.
  private static final Pattern VECTOR = Pattern.compile("(?i)\\b(half|sparse)?vec(tor)?\\b");

  private SqlErrorMessage() {}

  /// The failure of a connection attempt.
  static OperatorException connecting(DatabaseAddress address, SQLException e) {
    String server = address.server();
    return switch (SqlStates.of(e)) {
      case SqlStates.INVALID_PASSWORD, SqlStates.INVALID_AUTHORIZATION_SPECIFICATION ->
          new OperatorException(
              "PostgreSQL at " + server + " rejects the role " + role(address) + ": " + message(e),
              message(e).contains(ACCESS_FILE)
                  ? "add a line for it to the server's pg_hba.conf; if it has one for encrypted connections, use sslmode=require"
                  : "check user and password",
              e);
      case SqlStates.CONNECTION_REJECTED ->
          address.password() == null && !isAboutTls(e)
              ? new OperatorException(
                  "PostgreSQL at " + server + " requires a password for the role " + role(address),
                  "set DB_PASSWORD, or write the password into DATABASE_URL or ~/.pgpass",
                  e)
              : notConnected(address, e);
      case SqlStates.INVALID_CATALOG_NAME ->
          new OperatorException(
              "PostgreSQL at " + server + " has no database \"" + address.database() + "\"",
              "create it: CREATE DATABASE \"" + address.database() + "\"",
              e);
      case SqlStates.TOO_MANY_CONNECTIONS ->
          new OperatorException(
              "PostgreSQL at " + server + " has no free connections",
              "raise max_connections, or close other connections",
              e);
      case SqlStates.CANNOT_CONNECT_NOW ->
          new OperatorException("PostgreSQL at " + server + " is starting up", "retry later", e);
      default -> notConnected(address, e);
    };
  }

  private static OperatorException notConnected(DatabaseAddress address, SQLException e) {
    String server = address.server();
    if (e.getCause() instanceof FileNotFoundException
        || e.getCause() instanceof NoSuchFileException) {
      return new OperatorException(
          "a certificate for the connection to PostgreSQL at "
              + server
              + " cannot be read: "
              + reason(e),
          "correct sslrootcert, sslcert or sslkey in the URL; sslmode=require encrypts without a root certificate",
          e);
    }
    if (isAboutTls(e)) {
      return new OperatorException(
          "no encrypted connection to PostgreSQL at " + server + ": " + reason(e),
          SqlStates.of(e).equals(SqlStates.CONNECTION_REJECTED)
              ? "turn ssl on in the server's configuration, or use sslmode=prefer"
              : "check sslrootcert, and whether the server's certificate is for this host; sslmode=require verifies neither",
          e);
    }
    return e.getCause() instanceof IOException
        ? new OperatorException(
            "cannot reach PostgreSQL at " + server + ": " + reason(e),
            "check host and port, and whether the server is running",
            e)
        : new OperatorException(
            "cannot connect to PostgreSQL at " + server + ": " + reason(e),
            "check the address and its parameters",
            e);
  }

  /// The driver's messages are in the language of the JVM, and contain this abbreviation in each.
  private static boolean isAboutTls(SQLException e) {
    return String.valueOf(e.getMessage()).contains("SSL")
        || e.getCause() instanceof SSLException
        || e.getCause() instanceof GeneralSecurityException;
  }

  /// The failure of an operation.
  ///
  /// @param what the operation
  public static OperatorException running(DatabaseAddress address, String what, SQLException e) {
    return running(address, what, null, e);
  }

  /// The failure of a statement.
  ///
  /// @param what the operation: a changeset, a template, a command
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
    if (SqlStates.routine(e).equals(ROW_SECURITY_CHECK)) {
      return "use a role with BYPASSRLS instead of %s, or set NO FORCE ROW LEVEL SECURITY on the table meanwhile"
          .formatted(role(address));
    }
    return switch (SqlStates.of(e)) {
      case SqlStates.INSUFFICIENT_PRIVILEGE ->
          statement != null && statement.toUpperCase(Locale.ROOT).contains("CREATE EXTENSION")
              ? "ask an administrator to run in database "
                  + address.database()
                  + ": "
                  + withoutComments(statement)
                  + ";"
              : "grant the missing privilege to the role " + role(address);
      case SqlStates.READ_ONLY_SQL_TRANSACTION ->
          "the server is a standby, or default_transaction_read_only is on (sheaf readonly status);"
              + " set the address of the primary, or sheaf.schema.jdbc-url for migrations";
      case SqlStates.UNDEFINED_OBJECT ->
          statement != null && VECTOR.matcher(statement).find()
              ? "if the extension vector is installed in another schema, add that schema to the URL: currentSchema=public,SCHEMA"
              : "";
      case SqlStates.DISK_FULL -> "the server's disk is full; this step was rolled back";
      case SqlStates.LOCK_NOT_AVAILABLE ->
          "another session holds a lock on the table; find it in pg_stat_activity, or retry later";
      case SqlStates.QUERY_CANCELED -> canceled(e);
      case SqlStates.IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
          SqlStates.IDLE_SESSION_TIMEOUT,
          SqlStates.TRANSACTION_TIMEOUT ->
          "a time limit of the role or the database ended the session; set the limit to 0 for the role "
              + role(address);
      case SqlStates.ADMIN_SHUTDOWN, SqlStates.CANNOT_CONNECT_NOW ->
          "the server is restarting, or somebody ended the session; this step is not recorded as applied, run the command again";
      case SqlStates.CRASH_SHUTDOWN ->
          "a process of the server crashed; read the server's log before you run the command again";
      case SqlStates.CONNECTION_FAILURE, SqlStates.CONNECTION_DOES_NOT_EXIST ->
          "the connection was lost; this step is not recorded as applied, run the command again;"
              + " if it fails at the same statement, read the server's log";
      default -> SqlStates.of(e).startsWith(SqlStates.PLPGSQL_ERROR_CLASS) ? raisedHint(e) : "";
    };
  }

  /// The hint of a `RAISE` in a function or changeset.
  private static String raisedHint(SQLException e) {
    ServerErrorMessage message =
        e instanceof PSQLException failure ? failure.getServerErrorMessage() : null;
    return message == null || message.getHint() == null ? "" : message.getHint();
  }

  /// PostgreSQL has one state for these. Only its message, which can be in any language, tells a
  /// time limit from a cancellation.
  private static String canceled(SQLException e) {
    return SqlStates.routine(e).startsWith("CopyGet")
        ? "the rows after COPY could not be sent; correct them"
        : "if it ran for too long, raise --statement-timeout in the file, or"
            + " sheaf.schema.statement-timeout; if somebody cancelled it, run the command again";
  }

  /// The server's message in one line, with its detail if there is one.
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
