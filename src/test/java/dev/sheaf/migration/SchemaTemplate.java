package dev.sheaf.migration;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.scratch.TemplateDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/// The template database that the project's tests clone: every module, up to date.
public final class SchemaTemplate {

  private static final String A_DAY = "24 hours";

  private SchemaTemplate() {}

  /// Creates the template unless it exists.
  ///
  /// @param prefix the prefix of its name. The rest is the fingerprint of the changelogs, so that
  ///   checkouts with different changelogs do not share one.
  /// @return its name
  public static String ensure(DatabaseAddress server, String prefix) {
    Changelogs changelogs = Changelogs.bundled();
    Modules modules = Modules.everything(changelogs);
    String name = prefix + "_" + changelogs.fingerprint(modules.enabled()).substring(0, 12);
    MigrationResult result =
        TemplateDatabase.refresh(
            server,
            name,
            changelogs.fingerprint(modules.enabled()),
            address ->
                new Migrations(address, TestConfig.schema(), changelogs, modules, false)
                    .up(new MigrationListener() {}));
    if (!result.orThrow().executed().isEmpty()) {
      dropOutdated(server, prefix, name);
    }
    return name;
  }

  /// Drops templates of earlier changelogs that are not in use any more.
  private static void dropOutdated(DatabaseAddress server, String prefix, String current) {
    String sql =
        """
        SELECT datname
          FROM pg_database
         WHERE datname ~ '^%s_[0-9a-f]{12}$'
           AND datname <> '%s'
           AND (pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification < now() - interval '%s'
        """
            .formatted(prefix, current, A_DAY);
    try (Connection connection = server.open("sheaf test");
        Statement statement = connection.createStatement()) {
      List<String> outdated = new ArrayList<>();
      try (ResultSet row = statement.executeQuery(sql)) {
        while (row.next()) {
          outdated.add(row.getString(1));
        }
      }
      for (String name : outdated) {
        TemplateDatabase.drop(statement, name);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("dropping outdated templates", e);
    }
  }
}
