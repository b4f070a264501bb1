package dev.sheaf.index;

import dev.sheaf.database.RowCount;
import dev.sheaf.database.Sql;
import dev.sheaf.embedding.HeldRecall;
import dev.sheaf.embedding.Space;
import dev.sheaf.index.IndexView.BuiltIndex;
import dev.sheaf.index.IndexView.IndexBuild;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.ModulesConfig;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads the state of indexes from PostgreSQL's catalog, and reads and writes the measured recall
/// in the table `index_recall`.
@ApplicationScoped
class IndexTable {

  /// Number of rows inserted, updated and deleted in a table `t`.
  private static final String CHANGES =
      """
      pg_stat_get_tuples_inserted(t.oid) + pg_stat_get_tuples_updated(t.oid) + pg_stat_get_tuples_deleted(t.oid)\
      """;

  /// The `ef_search` of searches in a collection `c` with an active space `s`. The parameter is the
  /// value for collections without a setting.
  static final String EF_SEARCH =
      """
      COALESCE((c.settings #>> '{hnsw,efSearch}')::int, CASE WHEN c.settings ->> 'recall' IS NOT NULL THEN s.held_ef_search END, ?)\
      """;

  private static final String RECALLS =
      """
      SELECT sample, recall, first_recall, k, ef_search, sample_size, median_ms, measured_at, recall_low, recall_high
        FROM index_recall
       WHERE space_id = ? AND index_id = ? AND ef_search = ?
      """;

  private static final String STORE_HELD =
      """
      UPDATE embedding_space
         SET held_recall = ?, held_ef_search = ?, held_within = ?
       WHERE id = ?
      """;

  private final AgroalDataSource dataSource;
  private final IndexConfig config;
  private final boolean sharded;

  IndexTable(AgroalDataSource dataSource, IndexConfig config, ModuleSwitches modules) {
    this.dataSource = dataSource;
    this.config = config;
    this.sharded = modules.isOn(ModulesConfig.CITUS);
  }

  /// An expression for a number that PostgreSQL knows about a table `t`. On the coordinator of a
  /// Citus cluster, the table is empty, so the numbers of its shards are added. The sum is 0 if one
  /// of them does not answer.
  private String known(String expression) {
    return sharded
        ? """
        (SELECT CASE WHEN bool_and(success) THEN sum(CASE WHEN success THEN result::float8 END)::bigint ELSE 0 END
           FROM run_command_on_shards(t.oid, 'SELECT %s FROM pg_class t WHERE t.oid = ''%%s''::regclass'))\
        """
            .formatted(expression)
        : expression;
  }

  /// Some collections' names: those whose index was never measured with the ef that searches use,
  /// many of whose rows changed since the last measurement, or whose declared recall or its limit
  /// changed. Each server counts changes from zero, also after a crash, so a lower count than the
  /// recorded one is what changed since.
  private String toMeasure() {
    return """
    SELECT c.id, c.name
      FROM collection c
      JOIN embedding_space s ON s.id = c.active_space_id
      JOIN pg_index i ON i.indexrelid = to_regclass('embedding_' || s.id || '_' || s.index_method) AND i.indisvalid
      JOIN pg_class t ON t.oid = i.indrelid
     CROSS JOIN LATERAL (SELECT %1$s) AS n (changes)
      LEFT JOIN index_recall r
        ON r.space_id  = c.active_space_id
       AND r.index_id  = i.indexrelid::bigint
       AND r.ef_search = %2$s
       AND r.sample    = 'stored'
     WHERE c.id = ANY (?)
       AND (r.space_id IS NULL
            OR n.changes - CASE WHEN n.changes < r.changes THEN 0 ELSE r.changes END > ? * greatest(%3$s, 1)
            OR (c.settings ->> 'recall' IS NOT NULL
                AND c.settings #>> '{hnsw,efSearch}' IS NULL
                AND (s.held_recall IS DISTINCT FROM (c.settings ->> 'recall')::float8 OR s.held_within IS DISTINCT FROM ?)))
     ORDER BY c.id
    """
        .formatted(known(CHANGES), EF_SEARCH, known("t.reltuples"));
  }

  /// Stores nothing if the index was replaced during the measurement.
  private String storedRecall() {
    return """
    WITH gone AS (
         DELETE FROM index_recall WHERE space_id = ? AND index_id <> to_regclass(?)::oid::bigint
    )
    INSERT INTO index_recall AS r
           (space_id, index_id, ef_search, sample, k, sample_size, recall, recall_low, recall_high,
            first_recall, first_low, median_ms, changes, first_changes)
    SELECT ?, i.indexrelid::bigint, ?, ?, ?, ?, m.recall, m.low, ?::float8, m.recall, m.low, ?::float8, %1$s, %1$s
      FROM pg_index i
      JOIN pg_class t ON t.oid = i.indrelid
     CROSS JOIN (VALUES (?::float8, ?::float8)) m (recall, low)
     WHERE i.indexrelid = to_regclass(?) AND i.indexrelid::bigint = ?
        ON CONFLICT ON CONSTRAINT index_recall_pkey DO UPDATE
       SET k = excluded.k, sample_size = excluded.sample_size, recall = excluded.recall,
           recall_low = excluded.recall_low, recall_high = excluded.recall_high,
           first_recall = COALESCE(r.first_recall, excluded.first_recall),
           first_low = CASE WHEN r.first_recall IS NULL THEN excluded.first_low ELSE r.first_low END,
           median_ms = excluded.median_ms, changes = excluded.changes, measured_at = excluded.measured_at
    """
        .formatted(known(CHANGES));
  }

  /// The vectors that a measurement searched for: midpoints of stored vectors, or client queries.
  enum Sample {
    STORED("stored"),
    QUERIES("queries");

    private final String value;

    Sample(String value) {
      this.value = value;
    }

    static Sample of(String value) {
      return STORED.value.equals(value) ? STORED : QUERIES;
    }
  }

  /// @param changes rows changed since the index was first measured; `null` if it never was
  /// @param indexId the oid of the index, which changes with each build; `null` without an index
  /// @param maintenanceMemory `maintenance_work_mem` in bytes
  record IndexState(
      RowCount rows,
      long bytes,
      long deadRows,
      @Nullable Long changes,
      @Nullable Long indexId,
      @Nullable BuiltIndex index,
      @Nullable IndexBuild build,
      long maintenanceMemory) {}

  /// A collection whose index must be measured.
  record Unmeasured(long collectionId, String collection) {}

  /// Those of some collections whose index must be measured.
  ///
  /// @param efSearch the value for collections without a setting
  /// @param collections their ids
  List<Unmeasured> collectionsToMeasure(int efSearch, Set<Long> collections) throws SQLException {
    return Sql.of(
            toMeasure(),
            efSearch,
            collections.toArray(Long[]::new),
            config.measureAfter(),
            config.maxEfSearch())
        .list(dataSource, row -> new Unmeasured(row.getLong(1), row.getString(2)));
  }

  /// The number of rows of a space that were inserted, updated and deleted, as this server counts
  /// them: it differs after a write, with a delay of some seconds.
  long changes(Space space) throws SQLException {
    return Sql.of(
            "SELECT %s FROM pg_class t WHERE t.oid = '%s'::regclass"
                .formatted(known(CHANGES), space.embeddingTable()))
        .first(dataSource, row -> row.getLong(1))
        .orElseThrow();
  }

  IndexState state(Space space) throws SQLException {
    return state(space, false);
  }

  /// @param counted whether to count the rows, however many they are
  IndexState state(Space space, boolean counted) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      RowCount rows =
          counted
              ? RowCount.exactly(connection, space.embeddingTable())
              : RowCount.of(connection, space.embeddingTable());
      return Sql.of(stateQuery(space), space.id())
          .first(connection, row -> state(space, rows, row))
          .orElseThrow();
    }
  }

  private static IndexState state(Space space, RowCount rows, ResultSet row) throws SQLException {
    Long indexId = (Long) row.getObject(4);
    String phase = row.getString(9);
    return new IndexState(
        rows,
        row.getLong(1),
        row.getLong(2),
        (Long) row.getObject(3),
        indexId,
        indexId == null
            ? null
            : new BuiltIndex(
                row.getBoolean(5), row.getLong(6), space.precision(), row.getInt(7), row.getInt(8)),
        phase == null
            ? null
            : new IndexBuild(phase, (Double) row.getObject(10), (Long) row.getObject(11)),
        row.getLong(12));
  }

  private String stateQuery(Space space) {
    return """
    SELECT %4$s,
           %5$s,
           %2$s - (SELECT min(first_changes) FROM index_recall WHERE space_id = ? AND index_id = i.indexrelid::bigint),
           i.indexrelid::bigint,
           i.indisvalid,
           %6$s,
           COALESCE((SELECT option_value::int FROM pg_options_to_table(k.reloptions) WHERE option_name = 'm'), 16),
           COALESCE((SELECT option_value::int FROM pg_options_to_table(k.reloptions) WHERE option_name = 'ef_construction'), 64),
           p.phase,
           round(100.0 * done.share, 1)::float8,
           round(extract(epoch FROM clock_timestamp() - a.query_start) * (1 / nullif(done.share, 0) - 1))::bigint,
           pg_size_bytes(current_setting('maintenance_work_mem'))
      FROM pg_class t
      LEFT JOIN pg_index i ON i.indexrelid = to_regclass('%3$s')
      LEFT JOIN pg_class k ON k.oid = i.indexrelid
      LEFT JOIN pg_stat_progress_create_index p ON p.relid = t.oid AND p.datname = current_database()
      LEFT JOIN pg_stat_activity a ON a.pid = p.pid
     CROSS JOIN LATERAL (
           SELECT COALESCE(p.blocks_done / nullif(p.blocks_total, 0)::numeric,
                           p.tuples_done / nullif(p.tuples_total, 0)::numeric) AS share) done
     WHERE t.oid = '%1$s'::regclass
    """
        .formatted(
            space.embeddingTable(),
            known(CHANGES),
            space.indexName(),
            known("pg_table_size(t.oid)"),
            known("pg_stat_get_dead_tuples(t.oid)"),
            sharded
                // An index that is being built is not on all shards yet.
                ? "CASE WHEN i.indisvalid THEN citus_relation_size(i.indexrelid) ELSE 0 END"
                : "pg_relation_size(i.indexrelid)");
  }

  /// The measured recall of an index with one `ef`. The value of a sample whose measurement timed
  /// out is empty.
  Map<Sample, Optional<Recall>> recalls(Space space, long indexId, int ef) throws SQLException {
    var recalls = new EnumMap<Sample, Optional<Recall>>(Sample.class);
    Sql.of(RECALLS, space.id(), indexId, ef)
        .list(dataSource, row -> Map.entry(Sample.of(row.getString(1)), recall(row)))
        .forEach(entry -> recalls.put(entry.getKey(), entry.getValue()));
    return recalls;
  }

  private static Optional<Recall> recall(ResultSet row) throws SQLException {
    Double recall = (Double) row.getObject(2);
    return recall == null
        ? Optional.empty()
        : Optional.of(
            new Recall(
                recall,
                (Double) row.getObject(9),
                (Double) row.getObject(10),
                (Double) row.getObject(3),
                row.getInt(4),
                row.getInt(5),
                row.getInt(6),
                row.getDouble(7),
                row.getObject(8, OffsetDateTime.class).toInstant()));
  }

  /// Stores how the declared recall of a space is held.
  void storeHeld(Space space, HeldRecall held) throws SQLException {
    Sql.of(STORE_HELD, held.recall(), held.efSearch(), held.within(), space.id())
        .update(dataSource);
  }

  /// Stores a measurement, and deletes the measurements of indexes that no longer exist.
  ///
  /// @param indexId the oid of the index at the beginning of the measurement
  /// @param measured empty if the measurement timed out
  void storeRecall(
      Space space, long indexId, int ef, Sample sample, Optional<MeasuredRecall> measured)
      throws SQLException {
    Sql.of(
            storedRecall(),
            space.id(),
            space.indexName(),
            space.id(),
            ef,
            sample.value,
            RecallMeasurer.K,
            measured.map(MeasuredRecall::sampleSize).orElse(0),
            measured.map(MeasuredRecall::high).orElse(null),
            measured.map(MeasuredRecall::medianMs).orElse(null),
            measured.map(MeasuredRecall::recall).orElse(null),
            measured.map(MeasuredRecall::low).orElse(null),
            space.indexName(),
            indexId)
        .update(dataSource);
  }
}
