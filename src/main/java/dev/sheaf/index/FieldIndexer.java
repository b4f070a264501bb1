package dev.sheaf.index;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.runtime.Durations;
import io.agroal.api.AgroalDataSource;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Creates and drops the indexes that filters use, without blocking reads and writes: one over the
/// whole metadata once a collection has grown enough, and one for each field in the collection's
/// settings. The index of a field that is removed from the settings is dropped.
@ApplicationScoped
class FieldIndexer {

  private static final Logger LOG = Logger.getLogger(FieldIndexer.class);

  /// The pending changes, each as a template to apply or to revert. Documents are counted up to the
  /// threshold only. An index over complete texts, as older versions created it, rejects long
  /// texts, and is therefore dropped and rebuilt.
  private static final String PENDING_CHANGES =
      """
      SELECT w.collection_id, w.template, w.field, true AS "create"
        FROM (SELECT c.id AS collection_id, format('field_%s_index', f.value) AS template, f.key AS field,
                     format('"document_%s_%s_%s"', c.id, f.value, f.key) AS index
                FROM collection c
               CROSS JOIN jsonb_each_text(COALESCE(c.settings -> 'fields', '{}')) f
               UNION ALL
              SELECT c.id, 'metadata_index', NULL, format('document_%s_metadata', c.id)
                FROM collection c
               WHERE (SELECT count(*)
                        FROM (SELECT FROM document d WHERE d.collection_id = c.id LIMIT ?) counted) = ?) w
       WHERE NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(w.index) AND indisvalid)
       UNION ALL
      SELECT i.name[1]::bigint, format('field_%s_index', i.name[2]), i.name[3], false
        FROM (SELECT oid, regexp_match(relname, '^document_([0-9]+)_(number|text)_(.+)$') AS name
                FROM pg_class
               WHERE relkind = 'i' AND relnamespace = current_schema()::regnamespace) i
       WHERE i.name IS NOT NULL
         AND (NOT EXISTS (SELECT FROM collection c
                           WHERE c.id = i.name[1]::bigint
                             AND c.settings -> 'fields' ->> i.name[3] = i.name[2])
              OR i.name[2] = 'text' AND pg_get_indexdef(i.oid) NOT LIKE '%"left"(%')
      """;

  private final AgroalDataSource dataSource;
  private final ObjectTemplates templates;
  private final IndexConfig config;
  private final FailedBuilds<IndexChange> failures = new FailedBuilds<>(System::nanoTime);

  FieldIndexer(AgroalDataSource dataSource, ObjectTemplates templates, IndexConfig config) {
    this.dataSource = dataSource;
    this.templates = templates;
    this.config = config;
  }

  private record IndexChange(
      long collectionId, String template, @Nullable String field, boolean create) {}

  @Scheduled(
      every = "${sheaf.index.check-every:5s}",
      delayed = "${sheaf.index.check-every:5s}",
      concurrentExecution = ConcurrentExecution.SKIP)
  void applyPendingChanges() {
    try {
      List<IndexChange> changes;
      try (Connection connection = dataSource.getConnection()) {
        changes = pendingChanges(connection);
      }
      changes.stream().filter(change -> !failures.isPaused(change)).forEach(this::apply);
    } catch (SQLException e) {
      // The database is unavailable; the next run finds the same changes.
      LOG.warnf("Field indexes not checked: reason=%s", e.getMessage());
    }
  }

  private List<IndexChange> pendingChanges(Connection connection) throws SQLException {
    var changes = new ArrayList<IndexChange>();
    try (PreparedStatement statement = connection.prepareStatement(PENDING_CHANGES)) {
      statement.setInt(1, config.minRows());
      statement.setInt(2, config.minRows());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          changes.add(
              new IndexChange(
                  row.getLong(1), row.getString(2), row.getString(3), row.getBoolean(4)));
        }
      }
    }
    return changes;
  }

  private void apply(IndexChange change) {
    try (Connection connection = dataSource.getConnection();
        AdvisoryLock lock = IndexLock.FIELDS.tryAcquire(connection, change.collectionId())) {
      // Another replica may have applied it in the meantime.
      if (lock == null || !pendingChanges(connection).contains(change)) {
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
        || (ConcurrentChange.isBehind(failure) && !pendingChanges(connection).contains(change));
  }
}
