package dev.sheaf.migration.backfill;

import dev.sheaf.database.Sql;
import dev.sheaf.migration.changelog.BackfillDeclaration;
import dev.sheaf.migration.execute.BackfillCheck;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/// Pages through the rows of a table in the order of a unique key, which an index provides without
/// sorting. Key values are passed as text.
final class KeysetPaging {

  private final PGConnection connection;
  private final String table;
  private final List<KeyColumn> columns;

  private KeysetPaging(Connection connection, String table, List<KeyColumn> columns)
      throws SQLException {
    this.connection = connection.unwrap(PGConnection.class);
    this.table = table;
    this.columns = columns;
  }

  /// A column of the key.
  ///
  /// @param name its name, quoted if necessary
  private record KeyColumn(String name, String type) {}

  /// The rows of one batch.
  ///
  /// @param after the key of the last row before it; `null` if it begins with the first row
  /// @param upto the key of its last row
  /// @param rows number of rows
  record KeyRange(@Nullable List<String> after, List<String> upto, int rows) {}

  /// @throws OperatorException if the key does not identify every row
  static KeysetPaging of(Connection connection, String table, List<String> key)
      throws SQLException {
    String quoted = BackfillCheck.requireKey(connection, table, key);
    requireVisible(connection, table, quoted);
    return new KeysetPaging(connection, quoted, columns(connection, quoted, key));
  }

  private static void requireVisible(Connection connection, String table, String quoted)
      throws SQLException {
    String role = connection.getMetaData().getUserName();
    if (Sql.of("SELECT row_security_active(?::regclass)", quoted).isTrue(connection)) {
      throw new OperatorException(
          "row-level security hides rows of table %s from the role %s".formatted(table, role),
          "use a role with BYPASSRLS, or set NO FORCE ROW LEVEL SECURITY on the table until the backfill is done");
    }
  }

  private static List<KeyColumn> columns(Connection connection, String table, List<String> key)
      throws SQLException {
    String sql =
        """
        SELECT quote_ident(k.name), format_type(a.atttypid, a.atttypmod)
          FROM unnest(?) WITH ORDINALITY k(name, position)
          JOIN pg_attribute a ON a.attrelid = ?::regclass AND a.attname = k.name AND NOT a.attisdropped
         ORDER BY k.position
        """;
    List<KeyColumn> columns = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setArray(1, connection.createArrayOf("text", key.toArray()));
      select.setString(2, table);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          columns.add(new KeyColumn(row.getString(1), row.getString(2)));
        }
      }
    }
    return List.copyOf(columns);
  }

  /// The highest key; `null` if the table is empty.
  @Nullable List<String> last(Statement statement) throws SQLException {
    String sql =
        "SELECT %s FROM %s ORDER BY %s LIMIT 1"
            .formatted(list("%s::text"), table, list(table + ".%s DESC"));
    try (ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? key(row) : null;
    }
  }

  private List<String> key(ResultSet row) throws SQLException {
    List<String> key = new ArrayList<>();
    for (int i = 1; i <= columns.size(); i++) {
      key.add(row.getString(i));
    }
    return List.copyOf(key);
  }

  /// The next `rows` rows, or fewer at the end; `null` if there are no more rows.
  ///
  /// @param after the key of the last row that is done; `null` for none
  /// @param last the key of the last row to do
  @Nullable KeyRange next(
      Statement statement, @Nullable List<String> after, List<String> last, int rows)
      throws SQLException {
    String sql =
        """
        WITH batch AS (SELECT %1$s FROM %2$s WHERE %3$s ORDER BY %1$s LIMIT %4$s)
        SELECT %5$s, (SELECT count(*) FROM batch) FROM batch ORDER BY %6$s LIMIT 1
        """
            .formatted(
                list("%s"),
                table,
                (after == null ? "" : comparison(">", after) + " AND ") + comparison("<=", last),
                rows,
                list("%s::text"),
                // Qualified, because the unqualified name refers to the text in the select list.
                list("batch.%s DESC"));
    try (ResultSet row = statement.executeQuery(sql)) {
      if (!row.next()) {
        return null;
      }
      return new KeyRange(after, key(row), row.getInt(columns.size() + 1));
    }
  }

  /// `statement` with its placeholder replaced by the condition for the rows of `batch`.
  String bind(String statement, KeyRange batch) throws SQLException {
    String rows =
        "("
            + (batch.after() == null ? "" : comparison(">", batch.after()) + " AND ")
            + comparison("<=", batch.upto())
            + ")";
    return BackfillDeclaration.bind(statement, rows);
  }

  /// The number of rows that the last vacuum or analyze counted; `null` if there was none.
  @Nullable Long countedRows(Statement statement) throws SQLException {
    String sql =
        """
        WITH RECURSIVE part (relation) AS (
            SELECT '%s'::regclass::oid
            UNION
            SELECT i.inhrelid FROM pg_inherits i JOIN part p ON p.relation = i.inhparent
        )
        SELECT CASE WHEN bool_and(c.reltuples > 0) THEN sum(c.reltuples) END
          FROM part
          JOIN pg_class c ON c.oid = part.relation AND c.relkind = 'r'
        """
            .formatted(connection.escapeLiteral(table));
    try (ResultSet row = statement.executeQuery(sql)) {
      row.next();
      double rows = row.getDouble(1);
      return row.wasNull() ? null : (long) rows;
    }
  }

  /// The number of rows that the planner estimates from the table's size. Dead rows make it too
  /// high later.
  long estimatedRows(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery("EXPLAIN SELECT FROM " + table)) {
      row.next();
      Matcher rows = Pattern.compile("rows=(\\d+)").matcher(row.getString(1));
      return rows.find() ? Long.parseLong(rows.group(1)) : 0;
    }
  }

  /// The SQL condition that compares the key with `values`. If the key has several columns, the
  /// first one is also compared alone, because partition pruning needs that.
  private String comparison(String operator, List<String> values) throws SQLException {
    List<String> literals = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      literals.add(
          "'%s'::%s".formatted(connection.escapeLiteral(values.get(i)), columns.get(i).type()));
    }
    String whole =
        "(%s) %s (%s)".formatted(list(table + ".%s"), operator, String.join(", ", literals));
    return columns.size() == 1
        ? whole
        : "%s AND %s.%s %s %s"
            .formatted(
                whole,
                table,
                columns.getFirst().name(),
                operator.equals(">") ? ">=" : operator,
                literals.getFirst());
  }

  private String list(String format) {
    return columns.stream()
        .map(column -> format.formatted(column.name()))
        .collect(Collectors.joining(", "));
  }
}
