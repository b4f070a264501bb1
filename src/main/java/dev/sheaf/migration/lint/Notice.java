package dev.sheaf.migration.lint;

import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

/// A notice or warning of a statement that succeeded.
///
/// @param state the SQLSTATE
/// @param message PostgreSQL's message, in the server's language
/// @param routine the function of the server or an extension that sent it; empty if unknown
public record Notice(String state, String message, String routine) {

  /// The notices of the last execution of `statement`.
  static List<Notice> of(Statement statement) throws SQLException {
    List<Notice> notices = new ArrayList<>();
    for (SQLWarning warning = statement.getWarnings();
        warning != null;
        warning = warning.getNextWarning()) {
      ServerErrorMessage server =
          warning instanceof PSQLWarning p ? p.getServerErrorMessage() : null;
      String routine = server == null ? null : server.getRoutine();
      notices.add(
          new Notice(
              String.valueOf(warning.getSQLState()),
              String.valueOf(warning.getMessage()),
              routine == null ? "" : routine));
    }
    return notices;
  }
}
