package dev.sheaf.collection;

import dev.sheaf.database.Sql;
import java.sql.Connection;
import java.sql.SQLException;

/// How many locks the database server can hold, and how many a backup needs: `pg_dump` locks each
/// table. The server fails with `out of shared memory` if it needs more locks, also in sessions of
/// others.
///
/// @param perTransaction `max_locks_per_transaction`
/// @param transactions `max_connections` and `max_prepared_transactions` together
/// @param needed by a backup
record ServerLocks(long perTransaction, long transactions, long needed) {

  /// The partitions of a collection with one space.
  private static final int TABLES = 3;

  /// Other tables, and the catalog, which a backup reads, too.
  private static final int OTHERS = 200;

  private static final String SELECT =
      """
      SELECT current_setting('max_locks_per_transaction')::bigint,
             current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint,
             2 * (SELECT count(*) FROM collection) + (SELECT count(*) FROM embedding_space) + ?
      """;

  static ServerLocks of(Connection connection) throws SQLException {
    return Sql.of(SELECT, OTHERS)
        .first(connection, row -> new ServerLocks(row.getLong(1), row.getLong(2), row.getLong(3)))
        .orElseThrow();
  }

  boolean sufficeForAnother() {
    return needed + TABLES <= perTransaction * transactions;
  }

  /// What to do if they do not suffice, in sentences. The suggested value leaves room for twice as
  /// many collections.
  String tooFew() {
    long suggested = Math.ceilDiv(2 * needed, transactions);
    return "With another collection, a backup would need more locks than the database server can"
        + " hold: %s, because max_locks_per_transaction is %s. Set max_locks_per_transaction to %s in"
            .formatted(perTransaction * transactions, perTransaction, suggested)
        + " the configuration of PostgreSQL and restart it, or drop collections. If no backup is made"
        + " with pg_dump, set sheaf.limits.backup-locks to false instead.";
  }
}
