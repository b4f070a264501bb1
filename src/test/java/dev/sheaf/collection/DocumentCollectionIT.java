package dev.sheaf.collection;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.database.RowCount;
import dev.sheaf.database.Sql;
import dev.sheaf.embedding.Space;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.GeneratedText;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class DocumentCollectionIT {

  @Inject AgroalDataSource dataSource;
  @Inject CollectionService collections;
  @Inject CollectionRemover remover;

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
        .body("chunks", equalTo(0))
        .body("countsEstimated", equalTo(false));
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
    await().until(() -> dropped() == 0);
    assertThat(relationsOfNoCollection()).isEqualTo(before);
  }

  /// The number of collections whose tables remain to be removed.
  private int dropped() throws SQLException {
    return Sql.of("SELECT count(*) FROM collection WHERE active_space_id IS NULL")
        .first(dataSource, row -> row.getInt(1))
        .orElseThrow();
  }

  @Test
  void pagesTogetherAreAllCollections() throws SQLException {
    for (int i = 0; i < 3; i++) {
      Api.newCollection();
    }
    List<String> all =
        Sql.of("SELECT name FROM collection WHERE active_space_id IS NOT NULL ORDER BY name")
            .list(dataSource, row -> row.getString(1));

    assertThat(pages(1_000)).containsExactly(all);
    assertThat(pages(2)).allMatch(page -> page.size() <= 2);
    assertThat(pages(2).stream().flatMap(List::stream)).containsExactlyElementsOf(all);
    given().get("/api/v1/collections?limit=0").then().statusCode(400);
    given().get("/api/v1/collections?after=No").then().statusCode(400);
  }

  private static List<List<String>> pages(int size) {
    var pages = new ArrayList<List<String>>();
    for (String next = ""; next != null; ) {
      JsonNode page =
          Api.json(
              given()
                  .queryParams(
                      next.isEmpty() ? Map.of("limit", size) : Map.of("limit", size, "after", next))
                  .get("/api/v1/collections")
                  .then()
                  .statusCode(200)
                  .extract());
      pages.add(page.get("collections").findValuesAsText("name"));
      next = page.path("next").asText(null);
    }
    if (pages.getLast().isEmpty()) {
      pages.removeLast();
    }
    return pages;
  }

  @Test
  void theServerHoldsTheLocksOfABackup() throws SQLException {
    String name = Api.newCollection();
    // Spaces that no collection uses count like those of collections.
    Sql.of(
            """
            INSERT INTO embedding_space (collection_id, model, dimensions, metric, "precision")
            SELECT s.collection_id, s.model, s.dimensions, s.metric, s."precision"
              FROM collection c
              JOIN embedding_space s ON s.id = c.active_space_id
             CROSS JOIN generate_series(1, current_setting('max_locks_per_transaction')::int
                                             * current_setting('max_connections')::int)
             WHERE c.name = ?
            """,
            name)
        .update(dataSource);
    try {
      Api.post("/collections", Map.of("name", "one-too-many"))
          .statusCode(409)
          .body("type", equalTo("urn:sheaf:problem:too-many-collections"))
          .body("detail", containsString("Set max_locks_per_transaction to "));
    } finally {
      Sql.of(
              """
              DELETE FROM embedding_space s
               USING collection c
               WHERE c.id = s.collection_id
                 AND c.name = ?
                 AND s.id <> c.active_space_id
              """,
              name)
          .update(dataSource);
    }
    Api.post("/collections", Map.of("name", "one-too-many")).statusCode(201);
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
      given()
          .get("/api/v1/collections/" + busy + "?count=true")
          .then()
          .body("documents", equalTo(written));
    }
  }

  @Test
  void nobodyWaitsForADropDuringABackup() throws Exception {
    String doomed = Api.newCollection();
    Api.put(doomed, "a", Map.of("text", "The first life of this collection."));
    Api.search(doomed, Map.of("text", "first life")).body("hits.size()", equalTo(1));
    String busy = Api.newCollection();
    Space space = collections.activeSpace(doomed);
    await().until(() -> dropped() == 0);
    try (Connection backup = dataSource.getConnection();
        Statement statement = backup.createStatement()) {
      backup.setAutoCommit(false);
      statement.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
      statement.execute("LOCK TABLE document, chunk, embedding IN ACCESS SHARE MODE");

      given().delete("/api/v1/collections/" + doomed).then().statusCode(204);
      remover.removeDropped();

      // The tables remain, but nobody finds the collection, and its name is free.
      assertThat(RowCount.of(backup, space.documentTable()).rows()).isOne();
      given().get("/api/v1/collections/" + doomed).then().statusCode(404);
      Api.search(doomed, Map.of("text", "first life")).statusCode(404);
      Api.put(doomed, "a", Map.of("text", "Too late.")).statusCode(404);
      Api.post("/collections", Map.of("name", doomed)).statusCode(201);
      Api.search(doomed, Map.of("text", "first life")).body("hits.size()", equalTo(0));
      Api.put(busy, "a", Map.of("text", "Others go on.")).statusCode(201);
      assertThat(dropped()).isOne();

      backup.rollback();
      backup.setAutoCommit(true);
    }
    remover.removeDropped();
    await().until(() -> dropped() == 0);
    assertThat(
            Sql.of("SELECT to_regclass(?)", space.documentTable())
                .list(dataSource, row -> row.getString(1) == null))
        .containsExactly(true);
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
