package dev.sheaf.migration.lint;

import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/// What PostgreSQL said to a statement that it did.
///
/// @param state its SQLSTATE
/// @param message its own words
public record Notice(String state, String message) {

  /// Everything that it said to the last statement.
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
