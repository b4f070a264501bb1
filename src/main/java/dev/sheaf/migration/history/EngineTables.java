package dev.sheaf.migration.history;

import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.runtime.Hashes;
import dev.sheaf.runtime.OperatorException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The engine's own tables, beside Liquibase's `databasechangelog`.
public final class EngineTables {

  /// The row of `schema_gate` that records the version of these tables.
  static final String GATE_ROW = "bookkeeping";

  private static final Pattern TABLE =
      Pattern.compile("(?ms)^CREATE TABLE IF NOT EXISTS (\\w+) \\((.*?)^\\);");

  /// A column that its table had from the beginning.
  private static final Pattern COLUMN = Pattern.compile("(?m)^    (\\w+) .* NOT NULL");

  /// What has the name of a table, and is not that table.
  private static final String OTHERS =
      """
      SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'
                          WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' ELSE 'index' END,
             format('%I.%I', current_schema(), name),
             (SELECT missing
                FROM unnest(columns) WITH ORDINALITY AS m (missing, n)
               WHERE relkind IN ('r', 'p')
                 AND missing NOT IN (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
               ORDER BY n
               LIMIT 1)
        FROM (SELECT ?::text AS name, ?::text[] AS columns) AS wanted
        JOIN pg_class c ON relname = name AND relnamespace = to_regnamespace(quote_ident(current_schema()))
      UNION ALL
      SELECT 'type', format('%I.%I', current_schema(), typname), NULL
        FROM pg_type
       WHERE typname = ? AND typrelid = 0 AND typnamespace = to_regnamespace(quote_ident(current_schema()))
      """;

  private EngineTables() {}

  /// Creates or updates the engine's tables as in [Changelogs#engineTables], unless they are
  /// recorded as up to date.
  ///
  /// @throws OperatorException if an object of another application has the name of such a table;
  ///   nothing is changed
  public static void prepare(Connection connection) throws SQLException {
    String fingerprint = fingerprint();
    if (isPrepared(connection, fingerprint)) {
      return;
    }
    requireNoOthers(connection);
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(
          """
          BEGIN;
          %1$s;
          DELETE FROM schema_gate WHERE history = '%2$s';
          INSERT INTO schema_gate (fingerprint, history) VALUES ('%3$s', '%2$s');
          COMMIT
          """
              .formatted(Changelogs.engineTables(), GATE_ROW, fingerprint));
    }
  }

  private static void requireNoOthers(Connection connection) throws SQLException {
    Matcher table = TABLE.matcher(Changelogs.engineTables());
    while (table.find()) {
      String[] columns =
          COLUMN.matcher(table.group(2)).results().map(c -> c.group(1)).toArray(String[]::new);
      List<Other> others =
          Sql.of(OTHERS, table.group(1), columns, table.group(1))
              .list(
                  connection,
                  row -> new Other(row.getString(1), row.getString(2), row.getString(3)));
      for (Other other : others) {
        if (!other.kind().equals("table") || other.missing() != null) {
          throw new OperatorException(
              "%s %s is not Sheaf's: %s"
                  .formatted(
                      other.kind(),
                      other.name(),
                      other.missing() == null
                          ? "Sheaf needs a table of this name"
                          : "it has no column " + other.missing()),
              "rename it, or give Sheaf's objects a schema of their own:"
                  + " CREATE SCHEMA sheaf, and currentSchema=sheaf,public in the URL");
        }
      }
    }
  }

  /// An object that has the name of an engine's table.
  ///
  /// @param missing a column that the engine's table has and this table has not; `null` if it has
  ///   all
  private record Other(String kind, String name, @Nullable String missing) {}

  private static boolean isPrepared(Connection connection, String fingerprint) throws SQLException {
    String sql = "SELECT EXISTS (SELECT FROM schema_gate WHERE fingerprint = ? AND history = ?)";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, fingerprint);
      select.setString(2, GATE_ROW);
      try (ResultSet row = select.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    } catch (SQLException e) {
      return switch (SqlStates.of(e)) {
        case SqlStates.UNDEFINED_TABLE, SqlStates.UNDEFINED_COLUMN -> false;
        default -> throw e;
      };
    }
  }

  private static String fingerprint() {
    return HexFormat.of()
        .formatHex(
            Hashes.sha256().digest(Changelogs.engineTables().getBytes(StandardCharsets.UTF_8)));
  }
}
