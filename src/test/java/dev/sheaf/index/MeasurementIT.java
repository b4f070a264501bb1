package dev.sheaf.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.embedding.Space;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
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
import org.junit.jupiter.api.Test;

/// Concurrent changes between the worker's read and its write.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(Unattended.class)
class MeasurementIT {

  @Inject AgroalDataSource dataSource;
  @Inject ObjectTemplates templates;
  @Inject CollectionService collections;
  @Inject IndexService indexes;

  @Test
  void aDroppedCollectionIsSkippedAndTheNextIsMeasured() throws Exception {
    indexes.measureStaleIndexes();
    String dropped = newIndexedCollection();
    String next = newIndexedCollection();
    String table = collections.activeSpace(dropped).embeddingTable();
    var race = new WorkerRace(dataSource, templates);

    race.run(
        indexes::measureStaleIndexes,
        table,
        "ACCESS EXCLUSIVE",
        connection -> race.drop(connection, dropped));

    try (Connection connection = dataSource.getConnection()) {
      assertThat(
              WorkerRace.number(
                  connection,
                  "SELECT count(*) FROM index_recall WHERE space_id = "
                      + collections.activeSpace(next).id()))
          .isOne();
    }
  }

  /// As on a standby that was promoted: it has counted nothing.
  @Test
  void aServerWhoseCountersBeginAnewMeasuresAfterItsOwnChanges() throws Exception {
    String collection = newIndexedCollection();
    indexes.measureStaleIndexes();
    Space space = collections.activeSpace(collection);
    String stale =
        "SELECT count(*) FROM index_recall WHERE changes = 1000000 AND space_id = " + space.id();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute("UPDATE index_recall SET changes = 1000000 WHERE space_id = " + space.id());
      statement.execute(
          "SELECT pg_stat_reset_single_table_counters('%s'::regclass)"
              .formatted(space.embeddingTable()));
      indexes.measureStaleIndexes();
      assertThat(WorkerRace.number(connection, stale)).isOne();

      statement.execute("UPDATE %s SET ordinal = ordinal".formatted(space.embeddingTable()));
      statement.execute("SELECT pg_stat_force_next_flush()");
      indexes.measureStaleIndexes();
      assertThat(WorkerRace.number(connection, stale)).isZero();
    }
  }

  private String newIndexedCollection() throws SQLException {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    for (int i = 0; i < 3; i++) {
      Api.put(
              collection,
              "d" + i,
              Map.of("chunks", List.of(Map.of("text", "text", "vector", List.of(1, i)))))
          .statusCode(201);
    }
    Space space = collections.activeSpace(collection);
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(
          "CREATE INDEX %s ON %s USING hnsw ((vector::halfvec(2)) halfvec_cosine_ops)"
              .formatted(space.indexName(), space.embeddingTable()));
    }
    return collection;
  }
}
