package dev.sheaf.schema;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What the rows of every table say, in the columns that the tables have at one moment, so that it
/// can be seen later whether those rows still say it.
///
/// @param digests by the query that computes them
record RowDigests(Map<Query, String> digests) {

  private record Query(String table, String sql) {}

  static RowDigests of(Connection connection) throws SQLException {
    String tables =
        """
        SELECT format('%I.%I', n.nspname, c.relname),
               (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
                  FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r'
           AND n.nspname NOT IN ('pg_catalog', 'information_schema')
           AND n.nspname !~ '^pg_(toast|temp)'
         ORDER BY 1
        """;
    Map<Query, String> digests = new LinkedHashMap<>();
    List<Query> queries = new ArrayList<>();
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(tables)) {
      while (row.next()) {
        String table = row.getString(1);
        String columns = row.getString(2) == null ? "" : row.getString(2);
        if (CatalogSnapshot.isOfChangelogs("table " + table)) {
          String sql =
              """
              SELECT count(*) || ' ' || coalesce(string_agg(digest, '' ORDER BY digest), '')
                FROM (SELECT md5(ROW(%s)::text) AS digest FROM ONLY %s) rows
              """
                  .formatted(columns, table);
          queries.add(new Query(table, sql));
        }
      }
    }
    for (Query query : queries) {
      digests.put(query, digest(connection, query));
    }
    return new RowDigests(digests);
  }

  private static String digest(Connection connection, Query query) throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(query.sql())) {
      row.next();
      return row.getString(1);
    }
  }

  /// The tables whose rows say something else now, or cannot be asked any more.
  ///
  /// @param connection outside a transaction
  List<String> changed(Connection connection) throws SQLException {
    List<String> changed = new ArrayList<>();
    for (Map.Entry<Query, String> entry : digests.entrySet()) {
      Query query = entry.getKey();
      try {
        if (!digest(connection, query).equals(entry.getValue())) {
          changed.add(query.table());
        }
      } catch (SQLException e) {
        switch (SqlProblem.state(e)) {
          case SqlProblem.UNDEFINED_TABLE, SqlProblem.UNDEFINED_COLUMN ->
              changed.add(query.table());
          default -> throw e;
        }
      }
    }
    return changed;
  }
}
