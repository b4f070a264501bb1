package dev.sheaf.index;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.Sql;
import dev.sheaf.embedding.Space;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import dev.sheaf.testing.Unattended;
import dev.sheaf.testing.Warnings;
import dev.sheaf.testing.WorkerRace;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Concurrent changes between the worker's read and its write.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(Unattended.class)
class SpaceIndexerIT {

  private static final int DIMENSIONS = 256;

  @Inject AgroalDataSource dataSource;
  @Inject ObjectTemplates templates;
  @Inject CollectionService collections;
  @Inject SpaceIndexer indexer;

  private String collection;
  private Space space;

  @BeforeEach
  void createCollectionWithEnoughVectors() {
    collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    for (int i = 0; i < 3; i++) {
      Api.put(
              collection,
              "d" + i,
              Map.of("chunks", List.of(Map.of("text", "text", "vector", List.of(1, i)))))
          .statusCode(201);
    }
    space = collections.activeSpace(collection);
    // The first run only takes the first sample of the size.
    indexer.maintainIndexes();
  }

  @Test
  void aDroppedCollectionIsSkipped() throws Exception {
    var race = new WorkerRace(dataSource, templates);

    race.run(
        indexer::maintainIndexes,
        space.embeddingTable(),
        "SHARE UPDATE EXCLUSIVE",
        connection -> race.drop(connection, collection));

    assertThat(indexes()).isZero();
  }

  @Test
  void anIndexOfAnotherSessionIsKept() throws Exception {
    new WorkerRace(dataSource, templates)
        .run(
            indexer::maintainIndexes,
            space.embeddingTable(),
            "SHARE UPDATE EXCLUSIVE",
            connection -> {
              try (var statement = connection.createStatement()) {
                statement.execute(
                    "CREATE INDEX %s ON %s USING hnsw ((vector::halfvec(2)) halfvec_cosine_ops) WITH (m = 16, ef_construction = 64)"
                        .formatted(space.indexName(), space.embeddingTable()));
              }
            });

    assertThat(indexes()).isOne();
  }

  /// Lost recall is what both confidence intervals agree on.
  @ParameterizedTest
  @CsvSource({
    "0.98, 0.96, 0.90, 0.93, true",
    "0.98, 0.96, 0.92, 0.97, false",
    "0.98, 0.89, 0.90, 0.91, false",
    // As an older version measured.
    "0.98, , 0.90, , true"
  })
  void aRebuildIsNoMatterOfNoise(
      double first, Double firstLow, double recall, Double high, boolean rebuilt)
      throws SQLException {
    indexer.maintainIndexes();
    String index = "SELECT '%s'::regclass::oid::bigint".formatted(space.indexName());
    try (Connection connection = dataSource.getConnection()) {
      long before = WorkerRace.number(connection, index);
      Sql.of(
              """
              INSERT INTO index_recall (space_id, index_id, ef_search, sample, k, sample_size, recall, recall_high,
                                        first_recall, first_low, changes, first_changes)
              VALUES (?, ?, 100, 'stored', 10, 100, ?, ?::float8, ?, ?::float8, 0, 0)
              """,
              space.id(),
              before,
              recall,
              high,
              first,
              firstLow)
          .update(connection);

      indexer.maintainIndexes();

      assertThat(WorkerRace.number(connection, index) != before).isEqualTo(rebuilt);
    }
  }

  @Test
  void aCancelledBuildLeavesNoIndex() throws Exception {
    new WorkerRace(dataSource, templates)
        .run(
            indexer::maintainIndexes,
            space.embeddingTable(),
            "SHARE UPDATE EXCLUSIVE",
            connection -> {
              try (var statement = connection.createStatement()) {
                statement.execute(
                    """
                    SELECT pg_cancel_backend(pid)
                      FROM pg_locks
                     WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
                    """);
              }
            });

    assertThat(indexes()).isZero();
  }

  /// Of a newer version, for example.
  @Test
  void aSpaceThatIsNotUnderstoodHoldsUpNoOther() throws Exception {
    String broken = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    for (int i = 0; i < 3; i++) {
      Api.put(
              broken,
              "d" + i,
              Map.of("chunks", List.of(Map.of("text", "text", "vector", List.of(1, i)))))
          .statusCode(201);
    }
    execute(
        "UPDATE collection SET settings = '{\"precision\": \"later\"}' WHERE name = '"
            + broken
            + "'");
    try {
      indexer.maintainIndexes();
    } finally {
      execute("DELETE FROM collection WHERE name = '" + broken + "'");
    }

    assertThat(indexes()).isOne();
  }

  @Test
  void aBuildHasNoTimeLimits() throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var _ = IndexLock.BUILD.tryAcquire(connection, space.id())) {
      assertThat(
              WorkerRace.number(
                  connection,
                  """
                  SELECT current_setting('statement_timeout')::int
                       + current_setting('lock_timeout')::int
                       + current_setting('idle_in_transaction_session_timeout')::int
                  """))
          .isZero();
    }
  }

  /// A graph that `maintenance_work_mem` cannot hold, but `sheaf.index.memory`, and one that both
  /// cannot. pgvector says where it had to begin with slow inserts.
  @ParameterizedTest
  @CsvSource({"1600, true", "3000, false"})
  void aBuildTakesTheMemoryThatItsGraphNeeds(int vectors, boolean fits) throws SQLException {
    collection = Api.newCollection(Map.of("model", "none", "dimensions", DIMENSIONS));
    space = collections.activeSpace(collection);
    upload(vectors);
    indexer.maintainIndexes();
    setForAllSessions("SET maintenance_work_mem = '1MB'");
    try (var warnings = new Warnings()) {
      given()
          .get("/api/v1/collections/{c}/index?count=true", collection)
          .then()
          .body("buildMemory.allowedBytes", equalTo(3 << 20))
          .body("buildMemory.fits", equalTo(fits));

      indexer.maintainIndexes();

      assertThat(indexes()).isOne();
      assertThat(warnings.messages())
          .filteredOn(message -> message.contains("hnsw graph no longer fits"))
          .hasSize(fits ? 0 : 1);
      assertThat(warnings.messages())
          .filteredOn(message -> message.contains("Index graph larger than the memory"))
          .hasSize(fits ? 0 : 1);
      try (Connection connection = dataSource.getConnection()) {
        assertThat(
                WorkerRace.number(
                    connection, "SELECT pg_size_bytes(current_setting('maintenance_work_mem'))"))
            .isEqualTo(1 << 20);
      }
    } finally {
      setForAllSessions("RESET maintenance_work_mem");
    }
  }

  /// Changes a setting of the database, and replaces the sessions that began before, which the pool
  /// does in the background.
  private void setForAllSessions(String setting) throws SQLException {
    String database =
        Sql.of("SELECT quote_ident(current_database())")
            .first(dataSource, row -> row.getString(1))
            .orElseThrow();
    execute("ALTER DATABASE " + database + " " + setting);
    Timestamp changed =
        Sql.of("SELECT clock_timestamp()")
            .first(dataSource, row -> row.getTimestamp(1))
            .orElseThrow();
    await()
        .until(() -> {
          dataSource.flush(AgroalDataSource.FlushMode.IDLE);
          return Sql.of(
                  """
                  SELECT NOT EXISTS (SELECT FROM pg_stat_activity
                                      WHERE datname = current_database() AND backend_type = 'client backend'
                                        AND backend_start < ?)
                  """,
                  changed)
              .first(dataSource, row -> row.getBoolean(1))
              .orElseThrow();
        });
  }

  /// Uploads documents of up to 200 chunks with random vectors.
  private void upload(int vectors) {
    var random = new Random(1);
    var lines = new StringBuilder();
    for (int left = vectors; left > 0; left -= 200) {
      String chunks =
          IntStream.range(0, Math.min(left, 200))
              .mapToObj(_ ->
                  "{\"text\":\"t\",\"vector\":%s}"
                      .formatted(
                          random
                              .doubles(DIMENSIONS, -1, 1)
                              .mapToObj(x -> String.format(Locale.ROOT, "%.3f", x))
                              .collect(Collectors.joining(",", "[", "]"))))
              .collect(Collectors.joining(","));
      lines.append("{\"id\":\"d%s\",\"chunks\":[%s]}\n".formatted(left, chunks));
    }
    Api.upload(collection, Map.of(), lines.toString()).statusCode(200);
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private long indexes() throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return WorkerRace.number(
          connection,
          "SELECT count(*) FROM pg_class WHERE relname = '%s'".formatted(space.indexName()));
    }
  }
}
