package dev.sheaf.index;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.ConcurrentChange;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.database.Transactions;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import dev.sheaf.embedding.Space;
import dev.sheaf.migration.execute.ObjectTemplates;
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
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Looks after the HNSW indexes of spaces, while reads and writes go on.
///
/// A space gets its index once it has grown enough, and not while it is being filled faster than an
/// index could follow; until the index is valid, searches compare every vector. An index that was
/// measured to have lost recall is built anew. One whose settings were changed gets a successor,
/// and is dropped when that serves. What a crash or a cancelled build left behind is dropped.
@ApplicationScoped
class SpaceIndexer {

  private static final Logger LOG = Logger.getLogger(SpaceIndexer.class);

  private static final MeterProvider<Timer> BUILDS =
      Timer.builder("sheaf.index.builds")
          .description("Builds of vector indexes by this replica")
          .withRegistry(Metrics.globalRegistry);

  /// How long the index whose place was taken stays: replicas may take a space for what it was for
  /// two seconds.
  private static final Duration UNTIL_NO_SEARCH_KNOWS_IT = Duration.ofSeconds(3);

  /// Spaces that have a valid index, or enough vectors for one; a space is counted no further than
  /// it takes to know. What an index is today stands in for what nobody has chosen.
  private static final String LOOK =
      """
      SELECT s.id, s.collection_id, s.model, s.dimensions, s.metric, s."precision",
             COALESCE(c.settings ->> 'precision', s."precision"),
             COALESCE((c.settings #>> '{hnsw,m}')::int, i.m, ?),
             COALESCE((c.settings #>> '{hnsw,efConstruction}')::int, i.ef_construction, ?),
             i.id, i.m, i.ef_construction,
             pg_table_size(to_regclass('embedding_' || s.id)),
             EXISTS (SELECT FROM index_recall r
                      WHERE r.space_id = s.id AND r.index_id = i.id AND r.sample = 'stored'
                        AND r.first_recall - r.recall > ?),
             ARRAY(SELECT k.relname::text
                     FROM pg_index x
                     JOIN pg_class k ON k.oid = x.indexrelid
                    WHERE x.indrelid = to_regclass('embedding_' || s.id)
                      AND k.relname ~ '_hnsw_(next|old|ccnew[0-9]*|ccold[0-9]*)$'
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
               WHERE x.indexrelid = to_regclass('embedding_' || s.id || '_hnsw') AND x.indisvalid) i ON true
       WHERE s.id = COALESCE(?, s.id)
         AND (i.id IS NOT NULL
              OR (SELECT count(*)
                    FROM (SELECT FROM embedding e WHERE e.space_id = s.id LIMIT ?) counted) = ?)
       ORDER BY s.id
      """;

  private final AgroalDataSource dataSource;
  private final ObjectTemplates templates;
  private final IndexConfig config;
  private final LoadDetector growth;

  SpaceIndexer(AgroalDataSource dataSource, ObjectTemplates templates, IndexConfig config) {
    this.dataSource = dataSource;
    this.templates = templates;
    this.config = config;
    this.growth = new LoadDetector(config.deferAbove(), config.deferAtMost(), System::nanoTime);
  }

  /// What an index is made of.
  private record Shape(Precision precision, int m, int efConstruction) {

    Shape {
      // pgvector takes no less than twice m.
      efConstruction = Math.max(efConstruction, 2 * m);
    }
  }

  /// A space and its index, as they are and as they are to be.
  ///
  /// @param actual `null` without a valid index
  /// @param bytes the size of its table
  /// @param lost whether the index was measured to have lost too much recall
  /// @param leftovers indexes that nobody builds and nobody needs
  private record Look(
      Space space,
      Shape wanted,
      @Nullable Shape actual,
      long bytes,
      boolean lost,
      List<String> leftovers) {

    boolean isAsItShouldBe() {
      return wanted.equals(actual) && !lost && leftovers.isEmpty();
    }
  }

  @Scheduled(
      every = "${sheaf.index.check-every:5s}",
      delayed = "${sheaf.index.check-every:5s}",
      concurrentExecution = ConcurrentExecution.SKIP)
  void lookAfterIndexes() {
    try {
      List<Look> looks;
      try (Connection connection = dataSource.getConnection()) {
        looks = look(connection, null);
      }
      growth.retain(
          looks.stream()
              .filter(look -> look.actual() == null)
              .map(look -> look.space().id())
              .toList());
      for (Look look : looks) {
        boolean deferred = look.actual() == null && growth.isFast(look.space(), look.bytes());
        if (!deferred && !look.isAsItShouldBe()) {
          work(look.space());
        }
      }
    } catch (SQLException e) {
      // The database is away; the next look finds what this one did not.
      LOG.warnf("Spaces not looked at: reason=%s", e.getMessage());
    }
  }

  private void work(Space space) {
    try (Connection connection = dataSource.getConnection();
        AdvisoryLock lock = IndexLock.BUILD.tryAcquire(connection, space.id())) {
      if (lock == null) {
        return;
      }
      // Another replica may have done it since.
      for (Look look : look(connection, space.id())) {
        try {
          work(connection, look);
        } catch (SQLException e) {
          if (ConcurrentChange.isCancelled(e)) {
            // By who drops the collection, or by an operator.
            LOG.infof("Index build cancelled: space=%s reason=%s", space.id(), e.getMessage());
            return;
          }
          if (!isPassed(e, connection, space)) {
            throw e;
          }
          // The collection was dropped meanwhile, another session built the index, or the locks
          // were taken.
          LOG.debugf(e, "Index left: space=%s", space.id());
        }
      }
    } catch (SQLException e) {
      // It is tried again at the next look.
      LOG.warnf("Index not built: space=%s reason=%s", space.id(), e.getMessage());
    }
  }

  private boolean isPassed(SQLException failure, Connection connection, Space space)
      throws SQLException {
    return ConcurrentChange.isOverLocks(failure)
        || (ConcurrentChange.isBehind(failure)
            && look(connection, space.id()).stream().allMatch(Look::isAsItShouldBe));
  }

  /// @param space the only one to look at, or `null` for all
  private List<Look> look(Connection connection, @Nullable Long space) throws SQLException {
    var looks = new ArrayList<Look>();
    try (PreparedStatement statement = connection.prepareStatement(LOOK)) {
      statement.setInt(1, config.m());
      statement.setInt(2, config.efConstruction());
      statement.setDouble(3, config.maxRecallLoss());
      statement.setObject(4, space, Types.BIGINT);
      statement.setInt(5, config.minRows());
      statement.setInt(6, config.minRows());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          var found =
              new Space(
                  row.getLong(1),
                  row.getLong(2),
                  row.getString(3),
                  row.getInt(4),
                  Metric.of(row.getString(5)),
                  Precision.of(row.getString(6)));
          boolean indexed = row.getObject(10) != null;
          looks.add(
              new Look(
                  found,
                  new Shape(Precision.of(row.getString(7)), row.getInt(8), row.getInt(9)),
                  indexed ? new Shape(found.precision(), row.getInt(11), row.getInt(12)) : null,
                  row.getLong(13),
                  row.getBoolean(14),
                  List.of((String[]) row.getArray(15).getArray())));
        }
      }
    }
    return looks;
  }

  private void work(Connection connection, Look look) throws SQLException {
    Space space = look.space();
    for (String leftover : look.leftovers()) {
      templates.revert(connection, "space_index", Map.of("index", leftover));
      LOG.infof("Index dropped: space=%s index=%s", space.id(), leftover);
    }
    if (look.wanted().equals(look.actual()) && !look.lost()) {
      return;
    }
    String why = look.actual() == null ? "grown" : look.lost() ? "recall" : "settings";
    LOG.infof("Index build started: space=%s why=%s", space.id(), why);
    long start = System.nanoTime();
    String outcome = "failed";
    try {
      buildAsTheServerCan(connection, look);
      outcome = "built";
      LOG.infof(
          "Index built: space=%s why=%s seconds=%.1f",
          space.id(), why, Duration.ofNanos(System.nanoTime() - start).toMillis() / 1_000.0);
    } finally {
      BUILDS
          .withTags("why", why, "outcome", outcome)
          .record(Duration.ofNanos(System.nanoTime() - start));
    }
  }

  private void buildAsTheServerCan(Connection connection, Look look) throws SQLException {
    boolean parallel = PostgresServer.of(connection).buildsInParallel();
    try (Statement statement = connection.createStatement()) {
      if (!parallel) {
        statement.execute("SET max_parallel_maintenance_workers = 0");
      }
      try {
        build(connection, look);
      } finally {
        statement.execute("RESET max_parallel_maintenance_workers");
      }
    }
  }

  /// Templates clear what an interrupted build has left under the same name.
  private void build(Connection connection, Look look) throws SQLException {
    Space space = look.space();
    if (look.actual() == null) {
      acceptPrecision(connection, look);
      create(connection, look, space.indexName());
    } else if (!look.wanted().equals(look.actual())) {
      create(connection, look, space.nextIndexName());
      swap(connection, look);
    } else {
      templates.apply(connection, "space_index_rebuild", Map.of("space_id", space.id()));
    }
  }

  private void create(Connection connection, Look look, String index) throws SQLException {
    Space space = look.space();
    Shape wanted = look.wanted();
    templates.apply(
        connection,
        "space_index",
        Map.of(
            "space_id", space.id(),
            "index", index,
            "element", wanted.precision().element("vector", space.dimensions()),
            "operator_class", wanted.precision().operatorClass(space.metric()),
            "m", wanted.m(),
            "ef_construction", wanted.efConstruction()));
  }

  /// From one instant to the next, searches go through the other index. Those that know the space
  /// as it was still find the old one.
  private void swap(Connection connection, Look look) throws SQLException {
    Space space = look.space();
    Transactions.run(
        connection,
        same -> {
          templates.apply(same, "space_index_swap", Map.of("space_id", space.id()));
          acceptPrecision(same, look);
        });
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_sleep(" + UNTIL_NO_SEARCH_KNOWS_IT.toSeconds() + ")");
    }
    templates.revert(connection, "space_index", Map.of("index", space.oldIndexName()));
  }

  private static void acceptPrecision(Connection connection, Look look) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE embedding_space SET \"precision\" = ? WHERE id = ? AND \"precision\" <> ?")) {
      update.setString(1, look.wanted().precision().value());
      update.setLong(2, look.space().id());
      update.setString(3, look.wanted().precision().value());
      update.execute();
    }
  }
}
