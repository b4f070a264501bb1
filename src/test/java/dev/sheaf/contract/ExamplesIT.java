package dev.sheaf.contract;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.contract.Contract.Operation;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.testing.NativeMetadata;
import dev.sheaf.testing.PostgresTestResource;
import dev.sheaf.testing.Unattended;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Sends every example in the OpenAPI document.
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(Unattended.class)
class ExamplesIT {

  @Inject AgroalDataSource dataSource;
  @Inject CollectionService collections;
  @Inject ObjectTemplates templates;
  @Inject ObjectMapper json;

  @TestHTTPResource URI base;

  private ExampleWorld world;
  private Contract contract;

  @BeforeEach
  void world() throws IOException, SQLException {
    contract = Contract.committed();
    world = new ExampleWorld(dataSource);
  }

  @AfterEach
  void remove() throws SQLException {
    world.remove();
  }

  @Test
  void everyExampleWorks() throws Exception {
    List<String> failures = new ArrayList<>();
    int sent = 0;
    try (var http = new RawHttp(base, Duration.ofSeconds(30))) {
      for (Operation operation : contract.operations()) {
        for (@Nullable String body : bodies(operation)) {
          prepare(operation);
          Answer answer = http.send(request(operation, body));
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
