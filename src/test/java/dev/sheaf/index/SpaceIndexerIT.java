package dev.sheaf.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.embedding.Space;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.PostgresTestResource;
import dev.sheaf.testing.Unattended;
import dev.sheaf.testing.WorkerRace;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Concurrent changes between the worker's read and its write.
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(Unattended.class)
class SpaceIndexerIT {

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
