package dev.sheaf.migration.backfill;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import org.postgresql.PGConnection;

/// Decides whether a backfill must wait because of other work on the server or on its table.
final class ServerLoad {

  private static final String QUERY =
      """
      WITH RECURSIVE target (relation) AS (
          SELECT ?::regclass::oid
          UNION
          -- pg_partition_tree() would lock the partitions.
          SELECT i.inhrelid FROM pg_inherits i JOIN target w ON w.relation = i.inhparent
      )
      SELECT format('other sessions that are waiting for a lock on %s', l.relation::regclass)
        FROM pg_locks l
        JOIN target w ON w.relation = l.relation
       WHERE NOT l.granted
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      UNION ALL
      SELECT format('the vacuum of %s', v.relid::regclass)
        FROM pg_stat_progress_vacuum v
        JOIN target w ON w.relation = v.relid
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
      SELECT format('the replication slot %s, which retains %s of WAL', slot_name,
                    pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)))
        FROM pg_replication_slots
       WHERE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > ?
      UNION ALL
      SELECT 'WAL archiving, which is failing'
        FROM pg_stat_archiver
       WHERE current_setting('archive_mode') <> 'off'
         AND last_failed_time > coalesce(last_archived_time, '-infinity')
       LIMIT 1
      """;

  private final Connection connection;
  private final BackfillConfig config;
  private final String table;

  /// @param table the backfill's table
  ServerLoad(Connection connection, BackfillConfig config, String table) {
    this.connection = connection;
    this.config = config;
    this.table = table;
  }

  /// The reason to wait, as a noun phrase; empty if there is none.
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

  /// Whether another session is waiting for a lock of this connection's transaction.
  boolean blocksOthers() throws SQLException {
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
