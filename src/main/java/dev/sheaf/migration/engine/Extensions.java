package dev.sheaf.migration.engine;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.database.Sql;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.SqlStatement;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
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

  /// A statement after which a name may mean something else.
  private static final Pattern CHANGES_NAMES =
      Pattern.compile(
          "(?:SET|SELECT|DO|ALTER\\s+(?:ROLE|USER|DATABASE|SYSTEM))\\b.*\\bsearch_path\\b.*"
              + "|(?:ALTER|DROP)\\s+EXTENSION\\b.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /// A string, and so the body of a function.
  private static final Pattern STRING =
      Pattern.compile("'(?:[^']|'')*+'|\\$(\\w*)\\$.*?(?:\\$\\1\\$|$)", Pattern.DOTALL);

  /// The name of a column.
  private static final String COLUMN =
      "(?!(?:ALL|COLUMN|CONSTRAINT|DISTINCT|LIKE|SELECT|TABLE)\\b)(?:\"[^\"]+\"|[\\w$]+)";

  private Extensions() {}

  /// A type of an extension that is not found by its bare name.
  ///
  /// @param wayOut what makes it visible
  private record HiddenType(
      String name, String extension, String schema, String searchPath, String wayOut) {

    /// Whether `sql`, without comments and strings, names it bare where only a type can stand: with
    /// a width, after `::`, or after the name of a column of a table.
    boolean isUsedIn(String sql) {
      String type = "\"?" + Pattern.quote(name) + "(?![\\w$.])\"?";
      return Pattern.compile(
              """
              (?<![\\w$."])%1$s\\s*\\(\\s*\\d+\\s*\\)
              |::\\s*%1$s
              |^CREATE\\b.*\\bTABLE\\b.*[(,]\\s*%2$s\\s+%1$s
              |^ALTER\\s+TABLE\\b.*\\bADD(?:\\s+COLUMN)?(?:\\s+IF\\s+NOT\\s+EXISTS)?\\s+%2$s\\s+%1$s
              |^ALTER\\s+TABLE\\b.*\\bTYPE\\s+%1$s
              """
                  .formatted(type, COLUMN),
              Pattern.CASE_INSENSITIVE | Pattern.DOTALL | Pattern.COMMENTS)
          .matcher(sql)
          .find();
    }
  }

  /// Requires that the types of installed extensions are found by the names that `changesets` use.
  /// On managed servers extensions are often in a schema of their own.
  ///
  /// Names with their schema, and changesets that set the search path themselves, are accepted.
  ///
  /// @param connection with the search path of the changesets
  /// @throws OperatorException naming the extension, its schema and what makes it visible
  static void requireVisible(Connection connection, List<Changeset> changesets)
      throws SQLException {
    List<HiddenType> hidden = new ArrayList<>(hiddenTypes(connection));
    for (Changeset changeset : changesets) {
      for (SqlStatement statement : changeset.up()) {
        String sql = hidden.isEmpty() ? "" : statement.beginning();
        if (hidden.isEmpty() || CHANGES_NAMES.matcher(sql).matches()) {
          return;
        }
        String outsideOfStrings = STRING.matcher(sql).replaceAll("''");
        for (HiddenType type : hidden) {
          if (type.isUsedIn(outsideOfStrings)) {
            throw new OperatorException(
                "%s uses the type %s, but the extension %s is installed in schema %s, which is not in the search_path (%s)"
                    .formatted(
                        changeset.file().shortPath(),
                        type.name(),
                        type.extension(),
                        type.schema(),
                        type.searchPath()),
                type.wayOut());
          }
        }
      }
      hidden.removeIf(type ->
          changeset.creates().stream()
              .anyMatch(created -> created.name().equalsIgnoreCase(type.name())));
    }
  }

  private static List<HiddenType> hiddenTypes(Connection connection) throws SQLException {
    String sql =
        """
        SELECT typname, extname, quote_ident(nspname), path,
               CASE
                   WHEN source IN ('client', 'session') THEN
                       'add that schema to the URL: currentSchema=' || concat_ws(',', replace(nullif(path, ''), ' ', ''), nspname)
                   WHEN source IN ('user', 'database user') THEN
                       format('run: ALTER ROLE %I IN DATABASE %I SET search_path = %s', current_user, current_database(), visible)
                   ELSE format('run: ALTER DATABASE %I SET search_path = %s', current_database(), visible)
               END
          FROM pg_type t
          JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
           AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
          JOIN pg_extension e ON e.oid = d.refobjid
          JOIN pg_namespace n ON n.oid = typnamespace
         CROSS JOIN (SELECT setting AS path, source FROM pg_settings WHERE name = 'search_path') AS s
         CROSS JOIN LATERAL (SELECT concat_ws(', ', nullif(path, ''), quote_ident(nspname)) AS visible) AS v
         WHERE typtype IN ('b', 'd', 'e', 'r')
           AND typname !~ '^_'
           AND has_schema_privilege(n.oid, 'USAGE')
           AND to_regtype(quote_ident(typname)) IS NULL
         ORDER BY typname
        """;
    return Sql.of(sql)
        .list(
            connection,
            row ->
                new HiddenType(
                    row.getString(1),
                    row.getString(2),
                    row.getString(3),
                    row.getString(4),
                    row.getString(5)));
  }

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
      for (SqlStatement statement : changeset.up()) {
        Matcher matcher = CREATE.matcher(statement.sql());
        while (matcher.find()) {
          wanted.add(matcher.group(1));
        }
      }
    }
    return wanted;
  }
}
