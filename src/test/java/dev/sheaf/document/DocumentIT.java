package dev.sheaf.document;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.nullValue;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.LockWaits;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class DocumentIT {

  private static final String DOCUMENT = "/api/v1/collections/{collection}/documents/{id}";

  @Inject AgroalDataSource dataSource;

  @Test
  void isCreatedThenUnchangedThenUpdated() {
    String collection = Api.newCollection();
    Map<String, ?> content =
        Map.of(
            "text", "Tides follow the Moon.",
            "title", "Tides",
            "uri", "https://example.org/tides",
            "metadata", Map.of("field", "sea", "year", 1999, "tags", List.of("a", "b")));

    Api.put(collection, "tides", content)
        .statusCode(201)
        .body("id", equalTo("tides"))
        .body("status", equalTo("created"))
        .body("chunks", equalTo(1));
    Api.put(collection, "tides", content)
        .statusCode(200)
        .body("status", equalTo("unchanged"))
        .body("chunks", equalTo(1));
    Api.put(collection, "tides", Map.of("text", "Tides follow the Moon and the Sun."))
        .statusCode(200)
        .body("status", equalTo("updated"));

    given()
        .get(DOCUMENT, collection, "tides")
        .then()
        .statusCode(200)
        .body("text", equalTo("Tides follow the Moon and the Sun."))
        .body("title", nullValue())
        .body("metadata.size()", equalTo(0))
        .body("chunks", equalTo(1));
  }

  @Test
  void newFieldsOfTheSameTextAreAnUpdate() {
    String collection = Api.newCollection();
    Api.put(collection, "a", Map.of("text", "The same text.", "metadata", Map.of("n", 1)));

    Api.put(collection, "a", Map.of("text", "The same text.", "metadata", Map.of("n", 2)))
        .statusCode(200)
        .body("status", equalTo("updated"));

    given().get(DOCUMENT, collection, "a").then().body("metadata.n", equalTo(2));
    Api.search(collection, Map.of("text", "same text"))
        .body("hits.size()", equalTo(1))
        .body("hits[0].metadata.n", equalTo(2));
  }

  @Test
  void aLongTextComesBackToTheLetter() {
    String collection = Api.newCollection();
    String text =
        "  Chapter one.\n\n\n"
            + "The lighthouse keeper counted the ships\tand the gulls – 😀 each evening.  \r\n"
                .repeat(120)
            + "\n The end. \n";

    Api.put(collection, "long", Map.of("text", text))
        .statusCode(201)
        .body("chunks", greaterThan(4));

    given().get(DOCUMENT, collection, "long").then().body("text", equalTo(text));
  }

  @Test
  void aShorterTextLeavesNoOldChunks() {
    String collection = Api.newCollection();
    Api.put(collection, "a", Map.of("text", "A sentence about the weather. ".repeat(200)))
        .body("chunks", greaterThan(2));

    Api.put(collection, "a", Map.of("text", "Short.")).body("chunks", equalTo(1));

    given().get("/api/v1/collections/" + collection).then().body("chunks", equalTo(1));
    Api.search(collection, Map.of("text", "weather")).body("hits.size()", equalTo(1));
  }

  @Test
  void isDeletedWithItsChunks() {
    String collection = Api.newCollection();
    Api.put(collection, "a", Map.of("text", "To be deleted."));

    given().delete(DOCUMENT, collection, "a").then().statusCode(204);

    given().get(DOCUMENT, collection, "a").then().statusCode(404);
    given()
        .delete(DOCUMENT, collection, "a")
        .then()
        .statusCode(404)
        .body("type", equalTo("urn:sheaf:problem:document-not-found"));
    Api.search(collection, Map.of("text", "deleted")).body("hits.size()", equalTo(0));
    given().get("/api/v1/collections/" + collection).then().body("chunks", equalTo(0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "with space",
        "a/b/c",
        "a?b=c&d#e",
        "100%",
        "%2F",
        "naïve 😀",
        "'; DROP TABLE document; --",
        "a\\b",
        "+",
        "a;b=c",
        "\t",
        "..%2f",
        "C:\\x",
        "$1",
        "\"quoted\""
      })
  void anIdIsWhateverTheClientSays(String id) {
    String collection = Api.newCollection();

    Api.put(collection, id, Map.of("text", "Whatever.")).statusCode(201).body("id", equalTo(id));

    given().get(DOCUMENT, collection, id).then().statusCode(200).body("id", equalTo(id));
    Api.search(collection, Map.of("text", "whatever")).body("hits[0].document", equalTo(id));
    given().delete(DOCUMENT, collection, id).then().statusCode(204);
  }

  @Test
  void pagesHoldEveryDocumentOnce() {
    String collection = Api.newCollection();
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 25; i++) {
      Api.put(collection, "doc-" + i, Map.of("text", "Document number " + i)).statusCode(201);
      ids.add("doc-" + i);
    }

    Set<String> seen = new HashSet<>();
    String after = null;
    int pages = 0;
    do {
      var request = given().queryParam("limit", 10);
      var page =
          (after == null ? request : request.queryParam("after", after))
              .get("/api/v1/collections/" + collection + "/documents")
              .then()
              .statusCode(200)
              .extract()
              .jsonPath();
      List<String> onPage = page.getList("documents.id");
      assertThat(seen).doesNotContainAnyElementsOf(onPage);
      seen.addAll(onPage);
      after = page.getString("next");
      pages++;
    } while (after != null);

    assertThat(seen).isEqualTo(ids);
    assertThat(pages).isEqualTo(3);
  }

  @Test
  void isReadAsOfOneMoment() throws Exception {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 1));
    Api.put(
            collection,
            "a",
            Map.of("title", "old", "chunks", List.of(Map.of("text", "old", "vector", List.of(1)))))
        .statusCode(201);
    long id = number("SELECT id FROM collection WHERE name = '" + collection + "'");
    try (var client = Executors.newSingleThreadExecutor();
        var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      // This runs after the title is read and before the text is read.
      statement.execute(
          """
          LOCK TABLE chunk_%1$s IN ACCESS EXCLUSIVE MODE;
          UPDATE document_%1$s SET title = 'new';
          UPDATE chunk_%1$s SET text = 'new'
          """
              .formatted(id));
      Future<ValidatableResponse> read =
          client.submit(() -> given().get(DOCUMENT, collection, "a").then());
      await().until(() -> LockWaits.behind(connection) > 0);
      connection.commit();

      read.get().statusCode(200).body("title", equalTo("old")).body("text", equalTo("old"));
    }
  }

  private long number(String sql) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  @Test
  void putAtOnceTheLastOneIsWhole() throws Exception {
    String collection = Api.newCollection();
    try (var clients = Executors.newFixedThreadPool(8)) {
      List<Future<Integer>> puts =
          IntStream.range(0, 40)
              .mapToObj(i ->
                  clients.submit(() ->
                      Api.put(
                              collection,
                              "contested",
                              Map.of(
                                  "text", ("Version " + i + " of this text. ").repeat(1 + i * 3)))
                          .extract()
                          .statusCode()))
              .toList();
      for (Future<Integer> put : puts) {
        assertThat(put.get()).isIn(200, 201);
      }
    }

    String text =
        given().get(DOCUMENT, collection, "contested").then().extract().path("text").toString();
    String version = text.substring("Version ".length(), text.indexOf(" of"));
    assertThat(text)
        .isEqualTo(
            ("Version " + version + " of this text. ").repeat(1 + Integer.parseInt(version) * 3));
  }

  /// Clients index texts in their own units. Code points are the same in every language.
  @Test
  void offsetsOfChunksAreCodePoints() {
    String collection = Api.newCollection();
    String text =
        "\ud83d\ude00 The tide follows the moon \ud83c\udf19. caf\u00e9 \ud83d\udc69\u200d\ud83d\udcbb\n\n"
                .repeat(200)
            + "end";
    Api.put(collection, "emoji", Map.of("text", text)).statusCode(201);
    int[] points = text.codePoints().toArray();

    List<Map<String, Object>> chunks =
        given()
            .get("/api/v1/collections/{collection}/documents/emoji/chunks", collection)
            .jsonPath()
            .getList("chunks");

    assertThat(chunks).hasSizeGreaterThan(2);
    for (Map<String, Object> chunk : chunks) {
      int start = (int) Objects.requireNonNull(chunk.get("startOffset"));
      int end = (int) Objects.requireNonNull(chunk.get("endOffset"));
      assertThat(new String(points, start, end - start)).isEqualTo(chunk.get("text"));
    }
    assertThat(chunks.getLast().get("endOffset")).isEqualTo(points.length);
  }
}
