package dev.sheaf.document;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.Sql;
import dev.sheaf.database.Transactions;
import dev.sheaf.embedding.Space;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.http.Method;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class FilteredDocumentsIT {

  @Inject CollectionService collections;
  @Inject ObjectTemplates templates;
  @Inject AgroalDataSource dataSource;

  private String collection;

  @BeforeEach
  void nineDocuments() {
    collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    for (int i = 1; i <= 9; i++) {
      Api.put(
              collection,
              "d" + i,
              Map.of(
                  "title", "Title " + i,
                  "metadata", Map.of("n", i, "odd", i % 2 == 1, "author", Map.of("name", "Ada")),
                  "chunks",
                      List.of(
                          Map.of("text", "First of " + i + ". ", "vector", List.of(1, i)),
                          Map.of("text", "Second.", "vector", List.of(i, 1)))))
          .statusCode(201);
    }
  }

  @Test
  void areListedAndCounted() {
    list("{\"odd\":true}")
        .body("documents.id", containsInAnyOrder("d1", "d3", "d5", "d7", "d9"))
        .body("next", nullValue())
        .body("count", equalTo(5));
    list("{\"$title\":\"Title 4\"}").body("documents.id", equalTo(List.of("d4")));
    String next =
        given()
            .queryParam("filter", "{\"odd\":true}")
            .queryParam("limit", 3)
            .get("/api/v1/collections/" + collection + "/documents")
            .then()
            .body("documents", hasSize(3))
            .body("count", nullValue())
            .extract()
            .path("next");
    given()
        .queryParam("filter", "{\"odd\":true}")
        .queryParam("limit", 3)
        .queryParam("after", next)
        .get("/api/v1/collections/" + collection + "/documents")
        .then()
        .body("documents", hasSize(2))
        .body("next", nullValue());
  }

  @Test
  void areDeletedTogether() {
    given()
        .queryParam("filter", "{\"n\":{\"$gt\":6}}")
        .delete("/api/v1/collections/" + collection + "/documents")
        .then()
        .statusCode(200)
        .body("", equalTo(Map.of("deleted", 3)));

    list("{}").body("count", equalTo(6));
    given().get("/api/v1/collections/" + collection).then().body("chunks", equalTo(12));
  }

  /// Several pages and batches, in which the filter meets some documents or all.
  @Test
  void deletingLeavesWhatRawSqlWouldLeave() throws Exception {
    int documents = 2 * FilteredDeletion.PAGE + 500;
    String many = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    Space space = collections.activeSpace(many);
    try (Connection connection = dataSource.getConnection();
        Statement fill = connection.createStatement()) {
      fill.execute(
          """
          INSERT INTO %s (collection_id, id, external_id, content_hash, metadata)
          SELECT %s, gen_random_uuid(), 'd' || n, sha256(n::text::bytea),
                 jsonb_build_object('n', n, 'odd', n %% 2 = 1)
            FROM generate_series(1, %s) AS n
          """
              .formatted(space.documentTable(), space.collectionId(), documents));
      fill.execute(
          """
          INSERT INTO %s (collection_id, document_id, ordinal, text, token_count, start_offset, end_offset)
          SELECT collection_id, id, 0, 'tides', 1, 0, 5
            FROM %s
          """
              .formatted(space.chunkTable(), space.documentTable()));
      for (Map.Entry<String, String> filter :
          List.of(
              Map.entry(
                  "{\"$and\":[{\"odd\":true},{\"n\":{\"$gt\":15000}}]}", "n % 2 = 1 AND n > 15000"),
              Map.entry("{\"n\":{\"$lt\":0}}", "n < 0"),
              Map.entry("{\"n\":{\"$ne\":7}}", "n <> 7"),
              Map.entry("{}", "true"))) {
        String condition = filter.getValue().replace("n", "(metadata->>'n')::int");
        List<String> kept = ids(connection, space, "NOT (" + condition + ")");
        int before = ids(connection, space, "true").size();

        given()
            .queryParam("filter", filter.getKey())
            .delete("/api/v1/collections/" + many + "/documents")
            .then()
            .statusCode(200)
            .body("", equalTo(Map.of("deleted", before - kept.size())));

        assertThat(ids(connection, space, "true")).as(filter.getKey()).isEqualTo(kept);
        assertThat(number(connection, "SELECT count(*) FROM " + space.chunkTable()))
            .isEqualTo(kept.size());
      }
    }
  }

  private static List<String> ids(Connection connection, Space space, String condition)
      throws SQLException {
    return Sql.of(
            "SELECT external_id FROM %s WHERE %s ORDER BY external_id"
                .formatted(space.documentTable(), condition))
        .list(connection, row -> row.getString(1));
  }

  @Test
  void areNotDeletedByMistake() {
    given()
        .delete("/api/v1/collections/" + collection + "/documents")
        .then()
        .statusCode(400)
        .body("detail", equalTo("filter is required. filter={} deletes all documents."));
    given()
        .queryParam("filter", "n=1")
        .delete("/api/v1/collections/" + collection + "/documents")
        .then()
        .statusCode(400)
        .body("detail", equalTo("filter must be JSON, percent-encoded."));
    given()
        .queryParam("filter", "{\"n\":{}}")
        .delete("/api/v1/collections/" + collection + "/documents")
        .then()
        .statusCode(422)
        .body("detail", equalTo("filter.n has no operator. Give at least one, such as $eq."));
    list("{}").body("count", equalTo(9));
  }

  @Test
  void aPatchMergesAndEmbedsNothing() {
    Map<String, ?> metadata =
        new java.util.HashMap<>(Map.of("n", 100, "author", Map.of("born", 1815)));
    metadata.put("odd", null);

    patch("d1", Map.of("metadata", metadata))
        .statusCode(200)
        .body("id", equalTo("d1"))
        .body("title", equalTo("Title 1"))
        .body("metadata", equalTo(Map.of("n", 100, "author", Map.of("name", "Ada", "born", 1815))));
    var titleless = new java.util.HashMap<String, Object>();
    titleless.put("title", null);
    titleless.put("uri", "https://example.org/1");
    patch("d1", titleless)
        .statusCode(200)
        .body("title", nullValue())
        .body("uri", equalTo("https://example.org/1"));

    Api.search(collection, Map.of("vector", List.of(1, 1), "filter", Map.of("n", 100)))
        .body("hits.document", equalTo(List.of("d1", "d1")))
        .body("hits[0].metadata.author.born", equalTo(1815));
    patch("nobody", Map.of("title", "x")).statusCode(404);
    patch("d1", Map.of("text", "x"))
        .statusCode(422)
        .body("detail", equalTo("text cannot be changed. The fields are metadata, title and uri."));
    patch("d1", Map.of("metadata", List.of()))
        .statusCode(422)
        .body("detail", equalTo("metadata must be an object or null."));
    var bare = new java.util.HashMap<String, Object>();
    bare.put("metadata", null);
    patch("d1", bare).statusCode(200).body("metadata", equalTo(Map.of()));
  }

  @ParameterizedTest
  @EnumSource(names = {"GET", "DELETE"})
  void aCollectionThatIsDroppedMeanwhileIsNotFound(Method method) throws Exception {
    Space space = collections.activeSpace(collection);
    CompletableFuture<ValidatableResponse> answer =
        Transactions.call(
            dataSource,
            connection -> {
              long table =
                  number(connection, "SELECT '" + space.documentTable() + "'::regclass::oid");
              templates.revert(connection, "space", Map.of("space_id", space.id()));
              templates.revert(
                  connection, "collection", Map.of("collection_id", space.collectionId()));
              try (var delete = connection.createStatement()) {
                delete.execute("DELETE FROM collection WHERE id = " + space.collectionId());
              }
              CompletableFuture<ValidatableResponse> asked =
                  CompletableFuture.supplyAsync(() ->
                      given()
                          .queryParam("filter", "{}")
                          .request(method, "/api/v1/collections/" + collection + "/documents")
                          .then());
              await()
                  .until(() ->
                      number(
                              connection,
                              "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = "
                                  + table)
                          > 0);
              return asked;
            });

    answer
        .get()
        .statusCode(404)
        .body("detail", equalTo("There is no collection named " + collection + "."));
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (var select = connection.createStatement();
        var row = select.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  @Test
  void chunksAreReadInOrder() {
    given()
        .get("/api/v1/collections/{collection}/documents/{id}/chunks", collection, "d1")
        .then()
        .statusCode(200)
        .body("chunks.ordinal", equalTo(Arrays.asList(0, 1)))
        .body("chunks.text", equalTo(List.of("First of 1. ", "Second.")));
    given()
        .get("/api/v1/collections/{collection}/documents/{id}/chunks", collection, "nobody")
        .then()
        .statusCode(404);
  }

  private ValidatableResponse list(String filter) {
    return given()
        .queryParam("filter", filter)
        .queryParam("count", true)
        .get("/api/v1/collections/" + collection + "/documents")
        .then()
        .statusCode(200);
  }

  private ValidatableResponse patch(String id, Map<String, ?> body) {
    return given()
        .contentType(ContentType.JSON)
        .body(body)
        .patch("/api/v1/collections/{collection}/documents/{id}", collection, id)
        .then();
  }
}
