package dev.sheaf.migration.scratch;

import dev.sheaf.database.SqlErrorMessage;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// Databases that are dropped after use, and those that a killed process could not drop. Their
/// names say when they were created, in seconds and hexadecimal digits, by the server's clock.
public final class ThrowawayDatabases {

  /// What is behind the name of a database that another was given the name of, until it is dropped.
  public static final String REPLACED = "_old";

  private static final String OBJECT_IN_USE = "55006";

  private ThrowawayDatabases() {}

  /// Creates one, once those of the same kind are swept that killed processes have left.
  ///
  /// @param prefix what the names of this kind begin with
  /// @param template the database that it is a copy of
  /// @return its name
  public static String create(Statement statement, String prefix, String template)
      throws SQLException {
    sweep(statement, prefix);
    byte[] random = new byte[6];
    new SecureRandom().nextBytes(random);
    String name;
    try (ResultSet row =
        statement.executeQuery("SELECT to_hex(extract(epoch FROM now())::bigint)")) {
      row.next();
      name = prefix + row.getString(1) + "_" + HexFormat.of().formatHex(random);
    }
    statement.execute("CREATE DATABASE " + name + " TEMPLATE " + template);
    return name;
  }

  /// Nobody is connected to them, and they are old enough to be sure that nobody is about to be.
  private static void sweep(Statement statement, String prefix) throws SQLException {
    String sql =
        """
        SELECT datname
          FROM pg_database d
         WHERE datname ~ '^%1$s[0-9a-f]{8}_[0-9a-f]{12}(%2$s)?$'
           AND datname < '%1$s' || to_hex(extract(epoch FROM now() - interval '10 minutes')::bigint)
           AND pg_has_role(datdba, 'USAGE')
           AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)
        """
            .formatted(prefix, REPLACED);
    List<String> leftovers = new ArrayList<>();
    try (ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        leftovers.add(row.getString(1));
      }
    }
    for (String leftover : leftovers) {
      try {
        // Another process may sweep at the same time.
        statement.execute("DROP DATABASE IF EXISTS " + leftover);
      } catch (SQLException e) {
        // Somebody has connected to it just now, so it is no leftover.
        if (!SqlErrorMessage.state(e).equals(OBJECT_IN_USE)) {
          throw e;
        }
      }
    }
  }
}
