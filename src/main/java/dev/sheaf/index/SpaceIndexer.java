package dev.sheaf.index;

import dev.sheaf.collection.CollectionChanges;
import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.HnswGraph;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.database.RowCount;
import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.embedding.Precision;
import dev.sheaf.embedding.Space;
import dev.sheaf.index.IndexView.BuildMemory;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.runtime.Durations;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.ModulesConfig;
import io.agroal.api.AgroalDataSource;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Timer;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Builds, rebuilds and replaces the HNSW indexes of spaces, without blocking reads and writes.
///
/// A space gets its index once it has enough vectors and no bulk load is running; until the index
/// is valid, searches compare every vector. An index that has lost recall is rebuilt. If the
/// settings change, a new index is built, takes over, and the old one is dropped. Incomplete
/// indexes of crashed or cancelled builds are dropped.
@ApplicationScoped
class SpaceIndexer {

  private static final Logger LOG = Logger.getLogger(SpaceIndexer.class);

  private static final MeterProvider<Timer> BUILDS =
      Timer.builder("sheaf.index.builds")
          .description("Builds of vector indexes by this replica")
          .withRegistry(Metrics.globalRegistry);

  private static final String SERIALLY = "SET max_parallel_maintenance_workers = 0";

  /// How many indexes a replica builds at a time. At its end, a concurrent build waits for all
  /// older snapshots, also for that of another build.
  private static final int MAX_BUILDS = 2;

  /// How long a replaced index is kept: other replicas may use their cached space for two seconds.
  private static final Duration OLD_INDEX_GRACE = Duration.ofSeconds(3);

  /// The least that a vector takes in its table: the header of the row, two ids, two numbers, and
  /// one dimension.
  private static final int MIN_ROW_BYTES = 64;

  /// Spaces of some collections that have a valid index, or whose table is large enough to have
  /// enough vectors for one. Parameters that are not set are those of the current index. Recall is
  /// lost if the whole confidence interval of the difference of two recalls is a loss (Newcombe,
  /// 1998, method 10), because two small samples often differ by more than the loss allowed.
  private static final String SPACE_STATES =
      """
      SELECT s.id, s.collection_id, s.model, s.dimensions, s.metric, s."precision", s.storage,
             s.index_method,
             COALESCE(c.settings ->> 'precision', s."precision"),
             COALESCE((c.settings #>> '{hnsw,m}')::int, i.m, ?),
             COALESCE((c.settings #>> '{hnsw,efConstruction}')::int, i.ef_construction, ?),
             i.id, i.m, i.ef_construction,
             pg_table_size(to_regclass('embedding_' || s.id)),
             EXISTS (SELECT FROM index_recall r
                      WHERE r.space_id = s.id AND r.index_id = i.id AND r.sample = 'stored'
                        AND r.first_recall - r.recall - sqrt(power(r.first_recall - COALESCE(r.first_low, r.first_recall), 2)
                                                           + power(COALESCE(r.recall_high, r.recall) - r.recall, 2)) > ?),
             ARRAY(SELECT k.relname::text
                     FROM pg_index x
                     JOIN pg_class k ON k.oid = x.indexrelid
                    WHERE x.indrelid = to_regclass('embedding_' || s.id)
                      AND k.relname ~ ('_' || s.index_method || '_(next|old|ccnew[0-9]*|ccold[0-9]*)$')
                      AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.relid = x.indrelid))
        FROM embedding_space s
        JOIN collection c ON c.id = s.collection_id
        LEFT JOIN LATERAL (
              SELECT x.indexrelid::bigint AS id,
                     COALESCE((SELECT option_value::int FROM pg_options_to_table(k.reloptions)
                                WHERE option_name = 'm'), 16) AS m,
                     COALESCE((SELECT option_value::int FROM pg_options_to_table(k.reloptions)
                                WHERE option_name = 'ef_construction'), 64) AS ef_construction
                FROM pg_index x
                JOIN pg_class k ON k.oid = x.indexrelid
               WHERE x.indexrelid = to_regclass('embedding_' || s.id || '_' || s.index_method) AND x.indisvalid) i ON true
       WHERE c.id = ANY (?)
         AND c.active_space_id IS NOT NULL
         AND (i.id IS NOT NULL OR pg_relation_size(to_regclass('embedding_' || s.id)) >= ?)
       ORDER BY s.id
      """;

  private final AgroalDataSource dataSource;
  private final ObjectTemplates templates;
  private final IndexConfig config;
  private final LoadDetector loads;
  private final CollectionChanges changes;
  private final CollectionsToCheck toCheck;

  /// From this size of a table on, its rows are counted. On the coordinator of a Citus cluster, all
  /// tables are empty.
  private final long minBytes;

  /// A long build does not hold up all others of this replica.
  private final Semaphore builders = new Semaphore(MAX_BUILDS);

  private final FailedBuilds<WantedIndex> failures = new FailedBuilds<>(System::nanoTime);

  SpaceIndexer(
      AgroalDataSource dataSource,
      ObjectTemplates templates,
      IndexConfig config,
      CollectionChanges changes,
      ModuleSwitches modules) {
    this.minBytes = modules.isOn(ModulesConfig.CITUS) ? 0 : (long) config.minRows() * MIN_ROW_BYTES;
    this.dataSource = dataSource;
    this.templates = templates;
    this.config = config;
    this.changes = changes;
    this.toCheck = new CollectionsToCheck(changes);
    this.loads = new LoadDetector(config.deferAbove(), config.deferAtMost(), System::nanoTime);
  }

  /// The parameters with which an index is built.
  private record IndexParameters(Precision precision, int m, int efConstruction) {

    IndexParameters {
      // pgvector requires at least twice m.
      efConstruction = Math.max(efConstruction, 2 * m);
    }
  }

  private record WantedIndex(long space, IndexParameters parameters) {}

  /// A space with the wanted and the actual parameters of its index.
  ///
  /// @param actual `null` without a valid index
  /// @param bytes size of its table
  /// @param recallLost whether the last measurement found that the index has lost too much recall
  /// @param leftovers names of incomplete or replaced indexes that no build is using
  private record SpaceState(
      Space space,
      IndexParameters wanted,
      @Nullable IndexParameters actual,
      long bytes,
      boolean recallLost,
      List<String> leftovers) {

    WantedIndex wantedIndex() {
      return new WantedIndex(space.id(), wanted);
    }

    boolean isUpToDate() {
      return wanted.equals(actual) && !recallLost && leftovers.isEmpty();
    }
  }

  @Scheduled(
      every = "${sheaf.index.check-every:5s}",
      delayed = "${sheaf.index.check-every:5s}",
      concurrentExecution = ConcurrentExecution.PROCEED,
      skipExecutionIf = ReadOnlyWatch.class)
  void maintainIndexes() {
    if (!builders.tryAcquire()) {
      return;
    }
    try {
      List<SpaceState> states;
      try (Connection connection = dataSource.getConnection()) {
        states = findStates(connection, toCheck.next(connection));
      }
      states.stream()
          .filter(state -> state.actual() != null)
          .forEach(state -> loads.remove(state.space().id()));
      // Small ones first, so that they do not wait for a build of hours.
      states.sort(Comparator.comparingLong(SpaceState::bytes));
      for (SpaceState state : states) {
        boolean deferred = state.actual() == null && loads.isLoading(state.space(), state.bytes());
        if (!deferred && !state.isUpToDate() && !failures.isPaused(state.wantedIndex())) {
          maintain(state.space());
        }
      }
    } catch (SQLException e) {
      // The database is unavailable; the next run checks them again.
      LOG.warnf("Spaces not checked: reason=%s", e.getMessage());
    } finally {
      builders.release();
    }
  }

  private void maintain(Space space) {
    try (Connection connection = dataSource.getConnection();
        AdvisoryLock lock = IndexLock.BUILD.tryAcquire(connection, space.id())) {
      if (lock == null) {
        return;
      }
      // Another replica may have built it in the meantime.
      for (SpaceState state : findStates(connection, space)) {
        try {
          maintain(connection, state);
          failures.remove(state.wantedIndex());
        } catch (RuntimeException e) {
          failures.add(state.wantedIndex());
          throw e;
        } catch (SQLException e) {
          Duration pause = failures.add(state.wantedIndex());
          if (ConcurrentChange.isCancelled(e)) {
            // By a drop of the collection, or by an operator.
            LOG.infof(
                "Index build cancelled: space=%s retryIn=%s reason=%s",
                space.id(), Durations.text(pause), e.getMessage());
            return;
          }
          if (!isObsolete(e, connection, space)) {
            LOG.warnf(
                "Index build failed: space=%s retryIn=%s reason=%s",
                space.id(), Durations.text(pause), e.getMessage());
            return;
          }
          // The collection was dropped, another session built the index, or the locks were not
          // available.
          LOG.debugf(e, "Index skipped: space=%s", space.id());
        }
      }
    } catch (SQLException | RuntimeException e) {
      // The next run retries it, and other spaces are not affected.
      LOG.warnf(
          e instanceof RuntimeException ? e : null,
          "Index not built: space=%s reason=%s",
          space.id(),
          e.getMessage());
    }
  }

  private boolean isObsolete(SQLException failure, Connection connection, Space space)
      throws SQLException {
    return ConcurrentChange.isOverLocks(failure)
        || (ConcurrentChange.isBehind(failure)
            && findStates(connection, space).stream().allMatch(SpaceState::isUpToDate));
  }

  private List<SpaceState> findStates(Connection connection, Space space) throws SQLException {
    return findStates(connection, Set.of(space.collectionId())).stream()
        .filter(state -> state.space().id() == space.id())
        .toList();
  }

  private List<SpaceState> findStates(Connection connection, Set<Long> collections)
      throws SQLException {
    var states = new ArrayList<SpaceState>();
    try (PreparedStatement statement = connection.prepareStatement(SPACE_STATES)) {
      statement.setInt(1, config.m());
      statement.setInt(2, config.efConstruction());
      statement.setDouble(3, config.maxRecallLoss());
      statement.setArray(4, connection.createArrayOf("bigint", collections.toArray()));
      statement.setLong(5, minBytes);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          state(row).ifPresent(states::add);
        }
      }
    }
    var relevant = new ArrayList<SpaceState>();
    for (SpaceState state : states) {
      if (state.actual() != null
          || RowCount.isAtLeast(connection, state.space().embeddingTable(), config.minRows())) {
        relevant.add(state);
      }
    }
    return relevant;
  }

  /// Empty if the space or its settings are those of a newer version. They must not hold up the
  /// others.
  private Optional<SpaceState> state(ResultSet row) throws SQLException {
    try {
      Space space = Space.read(row);
      boolean indexed = row.getObject(12) != null;
      return Optional.of(
          new SpaceState(
              space,
              new IndexParameters(Precision.of(row.getString(9)), row.getInt(10), row.getInt(11)),
              indexed
                  ? new IndexParameters(space.precision(), row.getInt(13), row.getInt(14))
                  : null,
              row.getLong(15),
              row.getBoolean(16),
              List.of((String[]) row.getArray(17).getArray())));
    } catch (IllegalArgumentException e) {
      LOG.warnf("Space skipped: space=%s reason=%s", row.getLong(1), e.getMessage());
      return Optional.empty();
    }
  }

  private void maintain(Connection connection, SpaceState state) throws SQLException {
    Space space = state.space();
    for (String leftover : state.leftovers()) {
      templates.revert(connection, space.indexMethod().template(), Map.of("index", leftover));
      LOG.infof("Index dropped: space=%s index=%s", space.id(), leftover);
    }
    if (state.wanted().equals(state.actual()) && !state.recallLost()) {
      return;
    }
    String why = state.actual() == null ? "grown" : state.recallLost() ? "recall" : "settings";
    LOG.infof("Index build started: space=%s why=%s", space.id(), why);
    long start = System.nanoTime();
    String outcome = "failed";
    try {
      buildWithServerSettings(connection, state);
      outcome = "built";
      changes.add(space.collectionId());
      LOG.infof(
          "Index built: space=%s why=%s seconds=%.1f",
          space.id(), why, Duration.ofNanos(System.nanoTime() - start).toMillis() / 1_000.0);
    } finally {
      BUILDS
          .withTags("why", why, "outcome", outcome)
          .record(Duration.ofNanos(System.nanoTime() - start));
    }
  }

  private void buildWithServerSettings(Connection connection, SpaceState state)
      throws SQLException {
    boolean parallel = PostgresServer.of(connection).buildsInParallel();
    try (Statement statement = connection.createStatement()) {
      setMemory(connection, state, statement);
      if (!parallel) {
        statement.execute(SERIALLY);
      }
      try {
        build(connection, state);
      } catch (SQLException e) {
        if (!parallel || !SqlStates.of(e).startsWith(SqlStates.INSUFFICIENT_RESOURCES_CLASS)) {
          throw e;
        }
        // Parallel workers share the graph in /dev/shm, which is small in many containers.
        LOG.infof(
            "Index build starts again without parallel workers: space=%s reason=%s",
            state.space().id(), e.getMessage());
        statement.execute(SERIALLY);
        build(connection, state);
      } finally {
        statement.execute("RESET max_parallel_maintenance_workers");
        statement.execute("RESET maintenance_work_mem");
      }
    }
  }

  /// Gives a build the memory that its graph needs. Rows may arrive until it reads them. Counting
  /// takes far less time than the build, and statistics are late after a bulk load.
  private void setMemory(Connection connection, SpaceState state, Statement statement)
      throws SQLException {
    Space space = state.space();
    long server =
        Sql.of("SELECT pg_size_bytes(current_setting('maintenance_work_mem'))")
            .first(connection, row -> row.getLong(1))
            .orElseThrow();
    BuildMemory memory =
        BuildMemory.of(
            RowCount.exactly(connection, space.embeddingTable()).rows(),
            HnswGraph.bytes(
                state.wanted().precision().bytes(space.dimensions()), state.wanted().m()),
            server,
            config);
    if (!memory.fits()) {
      LOG.warnf(
          "Index graph larger than the memory of its build: space=%s bytes=%s allowed=%s. The build will be many times slower. Raise sheaf.index.memory.",
          space.id(), memory.bytes(), memory.allowedBytes());
    }
    long wanted = Math.min(memory.bytes() + memory.bytes() / 4, memory.allowedBytes());
    if (wanted > server) {
      statement.execute("SET maintenance_work_mem = " + wanted / 1_024);
    }
  }

  /// The templates drop an incomplete index of the same name first.
  private void build(Connection connection, SpaceState state) throws SQLException {
    Space space = state.space();
    if (state.actual() == null) {
      storePrecision(connection, state);
      create(connection, state, space.indexName());
    } else if (!state.wanted().equals(state.actual())) {
      create(connection, state, space.nextIndexName());
      swap(connection, state);
    } else {
      report(
          space,
          templates.apply(connection, "space_index_rebuild", Map.of("index", space.indexName())));
    }
  }

  private void create(Connection connection, SpaceState state, String index) throws SQLException {
    Space space = state.space();
    IndexParameters wanted = state.wanted();
    report(
        space,
        templates.apply(
            connection,
            space.indexMethod().template(),
            Map.of(
                "space_id", space.id(),
                "index", index,
                "element", wanted.precision().element("vector", space.dimensions()),
                "operator_class",
                    space.indexMethod().operatorClass(wanted.precision(), space.metric()),
                "m", wanted.m(),
                "ef_construction", wanted.efConstruction())));
  }

  /// pgvector tells when the graph no longer fits into the memory of the build.
  private static void report(Space space, List<String> notices) {
    notices.forEach(notice -> LOG.warnf("Index build: space=%s notice=%s", space.id(), notice));
  }

  /// Replaces the old index by the new one in one transaction. Searches of other replicas may still
  /// use the old index for a short time.
  private void swap(Connection connection, SpaceState state) throws SQLException {
    Space space = state.space();
    Transactions.run(
        connection,
        same -> {
          templates.apply(same, "space_index_swap", Map.of("index", space.indexName()));
          storePrecision(same, state);
        });
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_sleep(" + OLD_INDEX_GRACE.toSeconds() + ")");
    }
    templates.revert(
        connection, space.indexMethod().template(), Map.of("index", space.oldIndexName()));
  }

  private static void storePrecision(Connection connection, SpaceState state) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE embedding_space SET \"precision\" = ? WHERE id = ? AND \"precision\" <> ?")) {
      update.setString(1, state.wanted().precision().value());
      update.setLong(2, state.space().id());
      update.setString(3, state.wanted().precision().value());
      update.execute();
    }
  }
}
