package dev.sheaf.database;

import java.sql.Connection;
import java.sql.SQLException;

/// The number of rows of a table. Counting all rows of a large table takes long, so that is done
/// only on request.
///
/// @param estimated whether `rows` is an estimate
public record RowCount(long rows, boolean estimated) {

  /// Up to this number, rows are always counted.
  public static final int COUNTED = 1_000;

  /// The exact number of rows of `table` if they are few, and an estimate otherwise.
  ///
  /// PostgreSQL counts the rows that are inserted and deleted, but forgets that after a crash and
  /// does not know it on a standby. `reltuples` is then known, but no time of an `ANALYZE` or
  /// `VACUUM`. The second best estimate is the density of rows at that time.
  public static RowCount of(Connection connection, String table) throws SQLException {
    String countOrEstimate =
        """
        SELECT counted.rows,
               CASE WHEN c.reltuples <= 0 OR c.relpages = 0
                         OR COALESCE(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid),
                                     pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) IS NOT NULL
                    THEN pg_stat_get_live_tuples(c.oid)
                    ELSE (c.reltuples / c.relpages
                            * (pg_relation_size(c.oid) / current_setting('block_size')::int))::bigint END
          FROM pg_class c
         CROSS JOIN (SELECT count(*) AS rows FROM (SELECT 1 FROM %1$s LIMIT %2$s) few) counted
         WHERE c.oid = '%1$s'::regclass
        """
            .formatted(table, COUNTED + 1);
    return Sql.of(countOrEstimate)
        .first(
            connection,
            row ->
                row.getLong(1) <= COUNTED
                    ? new RowCount(row.getLong(1), false)
                    : new RowCount(
                        Math.max(
                            row.getLong(1),
                            row.getLong(2) == 0 ? ofShards(connection, table) : row.getLong(2)),
                        true))
        .orElseThrow();
  }

  /// The estimated number of rows of the shards of a table. On the coordinator of a Citus cluster,
  /// the table itself is empty.
  ///
  /// @return 0 if it has no shards
  private static long ofShards(Connection connection, String table) throws SQLException {
    if (!Sql.of("SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL")
        .isTrue(connection)) {
      return 0;
    }
    String sum =
        """
        SELECT COALESCE(sum(result::bigint), 0)
          FROM run_command_on_shards('%s',
               'SELECT greatest(reltuples::bigint, pg_stat_get_live_tuples(oid)) FROM pg_class WHERE oid = ''%%s''::regclass')
         WHERE success
        """
            .formatted(table);
    return Sql.of(sum).first(connection, row -> row.getLong(1)).orElseThrow();
  }

  /// The exact number of rows of `table`.
  public static RowCount exactly(Connection connection, String table) throws SQLException {
    return Sql.of("SELECT count(*) FROM " + table)
        .first(connection, row -> new RowCount(row.getLong(1), false))
        .orElseThrow();
  }

  /// Whether `table` has at least `min` rows. Counts no more than that.
  public static boolean isAtLeast(Connection connection, String table, int min)
      throws SQLException {
    return Sql.of(
            "SELECT count(*) >= %2$s FROM (SELECT 1 FROM %1$s LIMIT %2$s) few"
                .formatted(table, min))
        .isTrue(connection);
  }
}
