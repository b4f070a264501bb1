package dev.sheaf.migration.backfill;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import org.postgresql.PGConnection;

/// Whether the server, or somebody at the table, would suffer from another batch now.
final class ServerLoad {

  private static final String QUERY =
      """
      WITH RECURSIVE worked_on (relation) AS (
          SELECT ?::regclass::oid
          UNION
          -- pg_partition_tree() would lock them.
          SELECT i.inhrelid FROM pg_inherits i JOIN worked_on w ON w.relation = i.inhparent
      )
      SELECT format('a lock on %s that others queue for', l.relation::regclass)
        FROM pg_locks l
        JOIN worked_on w ON w.relation = l.relation
       WHERE NOT l.granted
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      UNION ALL
      SELECT format('the vacuum of %s', v.relid::regclass)
        FROM pg_stat_progress_vacuum v
        JOIN worked_on w ON w.relation = v.relid
       WHERE v.datname = current_database()
         AND ?
      UNION ALL
      SELECT format('the replica %s, which is %s s behind', application_name, extract(epoch FROM replay_lag)::int)
        FROM pg_stat_replication
       WHERE replay_lag > make_interval(secs => ?)
      UNION ALL
      SELECT format('the replica %s, which is %s behind', application_name,
                    pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)))
        FROM pg_stat_replication
       WHERE pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) > ?
      UNION ALL
      SELECT format('the replication slot %s, for which %s are kept', slot_name,
                    pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)))
        FROM pg_replication_slots
       WHERE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > ?
      UNION ALL
      SELECT 'the archiving of write-ahead log, which fails'
        FROM pg_stat_archiver
       WHERE current_setting('archive_mode') <> 'off'
         AND last_failed_time > coalesce(last_archived_time, '-infinity')
       LIMIT 1
      """;

  private final Connection connection;
  private final BackfillConfig config;
  private final String table;

  /// @param table whose batches are meant
  ServerLoad(Connection connection, BackfillConfig config, String table) {
    this.connection = connection;
    this.config = config;
    this.table = table;
  }

  /// What to wait for; empty when nothing is in the way.
  Optional<String> reason() throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(QUERY)) {
      select.setString(1, table);
      select.setBoolean(2, config.yieldToVacuum());
      select.setDouble(3, config.maxReplicaLag().toMillis() / 1_000.0);
      select.setLong(4, config.maxWalBacklog().asLongValue());
      select.setLong(5, config.maxWalBacklog().asLongValue());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      }
    }
  }

  /// Whether anybody waits for a lock that the transaction of this connection holds.
  boolean isInTheWay() throws SQLException {
    String sql =
        "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND ? = ANY (pg_blocking_pids(pid)))";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setInt(1, connection.unwrap(PGConnection.class).getBackendPID());
      try (ResultSet row = select.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }
}
