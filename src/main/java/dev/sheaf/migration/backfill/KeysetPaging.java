package dev.sheaf.migration.backfill;

import dev.sheaf.migration.Backfill;
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

/// The order in which the rows of one table are worked off: that of a unique key, which an index
/// gives without sorting. Keys travel as the texts of their columns' values.
final class KeysetPaging {

  private final PGConnection connection;
  private final String table;
  private final List<Column> columns;

  private KeysetPaging(Connection connection, String table, List<Column> columns)
      throws SQLException {
    this.connection = connection.unwrap(PGConnection.class);
    this.table = table;
    this.columns = columns;
  }

  /// @param name as SQL has to write it
  private record Column(String name, String type) {}

  /// The rows between one key and another.
  ///
  /// @param after the last row that is not in it; `null` when it begins with the first there is
  /// @param upto its last row
  /// @param rows how many it has
  record Batch(@Nullable List<String> after, List<String> upto, int rows) {}

  /// @throws OperatorException when the key does not name every row once
  static KeysetPaging of(Connection connection, String table, List<String> key)
      throws SQLException {
    String quoted = quoted(connection, table);
    List<Column> columns = columns(connection, quoted, key);
    if (!isIndexed(connection, quoted, key)) {
      throw new OperatorException(
          "table %s has no unique index on (%s)".formatted(table, String.join(", ", key)),
          "the key of a backfill is a primary key, or another unique index of columns that are never null");
    }
    return new KeysetPaging(connection, quoted, columns);
  }

  private static String quoted(Connection connection, String table) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("SELECT to_regclass(?)::text")) {
      select.setString(1, table);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        String quoted = row.getString(1);
        if (quoted == null) {
          throw new OperatorException(
              "there is no table " + table, "see the backfill's first lines");
        }
        return quoted;
      }
    }
  }

  private static List<Column> columns(Connection connection, String table, List<String> key)
      throws SQLException {
    String sql =
        """
        SELECT k.name, quote_ident(k.name), format_type(a.atttypid, a.atttypmod), coalesce(a.attnotnull, false)
          FROM unnest(?) WITH ORDINALITY k(name, position)
          LEFT JOIN pg_attribute a ON a.attrelid = ?::regclass AND a.attname = k.name AND NOT a.attisdropped
         ORDER BY k.position
        """;
    List<Column> columns = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setArray(1, connection.createArrayOf("text", key.toArray()));
      select.setString(2, table);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          if (!row.getBoolean(4)) {
            throw new OperatorException(
                "table %s has no column %s that is never null".formatted(table, row.getString(1)),
                "rows without a key would be left out; see the backfill's first lines");
          }
          columns.add(new Column(row.getString(2), row.getString(3)));
        }
      }
    }
    return List.copyOf(columns);
  }

  private static boolean isIndexed(Connection connection, String table, List<String> key)
      throws SQLException {
    String sql =
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
                        WHERE k.position <= i.indnkeyatts) = ?)
        """;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, table);
      select.setArray(2, connection.createArrayOf("text", key.toArray()));
      try (ResultSet row = select.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  /// The next `rows` rows, or as many as there are; `null` when there is none.
  @Nullable Batch next(Statement statement, @Nullable List<String> after, int rows)
      throws SQLException {
    String sql =
        """
        WITH batch AS (SELECT %1$s FROM %2$s WHERE %3$s ORDER BY %1$s LIMIT %4$s)
        SELECT %5$s, (SELECT count(*) FROM batch) FROM batch ORDER BY %6$s LIMIT 1
        """
            .formatted(
                list("%s"),
                table,
                after == null ? "true" : compared(">", after),
                rows,
                list("%s::text"),
                // Qualified: by itself the name would be that of the text.
                list("batch.%s DESC"));
    try (ResultSet row = statement.executeQuery(sql)) {
      if (!row.next()) {
        return null;
      }
      List<String> upto = new ArrayList<>();
      for (int i = 1; i <= columns.size(); i++) {
        upto.add(row.getString(i));
      }
      return new Batch(after, List.copyOf(upto), row.getInt(columns.size() + 1));
    }
  }

  /// `statement` for the rows of `batch` alone.
  String fill(String statement, Batch batch) throws SQLException {
    String rows =
        "("
            + (batch.after() == null ? "" : compared(">", batch.after()) + " AND ")
            + compared("<=", batch.upto())
            + ")";
    return Backfill.BATCH.matcher(statement).replaceAll(Matcher.quoteReplacement(rows));
  }

  /// How many rows the last vacuum or analyze counted; `null` before the first.
  @Nullable Long counted(Statement statement) throws SQLException {
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

  /// How many rows the planner guesses from the table's size, which dead rows make too many later.
  long guessed(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery("EXPLAIN SELECT FROM " + table)) {
      row.next();
      Matcher rows = Pattern.compile("rows=(\\d+)").matcher(row.getString(1));
      return rows.find() ? Long.parseLong(rows.group(1)) : 0;
    }
  }

  /// The key compared with `values`. Where it has several columns, the first is compared once more
  /// by itself, because only that excludes partitions.
  private String compared(String operator, List<String> values) throws SQLException {
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
