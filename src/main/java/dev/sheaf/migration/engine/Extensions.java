package dev.sheaf.migration.engine;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.migration.changelog.Changeset;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The extensions that changesets create.
final class Extensions {

  private static final Pattern CREATE =
      Pattern.compile(
          "\\bCREATE\\s+EXTENSION\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?\"?(\\w+)",
          Pattern.CASE_INSENSITIVE);

  private Extensions() {}

  /// Requires that the server has every extension that `changesets` create.
  ///
  /// @throws OperatorException naming the server and the package of a missing extension
  static void requireAvailable(
      Connection connection, DatabaseAddress address, List<Changeset> changesets)
      throws SQLException {
    Set<String> wanted = wanted(changesets);
    if (wanted.isEmpty()) {
      return;
    }
    String sql =
        """
        SELECT extension, current_setting('server_version'), current_setting('server_version_num')::int / 10000
          FROM unnest(?::text[]) AS extension
         WHERE extension NOT IN (SELECT name FROM pg_available_extensions)
         ORDER BY extension
        """;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setArray(1, connection.createArrayOf("text", wanted.toArray()));
      try (ResultSet row = select.executeQuery()) {
        if (row.next()) {
          throw PostgresServer.missingExtension(
              address, row.getString(2).replaceFirst(" .*", ""), row.getInt(3), row.getString(1));
        }
      }
    }
  }

  private static Set<String> wanted(List<Changeset> changesets) {
    Set<String> wanted = new TreeSet<>();
    for (Changeset changeset : changesets) {
      for (String sql : changeset.up()) {
        Matcher matcher = CREATE.matcher(sql);
        while (matcher.find()) {
          wanted.add(matcher.group(1));
        }
      }
    }
    return wanted;
  }
}
