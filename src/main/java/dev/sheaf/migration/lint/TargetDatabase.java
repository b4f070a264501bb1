package dev.sheaf.migration.lint;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Sizes, settings and extensions of the database that a changeset is meant for, from its system
/// catalogs, and its rows, which are only counted.
///
/// @param sizes table sizes by qualified name; a partitioned table has the sum of its partitions
/// @param settings values of settings, by name
/// @param extensions versions of extensions, by name
/// @param rows counts its rows
public record TargetDatabase(
    Map<String, Size> sizes,
    Map<String, String> settings,
    Map<String, String> extensions,
    LiveRows rows) {

  /// A target without rows.
  public TargetDatabase(
      Map<String, Size> sizes, Map<String, String> settings, Map<String, String> extensions) {
    this(sizes, settings, extensions, new LiveRows(null));
  }

  /// A target about which nothing is known.
  public static final TargetDatabase UNKNOWN = new TargetDatabase(Map.of(), Map.of(), Map.of());

  private static final String SIZES =
      """
      SELECT format('%s.%s', n.nspname, c.relname),
             (SELECT coalesce(sum(pg_total_relation_size(p.relid)), 0)
                FROM (SELECT c.oid AS relid UNION SELECT relid FROM pg_partition_tree(c.oid)) p),
             (SELECT coalesce(sum(greatest(l.reltuples, 0)), 0)
                FROM pg_class l
               WHERE l.relkind IN ('r', 'm')
                 AND l.oid IN (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid)))
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'm')
         AND n.nspname !~ '^(pg_|information_schema$)'
      """;

  /// Reads a database.
  ///
  /// @throws dev.sheaf.runtime.OperatorException if the database cannot be read
  public static TargetDatabase of(DatabaseAddress address) {
    Map<String, Size> sizes = new HashMap<>();
    Map<String, String> settings = new HashMap<>();
    Map<String, String> extensions = new HashMap<>();
    try (Connection connection = address.open("sheaf check")) {
      connection.setReadOnly(true);
      try (Statement select = connection.createStatement();
          ResultSet row = select.executeQuery(SIZES)) {
        while (row.next()) {
          sizes.put(row.getString(1), new Size(row.getLong(2), row.getLong(3)));
        }
      }
      try (Statement select = connection.createStatement();
          ResultSet row = select.executeQuery("SELECT name, setting FROM pg_settings")) {
        while (row.next()) {
          settings.put(row.getString(1), String.valueOf(row.getString(2)));
        }
      }
      try (Statement select = connection.createStatement();
          ResultSet row = select.executeQuery("SELECT extname, extversion FROM pg_extension")) {
        while (row.next()) {
          extensions.put(row.getString(1), row.getString(2));
        }
      }
    } catch (SQLException e) {
      throw SqlErrorMessage.running(address, "reading its statistics", e);
    }
    return new TargetDatabase(
        Map.copyOf(sizes), Map.copyOf(settings), Map.copyOf(extensions), new LiveRows(address));
  }

  public @Nullable Size size(String table) {
    return sizes.get(table);
  }
}
