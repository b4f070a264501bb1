package dev.sheaf.migration.execute;

import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.history.BackfillRegister;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;

/// Checks whether a declared backfill can run in a database, without running it.
public final class BackfillCheck {

  private static final String COLUMNS =
      """
      SELECT k.name, coalesce(a.attnotnull, false)
        FROM unnest(?::text[]) WITH ORDINALITY k(name, position)
        LEFT JOIN pg_attribute a ON a.attrelid = ?::regclass AND a.attname = k.name AND NOT a.attisdropped
       ORDER BY k.position
      """;

  private static final String INDEXED =
      """
      SELECT EXISTS (
             SELECT FROM pg_index i
              WHERE i.indrelid = ?::regclass
                AND i.indisunique
                AND i.indisvalid
                AND i.indpred IS NULL
                AND (SELECT array_agg(a.attname::text ORDER BY k.position)
                       FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, position)
                       LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                      WHERE k.position <= i.indnkeyatts) = ?::text[])
      """;

  private BackfillCheck() {}

  /// Requires that the key identifies every row, that the statement is valid, and that the
  /// condition is one boolean.
  ///
  /// @param connection a connection after the changeset of the backfill, with the search path of a
  ///   new session
  /// @throws OperatorException naming the file
  public static void requireValid(Connection connection, BackfillDeclaration backfill)
      throws SQLException {
    String file = backfill.name() + BackfillDeclaration.SUFFIX;
    try {
      requireKey(connection, backfill.table(), backfill.key());
      try (Statement statement = connection.createStatement()) {
        statement.setEscapeProcessing(false);
        statement.execute(
            "PREPARE sheaf_backfill AS " + BackfillDeclaration.bind(backfill.statement(), "true"));
        statement.execute("DEALLOCATE sheaf_backfill");
        try (ResultSet none =
            statement.executeQuery("SELECT * FROM (" + backfill.condition() + "\n) AS c LIMIT 0")) {
          BackfillRegister.requireBoolean(none);
        }
      }
    } catch (OperatorException e) {
      throw new OperatorException(file + ": " + e.problem(), e.hint(), e);
    } catch (SQLException e) {
      if (!SqlStates.isAboutText(e)) {
        throw e;
      }
      throw new OperatorException(
          file + ": " + SqlErrorMessage.message(e),
          "correct the file; its statement and its condition run after its changeset",
          e);
    }
  }

  /// Requires that a key identifies every row of a table.
  ///
  /// @return the table's name as SQL, with the quotes that it needs
  /// @throws OperatorException if there is no such table, a column can be null, or no unique index
  ///   has exactly these columns
  public static String requireKey(Connection connection, String table, List<String> key)
      throws SQLException {
    String quoted =
        Sql.of("SELECT to_regclass(?)::text AS name", table)
            .list(connection, row -> String.valueOf(row.getString(1)))
            .getFirst();
    if (quoted.equals("null")) {
      throw new OperatorException(
          "there is no table " + table, "correct the --backfill line of its file");
    }
    String[] names = key.toArray(String[]::new);
    for (Map.Entry<String, Boolean> column :
        Sql.of(COLUMNS, names, quoted)
            .list(connection, row -> Map.entry(row.getString(1), row.getBoolean(2)))) {
      if (!column.getValue()) {
        throw new OperatorException(
            "table %s has no NOT NULL column %s".formatted(table, column.getKey()),
            "a backfill skips rows whose key is null; correct the --backfill line of its file");
      }
    }
    if (!Sql.of(INDEXED, quoted, names).isTrue(connection)) {
      throw new OperatorException(
          "table %s has no unique index on (%s)".formatted(table, String.join(", ", key)),
          "the key of a backfill must be a primary key, or the columns of a unique index that are NOT NULL");
    }
    return quoted;
  }
}
