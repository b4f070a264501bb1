package dev.sheaf.migration.execute;

import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.SqlStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The objects that the rollback of a changeset drops.
final class RollbackTargets {

  private static final Pattern DROP =
      Pattern.compile(
          "DROP\\s+(TABLE|INDEX|VIEW|MATERIALIZED\\s+VIEW|SEQUENCE|SCHEMA|TYPE|DOMAIN)\\s+"
              + "(?:CONCURRENTLY\\s+)?(?:IF\\s+EXISTS\\s+)?"
              + ConcurrentStep.Patterns.NAME
              + "(?:\\s+RESTRICT)?\\s*;?",
          Pattern.CASE_INSENSITIVE);

  private RollbackTargets() {}

  /// The positions of the statements that drop existing objects.
  ///
  /// @return `null` if the objects cannot be determined, because a statement does not drop exactly
  ///   one object
  static @Nullable Set<Integer> existing(Connection connection, Changeset changeset)
      throws SQLException {
    List<SqlStatement> statements = changeset.down();
    if (statements == null) {
      return null;
    }
    Set<Integer> existing = new TreeSet<>();
    for (int i = 0; i < statements.size(); i++) {
      Matcher drop = DROP.matcher(statements.get(i).withoutLeadingComments());
      if (!drop.matches()) {
        return null;
      }
      if (exists(connection, drop.group(1), drop.group(2))) {
        existing.add(i);
      }
    }
    return existing;
  }

  private static boolean exists(Connection connection, String kind, String name)
      throws SQLException {
    String lookup =
        switch (kind.toUpperCase(Locale.ROOT)) {
          case "SCHEMA" -> "to_regnamespace(?)";
          case "TYPE", "DOMAIN" -> "to_regtype(?)";
          default -> "to_regclass(?)";
        };
    try (PreparedStatement select =
        connection.prepareStatement("SELECT " + lookup + " IS NOT NULL")) {
      select.setString(1, name);
      try (ResultSet row = select.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }
}
