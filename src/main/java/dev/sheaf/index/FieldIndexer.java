package dev.sheaf.index;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.migration.execute.ObjectTemplates;
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

/// Gives documents the indexes that filters use, while reads and writes go on: one over the whole
/// metadata once a collection has grown enough, and one for each field that the collection's
/// settings name. What they no longer name is dropped.
@ApplicationScoped
class FieldIndexer {

  private static final Logger LOG = Logger.getLogger(FieldIndexer.class);

  /// What is to be done, as a template to apply or to revert; a collection is counted no further
  /// than it takes to know. An index over whole texts, as they once were, takes no long ones, and
  /// is dropped to be built anew.
  private static final String DUE =
      """
      SELECT w.collection_id, w.template, w.field, true AS wanted
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

  FieldIndexer(AgroalDataSource dataSource, ObjectTemplates templates, IndexConfig config) {
    this.dataSource = dataSource;
    this.templates = templates;
    this.config = config;
  }

  private record Due(long collectionId, String template, @Nullable String field, boolean wanted) {}

  @Scheduled(
      every = "${sheaf.index.check-every:5s}",
      delayed = "${sheaf.index.check-every:5s}",
      concurrentExecution = ConcurrentExecution.SKIP)
  void doWhatIsDue() {
    try {
      List<Due> all;
      try (Connection connection = dataSource.getConnection()) {
        all = due(connection);
      }
      all.forEach(this::doUnlessAnotherDoes);
    } catch (SQLException e) {
      // The database is away; the next look finds what this one did not.
      LOG.warnf("Indexes of fields not looked at: reason=%s", e.getMessage());
    }
  }

  private List<Due> due(Connection connection) throws SQLException {
    var due = new ArrayList<Due>();
    try (PreparedStatement statement = connection.prepareStatement(DUE)) {
      statement.setInt(1, config.minRows());
      statement.setInt(2, config.minRows());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          due.add(new Due(row.getLong(1), row.getString(2), row.getString(3), row.getBoolean(4)));
        }
      }
    }
    return due;
  }

  private void doUnlessAnotherDoes(Due due) {
    try (Connection connection = dataSource.getConnection();
        AdvisoryLock lock = IndexLock.FIELDS.tryAcquire(connection, due.collectionId())) {
      // Another replica may have done it since.
      if (lock == null || !due(connection).contains(due)) {
        return;
      }
      Map<String, Object> parameters = new HashMap<>(Map.of("collection_id", due.collectionId()));
      if (due.field() != null) {
        parameters.put("field", due.field());
      }
      try {
        if (due.wanted()) {
          templates.apply(connection, due.template(), parameters);
        } else {
          templates.revert(connection, due.template(), parameters);
        }
      } catch (SQLException e) {
        if (!isPassed(e, connection, due)) {
          throw e;
        }
        // The collection or the field was dropped meanwhile, another session built the index, or
        // the locks were taken.
        LOG.debugf(e, "Index left: collection=%s template=%s", due.collectionId(), due.template());
        return;
      }
      LOG.infof(
          "Index %s: collection=%s template=%s field=%s",
          due.wanted() ? "built" : "dropped", due.collectionId(), due.template(), due.field());
    } catch (SQLException e) {
      // It is tried again at the next look.
      LOG.warnf(
          "Index not %s: collection=%s template=%s field=%s reason=%s",
          due.wanted() ? "built" : "dropped",
          due.collectionId(),
          due.template(),
          due.field(),
          e.getMessage());
    }
  }

  private boolean isPassed(SQLException failure, Connection connection, Due due)
      throws SQLException {
    return ConcurrentChange.isOverLocks(failure)
        || (ConcurrentChange.isBehind(failure) && !due(connection).contains(due));
  }
}
