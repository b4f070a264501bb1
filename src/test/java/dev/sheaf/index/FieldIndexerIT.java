package dev.sheaf.index;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Concurrent changes between the worker's read and its write.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(Unattended.class)
class FieldIndexerIT {

  private static final String INDEX = "document_%s_number_year";

  @Inject AgroalDataSource dataSource;
  @Inject ObjectTemplates templates;
  @Inject FieldIndexer indexer;

  private String collection;
  private long id;

  @BeforeEach
  void createCollection() throws SQLException {
    indexer.applyPendingChanges();
    collection =
        Api.newCollection(
            Map.of("model", "none", "dimensions", 2, "fields", Map.of("year", "number")));
    id = number("SELECT id FROM collection WHERE name = '%s'".formatted(collection));
  }

  @Test
  void aDroppedCollectionIsSkipped() throws Exception {
    var race = new WorkerRace(dataSource, templates);

    race.run(
        indexer::applyPendingChanges,
        "document_" + id,
        "SHARE UPDATE EXCLUSIVE",
        connection -> race.drop(connection, collection));

    assertThat(number("SELECT count(*) FROM collection WHERE id = " + id)).isZero();
  }

  @Test
  void anIndexOfAnotherSessionIsKept() throws Exception {
    new WorkerRace(dataSource, templates)
        .run(
            indexer::applyPendingChanges,
            "document_" + id,
            "SHARE UPDATE EXCLUSIVE",
            connection -> {
              try (var statement = connection.createStatement()) {
                statement.execute(
                    "CREATE INDEX %s ON document_%s (id)".formatted(INDEX.formatted(id), id));
              }
            });

    assertThat(
            number(
                "SELECT count(*) FROM pg_class WHERE relname = '%s'"
                    .formatted(INDEX.formatted(id))))
        .isOne();
  }

  private long number(String query) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return WorkerRace.number(connection, query);
    }
  }
}
