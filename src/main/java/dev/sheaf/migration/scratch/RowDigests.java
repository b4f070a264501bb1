package dev.sheaf.migration.scratch;

import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Detail;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.catalog.CatalogReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What the rows of every table say, in the columns that the tables have at one moment, so that it
/// can be seen later whether those rows still say it.
///
/// @param digests of the rows, by the query that computes them
public record RowDigests(Map<Query, List<String>> digests) {

  /// @param table its name, or that of the partitioned table above it
  private record Query(String table, String sql) {}

  /// What became of the rows.
  ///
  /// @param lost tables of which a row is not there any more as it was
  /// @param added tables that have all their rows, and others
  public record Changes(List<String> lost, List<String> added) {}

  static RowDigests of(Connection connection) throws SQLException {
    Catalog catalog = CatalogReader.read(connection, Detail.FACTS);
    Map<Query, List<String>> digests = new LinkedHashMap<>();
    for (Relation table : catalog.userTables()) {
      String columns =
          table.columns().stream().map(Column::quoted).collect(Collectors.joining(", "));
      Query query =
          new Query(
              catalog.root(table).fullReference(),
              "SELECT md5(ROW(%s)::text) FROM ONLY %s".formatted(columns, table.fullReference()));
      digests.put(query, digest(connection, query));
    }
    return new RowDigests(digests);
  }

  private static List<String> digest(Connection connection, Query query) throws SQLException {
    return Sql.of(query.sql()).list(connection, row -> row.getString(1));
  }

  /// Looks again.
  ///
  /// @param connection outside a transaction
  public Changes changes(Connection connection) throws SQLException {
    List<String> lost = new ArrayList<>();
    List<String> added = new ArrayList<>();
    for (Map.Entry<Query, List<String>> entry : digests.entrySet()) {
      Query query = entry.getKey();
      try {
        List<String> rows = digest(connection, query);
        if (!entry.getValue().stream().allMatch(rows::remove)) {
          lost.add(query.table());
        } else if (!rows.isEmpty()) {
          added.add(query.table());
        }
      } catch (SQLException e) {
        switch (SqlStates.of(e)) {
          case SqlStates.UNDEFINED_TABLE, SqlStates.UNDEFINED_COLUMN -> lost.add(query.table());
          default -> throw e;
        }
      }
    }
    return new Changes(lost.stream().distinct().toList(), added.stream().distinct().toList());
  }
}
