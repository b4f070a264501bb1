package dev.sheaf.collection;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.GeneratedText;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class DocumentCollectionIT {

  @Inject AgroalDataSource dataSource;

  @Test
  void createsDescribesAndDrops() {
    Api.post(
            "/collections",
            Map.of("name", "letters", "description", "Post", "metric", "l2", "precision", "full"))
        .statusCode(201)
        .header("Location", endsWith("/api/v1/collections/letters"))
        .body("name", equalTo("letters"))
        .body("metric", equalTo("l2"));

    given()
        .get("/api/v1/collections/letters")
        .then()
        .statusCode(200)
        .body("description", equalTo("Post"))
        .body("model", equalTo("bge-small-en-v1.5"))
        .body("dimensions", equalTo(384))
        .body("precision", equalTo("full"))
        .body("documents", equalTo(0))
        .body("chunks", equalTo(0));
    given().get("/api/v1/collections").then().body("collections.name", hasItem("letters"));

    given().delete("/api/v1/collections/letters").then().statusCode(204);
    given().get("/api/v1/collections/letters").then().statusCode(404);
    given().delete("/api/v1/collections/letters").then().statusCode(404);
  }

  @Test
  void defaultsAreCosineAndHalfPrecision() {
    String name = Api.newCollection();

    given()
        .get("/api/v1/collections/" + name)
        .then()
        .body("metric", equalTo("cosine"))
        .body("precision", equalTo("half"));
  }

  @Test
  void aNameIsTakenOnce() {
    String name = Api.newCollection();

    Api.post("/collections", Map.of("name", name))
        .statusCode(409)
        .contentType("application/problem+json")
        .body("type", equalTo("urn:sheaf:problem:collection-exists"))
        .body(
            "detail",
            equalTo(
                "A collection named "
                    + name
                    + " already exists. Drop it first, or choose another name."));
  }

  @Test
  void aDropLeavesNothingBehind() throws SQLException {
    List<String> before = relationsOfNoCollection();
    String name = Api.newCollection();
    Api.put(name, "a", Map.of("text", "Something to leave behind."));
    assertThat(relationsOfNoCollection()).isEqualTo(before);

    given().delete("/api/v1/collections/" + name).then().statusCode(204);

    given().get("/api/v1/collections/" + name).then().statusCode(404);
    assertThat(relationsOfNoCollection()).isEqualTo(before);
  }

  @Test
  void aNameCanBeUsedAgain() {
    String name = Api.newCollection();
    Api.put(name, "a", Map.of("text", "The first life of this collection."));
    given().delete("/api/v1/collections/" + name).then().statusCode(204);

    Api.post("/collections", Map.of("name", name)).statusCode(201);

    Api.search(name, Map.of("text", "first life")).statusCode(200).body("hits.size()", equalTo(0));
  }

  @Test
  void othersAreServedWhileCollectionsComeAndGo() throws Exception {
    String busy = Api.newCollection();
    var dropping = new AtomicBoolean(true);
    try (var writers = Executors.newFixedThreadPool(4)) {
      List<Future<Integer>> puts = new ArrayList<>();
      for (int writer = 0; writer < 4; writer++) {
        int first = writer * 10_000;
        puts.add(
            writers.submit(() -> {
              int number = first;
              do {
                Api.put(busy, "d" + number, Map.of("text", GeneratedText.text(number)))
                    .statusCode(201);
                Api.search(busy, Map.of("text", "harbour")).statusCode(200);
                number++;
              } while (dropping.get());
              return number - first;
            }));
      }
      for (int i = 0; i < 10; i++) {
        String other = Api.newCollection();
        Api.put(other, "a", Map.of("text", "Soon gone.")).statusCode(201);
        given().delete("/api/v1/collections/" + other).then().statusCode(204);
      }
      dropping.set(false);
      int written = 0;
      for (Future<Integer> put : puts) {
        written += put.get();
      }
      given().get("/api/v1/collections/" + busy).then().body("documents", equalTo(written));
    }
  }

  /// Since when a drop has been waiting for a lock: a different time for each attempt.
  private static final String WAITING_SINCE =
      """
      SELECT waitstart
        FROM pg_locks
       WHERE relation = 'document'::regclass
         AND mode     = 'AccessExclusiveLock'
         AND NOT granted
      """;

  @Test
  void aDropTriesAgainWhenOthersHoldTheTables() throws Exception {
    String doomed = Api.newCollection();
    try (Connection reader = dataSource.getConnection();
        Connection observer = dataSource.getConnection();
        var dropper = Executors.newSingleThreadExecutor()) {
      reader.setAutoCommit(false);
      reader.createStatement().execute("LOCK TABLE document IN ACCESS SHARE MODE");
      Future<Integer> drop =
          dropper.submit(() -> given().delete("/api/v1/collections/" + doomed).statusCode());

      Set<String> tries = new HashSet<>();
      await()
          .pollInterval(Duration.ofMillis(50))
          .until(() -> {
            try (var row = observer.createStatement().executeQuery(WAITING_SINCE)) {
              if (row.next() && row.getString(1) != null) {
                tries.add(row.getString(1));
              }
            }
            return tries.size() >= 2;
          });
      reader.rollback();
      reader.setAutoCommit(true);

      assertThat(drop.get()).isEqualTo(204);
    }
  }

  @Test
  void writersOfADroppedCollectionAreTold() throws Exception {
    String doomed = Api.newCollection();
    try (var writers = Executors.newFixedThreadPool(4)) {
      List<Future<Integer>> puts = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        int number = i;
        puts.add(
            writers.submit(() ->
                Api.put(doomed, "d" + number, Map.of("text", GeneratedText.text(number)))
                    .extract()
                    .statusCode()));
      }
      given().delete("/api/v1/collections/" + doomed).then().statusCode(204);
      for (Future<Integer> put : puts) {
        assertThat(put.get()).isIn(201, 404);
      }
    }
  }

  @Test
  void theDatabaseLocksTheWidth() throws SQLException {
    String name = Api.newCollection();
    Api.put(name, "a", Map.of("text", "One chunk."));

    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      var failure =
          org.assertj.core.api.Assertions.catchThrowableOfType(
              SQLException.class,
              () ->
                  statement.executeUpdate(
                      """
                      UPDATE embedding
                         SET vector = '[1,2,3]'
                       WHERE collection_id = (SELECT id FROM collection WHERE name = '%s')
                      """
                          .formatted(name)));
      assertThat(failure.getSQLState()).isEqualTo("23514");
      assertThat(failure.getMessage()).contains("_dimensions_check");
    }
  }

  /// Relations with the number of a collection or space that does not exist. Workers build and drop
  /// indexes of the others at any time.
  private List<String> relationsOfNoCollection() throws SQLException {
    var names = new ArrayList<String>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                """
                SELECT relname
                  FROM pg_class
                 WHERE relnamespace = 'public'::regnamespace
                   AND relname ~ '_[0-9]+(_|$)'
                   AND substring(relname FROM '_([0-9]+)')::bigint NOT IN (
                         SELECT id FROM collection WHERE relname NOT LIKE 'embedding%'
                         UNION ALL
                         SELECT id FROM embedding_space WHERE relname LIKE 'embedding%')
                 ORDER BY relname
                """)) {
      while (rows.next()) {
        names.add(rows.getString(1));
      }
    }
    return names;
  }
}
