package dev.sheaf.contract;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.contract.Contract.Operation;
import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlStates;
import dev.sheaf.embedding.Space;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.NativeMetadata;
import dev.sheaf.testing.PostgresTestResource;
import dev.sheaf.testing.Unattended;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Sends every example in the OpenAPI document.
///
/// Meanwhile, another session holds the strongest lock on the partitions of another collection and
/// on the partitioned tables themselves, and all plans are generic, as those of statements that run
/// often. A statement that uses more than the partitions of its own collection therefore waits, and
/// fails. Only creating and dropping a collection may use the partitioned tables.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(Unattended.class)
class ExamplesIT {

  @Inject AgroalDataSource dataSource;
  @Inject CollectionService collections;
  @Inject ObjectTemplates templates;
  @Inject ObjectMapper json;

  @TestHTTPResource URI base;

  private static final String BYSTANDER = "bystander";

  private static final String PARENTS =
      ", ONLY document, ONLY chunk, ONLY embedding, ONLY embedding_half";

  /// Changes what new connections start with, and replaces those that exist.
  private void sessions(String setting) throws SQLException {
    world.execute(
        """
        DO $$
        BEGIN
          EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %%I %s', current_database());
        END $$
        """
            .formatted(setting));
    dataSource.flush(FlushMode.GRACEFUL);
  }

  private ExampleWorld world;
  private Contract contract;

  @BeforeEach
  void world() throws IOException, SQLException {
    contract = Contract.committed();
    world = new ExampleWorld(dataSource);
    Api.post("/collections", Map.of("name", BYSTANDER)).statusCode(201);
    sessions("SET plan_cache_mode = force_generic_plan");
  }

  @AfterEach
  void remove() throws SQLException {
    sessions("RESET plan_cache_mode");
    world.remove();
    given().delete("/api/v1/collections/" + BYSTANDER);
  }

  @Test
  void everyExampleWorks() throws Exception {
    List<String> failures = new ArrayList<>();
    int sent = 0;
    Space bystander = collections.activeSpace(BYSTANDER);
    try (var http = new RawHttp(base, Duration.ofSeconds(30));
        Connection other = dataSource.getConnection()) {
      world.restore();
      assertThatPlansAreGeneric(other, bystander);
      for (Operation operation : contract.operations()) {
        for (@Nullable String body : bodies(operation)) {
          prepare(operation);
          Answer answer =
              whileOthersAreLocked(
                  other, bystander, operation, () -> http.send(request(operation, body)));
          sent++;
          List<String> violations = new ArrayList<>(contract.violations(operation, answer));
          if (answer.status() / 100 != 2) {
            violations.addFirst("refused");
          }
          if (!violations.isEmpty()) {
            failures.add(operation + " " + body + "\n" + violations + "\n" + answer);
          }
        }
      }
    }
    System.out.println("examples: " + sent + " requests, " + failures.size() + " failures");

    assertThat(failures).isEmpty();
    assertThat(sent).isGreaterThanOrEqualTo(contract.operations().size());
    // What a native executable can write too.
    assertThat(NativeMetadata.unknownTo(json)).isEmpty();
  }

  /// Otherwise this test would find no statement that uses the partitions of all collections.
  private void assertThatPlansAreGeneric(Connection other, Space bystander) throws Exception {
    Sql throughParent =
        Sql.of(
            "SELECT FROM document WHERE collection_id = ?",
            collections.activeSpace(ExampleWorld.COLLECTION).collectionId());
    other.setAutoCommit(false);
    lock(other, bystander, "");
    var failure =
        catchThrowableOfType(SQLException.class, () -> throughParent.list(dataSource, _ -> 1));
    other.rollback();
    assertThat(SqlStates.of(failure)).isEqualTo(SqlStates.LOCK_NOT_AVAILABLE);
  }

  private static Answer whileOthersAreLocked(
      Connection other, Space bystander, Operation operation, Callable<Answer> request)
      throws Exception {
    switch (operation.id()) {
      // Entities find the partition of a collection through its parent.
      case "createCollection", "dropCollection", "listSimilarDocuments" ->
          lock(other, bystander, "");
      // Reads the schema of all tables.
      case "verifySchema" -> {}
      default -> lock(other, bystander, PARENTS);
    }
    try {
      return request.call();
    } finally {
      other.rollback();
    }
  }

  private static void lock(Connection other, Space bystander, String more) throws SQLException {
    try (Statement statement = other.createStatement()) {
      statement.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
      statement.execute(
          "LOCK TABLE %s, %s, %s%s IN ACCESS EXCLUSIVE MODE"
              .formatted(
                  bystander.documentTable(),
                  bystander.chunkTable(),
                  bystander.embeddingTable(),
                  more));
    }
  }

  /// A list with one `null` for an operation without a request body.
  private List<@Nullable String> bodies(Operation operation) {
    List<@Nullable String> examples = new ArrayList<>();
    if (operation.bodyType() == null) {
      examples.add(null);
    } else {
      examples.addAll(Examples.ofBody(contract, operation));
    }
    assertThat(examples).as(operation + " shows what it takes").isNotEmpty();
    return examples;
  }

  private static RawHttp.Request request(Operation operation, @Nullable String body) {
    return new RawHttp.Request(
        operation.method(),
        Examples.target(operation),
        body == null ? List.of() : List.of("Content-Type: " + operation.bodyType()),
        body == null ? null : body.getBytes(StandardCharsets.UTF_8));
  }

  private void prepare(Operation operation) throws SQLException {
    world.restore();
    switch (operation.id()) {
      case "createCollection" -> given().delete("/api/v1/collections/" + ExampleWorld.COLLECTION);
      case "measureIndex", "tuneIndex" -> world.index(collections, templates);
      // A job that failed would be taken by the worker.
      case "retryJob" ->
          world.execute(
              """
              UPDATE ingestion_job
                 SET state = 'running', finished_at = NULL, lease_holder = gen_random_uuid(),
                     lease_until = clock_timestamp() + interval '1 h'
               WHERE id = 1000001
              """);
      case "pauseBackfill" ->
          world.execute("UPDATE backfill SET state = 'running' WHERE name = 'core/008_example'");
      default -> {}
    }
  }
}
