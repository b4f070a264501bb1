package dev.sheaf.migration.lint;

import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

/// What PostgreSQL said to a statement that it did.
///
/// @param state its SQLSTATE
/// @param message its own words, in its own language
/// @param routine the function of the server, or of an extension, that said it; empty when the
///   server does not say
public record Notice(String state, String message, String routine) {

  /// Everything that it said to the last statement.
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
