package dev.sheaf.migration.lint;

import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/// A notice or warning of a statement that succeeded.
///
/// @param state the SQLSTATE
/// @param message PostgreSQL's message
public record Notice(String state, String message) {

  /// The notices of the last execution of `statement`.
  static List<Notice> of(Statement statement) throws SQLException {
    List<Notice> notices = new ArrayList<>();
    for (SQLWarning warning = statement.getWarnings();
        warning != null;
        warning = warning.getNextWarning()) {
      notices.add(
          new Notice(String.valueOf(warning.getSQLState()), String.valueOf(warning.getMessage())));
    }
    return notices;
  }
}
