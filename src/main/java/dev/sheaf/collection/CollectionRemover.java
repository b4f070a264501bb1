package dev.sheaf.collection;

import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.database.Sql;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.execute.ObjectTemplates;
import io.agroal.api.AgroalDataSource;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/// Removes the tables of dropped collections, which have no active space, and then their rows, each
/// collection in one transaction.
///
/// This needs the strongest lock on the tables of the collection, and on the partitioned tables
/// that all collections share. A backup holds weaker ones for all its time. The lock is therefore
/// not awaited: whoever comes later would wait behind it. If it is not available, the next run
/// tries again.
@ApplicationScoped
class CollectionRemover {

  private static final Logger LOG = Logger.getLogger(CollectionRemover.class);

  /// Others wait for at most this long.
  private static final String LOCK_TIMEOUT = "SELECT set_config('lock_timeout', '10ms', true)";

  private static final String DROPPED =
      """
      SELECT id
        FROM collection
       WHERE active_space_id IS NULL
       ORDER BY id
      """;

  /// Empty if another replica is removing the collection, or has.
  private static final String TAKE =
      """
      SELECT id
        FROM collection
       WHERE id = ?
         AND active_space_id IS NULL
         FOR UPDATE SKIP LOCKED
      """;

  /// An index build would hold its lock on the table until it completes.
  private static final String CANCEL_INDEX_BUILDS =
      """
      SELECT pg_cancel_backend(p.pid)
        FROM embedding_space s
        JOIN pg_stat_progress_create_index p
          ON p.relid IN (to_regclass('embedding_' || s.id), to_regclass('document_' || s.collection_id))
       WHERE s.collection_id = ?
         AND p.datname = current_database()
      """;

  private final AgroalDataSource dataSource;
  private final ObjectTemplates templates;

  CollectionRemover(AgroalDataSource dataSource, ObjectTemplates templates) {
    this.dataSource = dataSource;
    this.templates = templates;
  }

  /// Begins now, and does not wait for the end.
  void start() {
    Thread.ofVirtual().name("collection-removal").start(this::removeDropped);
  }

  @Scheduled(
      every = "5s",
      delayed = "5s",
      concurrentExecution = ConcurrentExecution.SKIP,
      skipExecutionIf = ReadOnlyWatch.class)
  void removeDropped() {
    try {
      for (long collectionId : Sql.of(DROPPED).list(dataSource, row -> row.getLong(1))) {
        tryRemove(collectionId);
      }
    } catch (SQLException | RuntimeException e) {
      // The database is unavailable; the next run finds the same collections.
      LOG.warnf("Dropped collections not removed: reason=%s", e.getMessage());
    }
  }

  private void tryRemove(long collectionId) {
    try {
      if (Transactions.call(dataSource, connection -> remove(connection, collectionId))) {
        LOG.infof("Tables of a dropped collection removed: collection=%s", collectionId);
      }
    } catch (SQLException e) {
      // Others use the tables. Other collections are not affected.
      LOG.logf(
          ConcurrentChange.isOverLocks(e) ? Logger.Level.DEBUG : Logger.Level.WARN,
          "Tables of a dropped collection not removed: collection=%s reason=%s",
          collectionId,
          e.getMessage());
    }
  }

  /// @return whether this replica has removed it
  private boolean remove(Connection connection, long collectionId) throws SQLException {
    if (Sql.of(TAKE, collectionId).first(connection, row -> row.getLong(1)).isEmpty()) {
      return false;
    }
    Sql.of(CANCEL_INDEX_BUILDS, collectionId).list(connection, row -> row.getBoolean(1));
    Sql.of(LOCK_TIMEOUT).list(connection, row -> row.getString(1));
    List<Long> spaces =
        Sql.of("SELECT id FROM embedding_space WHERE collection_id = ? ORDER BY id", collectionId)
            .list(connection, row -> row.getLong(1));
    for (long space : spaces) {
      templates.revert(connection, "space", Map.of("space_id", space));
    }
    templates.revert(connection, "collection", Map.of("collection_id", collectionId));
    Sql.of("DELETE FROM collection WHERE id = ?", collectionId).update(connection);
    return true;
  }
}
