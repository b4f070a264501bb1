package dev.sheaf.index;

import dev.sheaf.collection.CollectionChanges;
import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.database.RowCount;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.runtime.Durations;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.ModulesConfig;
import io.agroal.api.AgroalDataSource;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Creates and drops the indexes that filters use, without blocking reads and writes: one over the
/// whole metadata once a collection has grown enough, and one for each field in the collection's
/// settings. The index of a field that is removed from the settings is dropped.
@ApplicationScoped
class FieldIndexer {

  private static final Logger LOG = Logger.getLogger(FieldIndexer.class);

  /// The least that a document takes in its table.
  private static final int MIN_ROW_BYTES = 64;

  /// The pending changes of some collections, each as a template to apply or to revert. Whether a
  /// collection has enough documents for an index over the metadata is only estimated. An index
  /// over complete texts, as older versions created it, rejects long texts, and is therefore
  /// dropped and rebuilt.
  private static final String PENDING_CHANGES =
      """
      SELECT w.collection_id, w.template, w.field, true AS "create"
        FROM (SELECT c.id AS collection_id, format('field_%s_index', f.value) AS template, f.key AS field,
                     format('"document_%s_%s_%s"', c.id, f.value, f.key) AS index
                FROM collection c
               CROSS JOIN jsonb_each_text(COALESCE(c.settings -> 'fields', '{}')) f
               WHERE c.id = ANY (?)
                 AND c.active_space_id IS NOT NULL
               UNION ALL
              SELECT c.id, 'metadata_index', NULL, format('document_%s_metadata', c.id)
                FROM collection c
               WHERE c.id = ANY (?)
                 AND c.active_space_id IS NOT NULL
                 AND pg_relation_size(to_regclass('document_' || c.id)) >= ?) w
       WHERE NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(w.index) AND indisvalid)
       UNION ALL
      SELECT c.id, format('field_%s_index', i.name[1]), i.name[2], false
        FROM collection c
        JOIN pg_index x ON x.indrelid = to_regclass('document_' || c.id)
        JOIN pg_class k ON k.oid = x.indexrelid
       CROSS JOIN LATERAL (SELECT regexp_match(k.relname, '^document_[0-9]+_(number|text|date)_(.+)$') AS name) i
       WHERE c.id = ANY (?)
         AND c.active_space_id IS NOT NULL
         AND i.name IS NOT NULL
         AND (c.settings -> 'fields' ->> i.name[2] IS DISTINCT FROM i.name[1]
              OR i.name[1] = 'text' AND pg_get_indexdef(k.oid) NOT LIKE '%"left"(%')
      """;

  private final AgroalDataSource dataSource;
  private final ObjectTemplates templates;
  private final IndexConfig config;
  private final CollectionsToCheck toCheck;

  /// From this size of a table on, its rows are counted. On the coordinator of a Citus cluster, all
  /// tables are empty.
  private final long minBytes;

  private final FailedBuilds<IndexChange> failures = new FailedBuilds<>(System::nanoTime);

  FieldIndexer(
      AgroalDataSource dataSource,
      ObjectTemplates templates,
      IndexConfig config,
      CollectionChanges changes,
      ModuleSwitches modules) {
    this.minBytes = modules.isOn(ModulesConfig.CITUS) ? 0 : (long) config.minRows() * MIN_ROW_BYTES;
    this.dataSource = dataSource;
    this.templates = templates;
    this.config = config;
    this.toCheck = new CollectionsToCheck(changes);
  }

  private record IndexChange(
      long collectionId, String template, @Nullable String field, boolean create) {}

  @Scheduled(
      every = "${sheaf.index.check-every:5s}",
      delayed = "${sheaf.index.check-every:5s}",
      concurrentExecution = ConcurrentExecution.SKIP,
      skipExecutionIf = ReadOnlyWatch.class)
  void applyPendingChanges() {
    try {
      List<IndexChange> changes;
      try (Connection connection = dataSource.getConnection()) {
        changes = pendingChanges(connection, toCheck.next(connection));
      }
      changes.stream().filter(change -> !failures.isPaused(change)).forEach(this::apply);
    } catch (SQLException e) {
      // The database is unavailable; the next run finds the same changes.
      LOG.warnf("Field indexes not checked: reason=%s", e.getMessage());
    }
  }

  private boolean isPending(Connection connection, IndexChange change) throws SQLException {
    return pendingChanges(connection, Set.of(change.collectionId())).contains(change);
  }

  private List<IndexChange> pendingChanges(Connection connection, Set<Long> collections)
      throws SQLException {
    var changes = new ArrayList<IndexChange>();
    try (PreparedStatement statement = connection.prepareStatement(PENDING_CHANGES)) {
      Array ids = connection.createArrayOf("bigint", collections.toArray());
      statement.setArray(1, ids);
      statement.setArray(2, ids);
      statement.setLong(3, minBytes);
      statement.setArray(4, ids);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          changes.add(
              new IndexChange(
                  row.getLong(1), row.getString(2), row.getString(3), row.getBoolean(4)));
        }
      }
    }
    var pending = new ArrayList<IndexChange>();
    for (IndexChange change : changes) {
      if (change.field() != null || hasEnoughDocuments(connection, change)) {
        pending.add(change);
      }
    }
    return pending;
  }

  private boolean hasEnoughDocuments(Connection connection, IndexChange change)
      throws SQLException {
    return RowCount.isAtLeast(connection, "document_" + change.collectionId(), config.minRows());
  }

  private void apply(IndexChange change) {
    try (Connection connection = dataSource.getConnection();
        AdvisoryLock lock = IndexLock.FIELDS.tryAcquire(connection, change.collectionId())) {
      // Another replica may have applied it in the meantime.
      if (lock == null || !isPending(connection, change)) {
        return;
      }
      Map<String, Object> parameters =
          new HashMap<>(Map.of("collection_id", change.collectionId()));
      if (change.field() != null) {
        parameters.put("field", change.field());
      }
      try {
        if (change.create()) {
          templates.apply(connection, change.template(), parameters);
        } else {
          templates.revert(connection, change.template(), parameters);
        }
      } catch (SQLException e) {
        if (!isObsolete(e, connection, change)) {
          throw e;
        }
        // The collection or the field was dropped, another session built the index, or the locks
        // were
        // not available.
        LOG.debugf(
            e,
            "Index skipped: collection=%s template=%s",
            change.collectionId(),
            change.template());
        return;
      }
      failures.remove(change);
      LOG.infof(
          "Index %s: collection=%s template=%s field=%s",
          change.create() ? "built" : "dropped",
          change.collectionId(),
          change.template(),
          change.field());
    } catch (SQLException | RuntimeException e) {
      // Other changes are not affected.
      LOG.warnf(
          e instanceof RuntimeException ? e : null,
          "Index not %s: collection=%s template=%s field=%s retryIn=%s reason=%s",
          change.create() ? "built" : "dropped",
          change.collectionId(),
          change.template(),
          change.field(),
          Durations.text(failures.add(change)),
          e.getMessage());
    }
  }

  private boolean isObsolete(SQLException failure, Connection connection, IndexChange change)
      throws SQLException {
    return ConcurrentChange.isOverLocks(failure)
        || (ConcurrentChange.isBehind(failure) && !isPending(connection, change));
  }
}
