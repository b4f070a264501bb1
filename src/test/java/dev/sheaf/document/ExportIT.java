package dev.sheaf.document;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hamcrest.Matchers.equalTo;

import dev.sheaf.database.Sql;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Exports the documents of a collection. `TransferIT` tests that importing an export creates the
/// same documents.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class ExportIT {

  private static final String DOCUMENTS = "/api/v1/collections/{collection}/documents";

  /// More than the buffers between the service and a client that does not read can contain.
  private static final int MANY = 3_000;

  @Inject AgroalDataSource dataSource;
  @TestHTTPResource URI base;

  private static Map<String, ?> vector(String text, List<Integer> vector) {
    return Map.of("chunks", List.of(Map.of("text", text, "vector", vector)));
  }

  @Test
  void linesAreWhatAnUploadTakes() {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    Api.put(collection, "b", vector("two", List.of(0, 1)));
    Api.put(collection, "\u00e9", vector("three", List.of(1, 1)));
    Api.put(
        collection,
        "a/1",
        Map.of(
            "title",
            "A \"quoted\" title",
            "uri",
            "https://example.org/a",
            "metadata",
            Map.of("n", 1),
            "chunks",
            List.of(
                Map.of("text", "one", "vector", List.of(1, 0)),
                Map.of("text", "and a half", "vector", List.of(2, 0)))));

    given()
        .accept("application/x-ndjson")
        .get(DOCUMENTS, collection)
        .then()
        .statusCode(200)
        .contentType("application/x-ndjson")
        .body(
            equalTo(
                """
                {"id":"a/1","title":"A \\"quoted\\" title","uri":"https://example.org/a","metadata":{"n": 1},"chunks":[{"text":"one","vector":"AACAPwAAAAA="},{"text":"and a half","vector":"AAAAQAAAAAA="}]}
                {"id":"b","metadata":{},"chunks":[{"text":"two","vector":"AAAAAAAAgD8="}]}
                {"id":"\u00e9","metadata":{},"chunks":[{"text":"three","vector":"AACAPwAAgD8="}]}
                """));
    given()
        .accept("application/x-ndjson")
        .queryParam("filter", "{\"n\": {\"$exists\": false}}")
        .get(DOCUMENTS, collection)
        .then()
        .body(
            equalTo(
                given()
                    .accept("application/x-ndjson")
                    .queryParam("filter", "{\"$not\": {\"n\": 1}}")
                    .get(DOCUMENTS, collection)
                    .asString()));
    given()
        .get(DOCUMENTS, collection)
        .then()
        .contentType("application/json")
        .body("documents.size()", equalTo(3));
  }

  @Test
  void saysWhatIsWrong() {
    given()
        .accept("application/x-ndjson")
        .get(DOCUMENTS, "nowhere")
        .then()
        .statusCode(404)
        .contentType("application/problem+json")
        .body("type", equalTo("urn:sheaf:problem:collection-not-found"));
    given()
        .accept("application/x-ndjson")
        .queryParam("filter", "{")
        .get(DOCUMENTS, Api.newCollection())
        .then()
        .statusCode(400)
        .body("detail", equalTo("filter must be JSON, percent-encoded."));
    given()
        .accept("application/x-ndjson")
        .get(DOCUMENTS, Api.newCollection())
        .then()
        .statusCode(200)
        .body(equalTo(""));
  }

  /// The transaction of the export ends while the client reads nothing, so it does not keep an
  /// index of another collection from being built.
  @Test
  void isOfOneMomentAndKeepsNoTransactionOpen() throws Exception {
    String collection = many();
    try (HttpClient client = HttpClient.newHttpClient();
        var lines = lines(client, collection)) {
      assertThat(lines.readLine()).startsWith("{\"id\":\"d0\",");
      await().until(() -> transactionsOfExports() == 0);
      given()
          .queryParam("filter", "{}")
          .delete(DOCUMENTS, collection)
          .then()
          .body("deleted", equalTo(MANY));

      assertThat(lines.lines().count()).isEqualTo(MANY - 1);
    }
  }

  @Test
  void whatBreaksOffDoesNotLookWhole() throws Exception {
    String collection = many();
    failToRead("d999", collection);
    try (HttpClient client = HttpClient.newHttpClient();
        var lines = lines(client, collection)) {
      lines.readLine();
      assertThatThrownBy(
              () -> {
                while (lines.readLine() != null) {
                  // Reads to the end of the response, whether it is complete or not.
                }
              })
          .isInstanceOf(IOException.class);
    } finally {
      execute("DROP SCHEMA \"%s\" CASCADE".formatted(user()));
    }
  }

  /// Lets PostgreSQL fail when the vectors of the last document are read: a function in the schema
  /// of the user hides the one of pgvector.
  private void failToRead(String id, String collection) throws SQLException {
    execute(
        """
        UPDATE embedding e
           SET vector = (SELECT array_agg(7) FROM generate_series(1, 1000))::vector
          FROM document d
          JOIN collection c ON c.id = d.collection_id
         WHERE d.external_id = '%s' AND c.name = '%s' AND e.document_id = d.id
        """
            .formatted(id, collection));
    execute("CREATE SCHEMA AUTHORIZATION CURRENT_USER");
    execute(
        """
        CREATE FUNCTION "%s".vector_send(v vector) RETURNS bytea LANGUAGE plpgsql AS $$
        BEGIN
            IF v::real[] @> ARRAY[7::real] THEN
                RAISE 'broken';
            END IF;
            RETURN public.vector_send(v);
        END $$
        """
            .formatted(user()));
  }

  private String user() throws SQLException {
    return Sql.of("SELECT CURRENT_USER").first(dataSource, row -> row.getString(1)).orElseThrow();
  }

  private void execute(String sql) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private long transactionsOfExports() throws SQLException {
    return Sql.of(
            """
            SELECT count(*)
              FROM pg_stat_activity
             WHERE datname = current_database()
               AND xact_start IS NOT NULL
               AND query LIKE 'SELECT d.external_id%'
            """)
        .first(dataSource, row -> row.getLong(1))
        .orElseThrow();
  }

  private static String many() throws IOException {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 1_000));
    String vector = "[1" + ",0.123".repeat(999) + "]";
    var lines = new StringBuilder();
    IntStream.range(0, MANY)
        .forEach(i ->
            lines.append(
                "{\"id\":\"d%s\",\"chunks\":[{\"text\":\"t\",\"vector\":%s}]}\n"
                    .formatted(i, vector)));
    Api.upload(collection, Map.of(), lines.toString()).body("created", equalTo(MANY));
    return collection;
  }

  private BufferedReader lines(HttpClient client, String collection) throws Exception {
    InputStream body =
        client
            .send(
                HttpRequest.newBuilder(
                        base.resolve("/api/v1/collections/" + collection + "/documents"))
                    .header("Accept", "application/x-ndjson")
                    .build(),
                HttpResponse.BodyHandlers.ofInputStream())
            .body();
    return new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
  }
}
