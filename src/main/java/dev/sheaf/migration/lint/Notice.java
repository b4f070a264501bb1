package dev.sheaf.migration.lint;

import dev.sheaf.database.SqlStates;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

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
      notices.add(
          new Notice(
              SqlStates.of(warning),
              String.valueOf(warning.getMessage()),
              SqlStates.routine(warning)));
    }
    return notices;
  }
}
