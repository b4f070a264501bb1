package dev.sheaf.embedding;

import dev.sheaf.schema.PostgresServer;
import dev.sheaf.schema.Templates;
import io.agroal.api.AgroalDataSource;
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
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/// Gives a space its HNSW index once it has grown enough, and not while it is being filled faster
/// than an index could follow. Reads and writes go on meanwhile. Until the index is valid, searches
/// compare every vector. What a crash or a cancelled build left behind is dropped and built again.
@ApplicationScoped
class SpaceIndexer {

  private static final Logger LOG = Logger.getLogger(SpaceIndexer.class);

  /// Spaces without a valid index that hold enough vectors; a space is counted no further than it
  /// takes to know.
  private static final String WANTING =
      """
      SELECT s.id, s.collection_id, s.model, s.dimensions, s.metric, s."precision",
             COALESCE((c.settings #>> '{hnsw,m}')::int, ?),
             COALESCE((c.settings #>> '{hnsw,efConstruction}')::int, ?),
             pg_table_size(to_regclass('embedding_' || s.id))
        FROM embedding_space s
        JOIN collection c ON c.id = s.collection_id
       WHERE NOT EXISTS (SELECT FROM pg_index
                          WHERE indexrelid = to_regclass('embedding_' || s.id || '_hnsw')
                            AND indisvalid)
         AND (SELECT count(*)
                FROM (SELECT FROM embedding e WHERE e.space_id = s.id LIMIT ?) counted) = ?
       ORDER BY s.id
      """;

  /// The first key of the advisory locks that keep two replicas from building the same index; the
  /// second is the space.
  private static final int LOCK_CLASS = 0x5EA_F1D;

  private final AgroalDataSource dataSource;
  private final Templates templates;
  private final IndexConfig config;
  private final Growth growth;

  SpaceIndexer(AgroalDataSource dataSource, Templates templates, IndexConfig config) {
    this.dataSource = dataSource;
    this.templates = templates;
    this.config = config;
    this.growth = new Growth(config.deferAbove(), config.deferAtMost(), System::nanoTime);
  }

  @Scheduled(
      every = "${sheaf.index.check-every:5s}",
      delayed = "${sheaf.index.check-every:5s}",
      concurrentExecution = ConcurrentExecution.SKIP)
  void indexWhatHasGrown() {
    try {
      List<Wanting> wanting = wanting();
      growth.retain(wanting.stream().map(each -> each.space().id()).toList());
      for (Wanting each : wanting) {
        if (!growth.isFast(each.space(), each.bytes())) {
          index(each);
        }
      }
    } catch (SQLException e) {
      // The database is away; the next look finds what this one did not.
      LOG.warnf("Spaces not looked at: reason=%s", e.getMessage());
    }
  }

  /// A space without its index, and the shape that it is to have.
  ///
  /// @param bytes the size of its table
  private record Wanting(Space space, int m, int efConstruction, long bytes) {}

  private void index(Wanting wanting) {
    try (Connection connection = dataSource.getConnection()) {
      buildUnlessAnotherDoes(connection, wanting);
    } catch (SQLException e) {
      // The collection may have been dropped meanwhile; anything else is tried again at the next
      // look.
      LOG.warnf("Index not built: space=%d reason=%s", wanting.space().id(), e.getMessage());
    }
  }

  private List<Wanting> wanting() throws SQLException {
    var wanting = new ArrayList<Wanting>();
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(WANTING)) {
      statement.setInt(1, config.m());
      statement.setInt(2, config.efConstruction());
      statement.setInt(3, config.minRows());
      statement.setInt(4, config.minRows());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          wanting.add(
              new Wanting(
                  new Space(
                      row.getLong(1),
                      row.getLong(2),
                      row.getString(3),
                      row.getInt(4),
                      Metric.of(row.getString(5)),
                      Precision.of(row.getString(6))),
                  row.getInt(7),
                  row.getInt(8),
                  row.getLong(9)));
        }
      }
    }
    return wanting;
  }

  private void buildUnlessAnotherDoes(Connection connection, Wanting wanting) throws SQLException {
    Space space = wanting.space();
    if (!call(connection, "SELECT pg_try_advisory_lock(?, ?)", space)) {
      return;
    }
    try {
      build(connection, wanting);
    } finally {
      call(connection, "SELECT pg_advisory_unlock(?, ?)", space);
    }
  }

  private static boolean call(Connection connection, String lock, Space space) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(lock)) {
      statement.setInt(1, LOCK_CLASS);
      statement.setInt(2, Math.toIntExact(space.id()));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private void build(Connection connection, Wanting wanting) throws SQLException {
    Space space = wanting.space();
    long start = System.nanoTime();
    Map<String, Object> parameters =
        Map.of(
            "space_id", space.id(),
            "element", space.precision().element("vector", space.dimensions()),
            "operator_class", space.precision().operatorClass(space.metric()),
            "m", wanting.m(),
            // pgvector takes no less than twice m.
            "ef_construction", Math.max(wanting.efConstruction(), 2 * wanting.m()));
    LOG.infof("Index build started: space=%d", space.id());
    // The template clears an invalid index first: whoever holds the lock knows that its builder is
    // gone.
    boolean parallel = PostgresServer.of(connection).buildsInParallel();
    try (Statement statement = connection.createStatement()) {
      if (!parallel) {
        statement.execute("SET max_parallel_maintenance_workers = 0");
      }
      try {
        templates.apply(connection, "space_index", parameters);
      } finally {
        statement.execute("RESET max_parallel_maintenance_workers");
      }
    }
    LOG.infof(
        "Index built: space=%d seconds=%.1f",
        space.id(), Duration.ofNanos(System.nanoTime() - start).toMillis() / 1_000.0);
  }
}
