package dev.sheaf.ingestion;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.oneOf;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.config.EncoderConfig;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Uploads that are loaded while they arrive.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class IngestionIT {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Inject AgroalDataSource dataSource;
  @Inject Loader loader;

  /// A collection with vectors of two dimensions that clients provide.
  private static String vectors() {
    return Api.newCollection(Map.of("model", "none", "dimensions", 2));
  }

  private static String line(String id, String text, double x, double y) {
    return "{\"id\":\"%s\",\"chunks\":[{\"text\":\"%s\",\"vector\":[%s,%s]}]}"
        .formatted(id, text, x, y);
  }

  private static ValidatableResponse upload(String collection, String... lines) {
    return upload(
        collection, given().body(String.join("\n", lines).getBytes(StandardCharsets.UTF_8)));
  }

  private static ValidatableResponse upload(String collection, RequestSpecification request) {
    return request
        .config(
            RestAssured.config()
                .encoderConfig(
                    EncoderConfig.encoderConfig()
                        .appendDefaultContentCharsetToContentTypeIfUndefined(false)
                        .encodeContentTypeAs("application/x-ndjson", ContentType.BINARY)))
        .contentType("application/x-ndjson")
        .post("/api/v1/collections/{collection}/documents", collection)
        .then();
  }

  private static void counts(ValidatableResponse response, Map<String, Integer> expected) {
    JsonNode counts = Api.json(response.statusCode(200).extract());
    assertThat(counts.get("read").asInt())
        .isEqualTo(expected.values().stream().mapToInt(Integer::intValue).sum());
    for (String count : List.of("created", "updated", "unchanged", "replaced", "failed")) {
      assertThat(counts.get(count).asInt()).as(count).isEqualTo(expected.getOrDefault(count, 0));
    }
  }

  private static ValidatableResponse document(String collection, String id) {
    return given().get("/api/v1/collections/{c}/documents/{id}", collection, id).then();
  }

  @Test
  void textsAreSplitEmbeddedAndSearchable() throws IOException {
    String collection = Api.newCollection();
    String text = "  The Moon pulls the sea.\n\n" + "Ebb and flow follow it. ".repeat(80);
    String first =
        JSON.writeValueAsString(
            Map.of("id", "sea/tides", "title", "Tides", "text", text, "metadata", Map.of("n", 1)));
    String second = JSON.writeValueAsString(Map.of("id", "cats", "text", "A cat sleeps all day."));

    counts(upload(collection, first, second), Map.of("created", 2));

    document(collection, "sea/tides")
        .body("text", equalTo(text))
        .body("title", equalTo("Tides"))
        .body("metadata.n", equalTo(1));
    Api.search(collection, Map.of("text", "which pet is drowsy", "limit", 1))
        .body("hits.document", equalTo(List.of("cats")));
    // A bulk load stores exactly what a single PUT stores, otherwise this would be an update.
    Api.put(collection, "cats", Map.of("text", "A cat sleeps all day."))
        .body("status", equalTo("unchanged"));
    Api.put(
            collection,
            "sea/tides",
            Map.of("title", "Tides", "text", text, "metadata", Map.of("n", 1)))
        .body("status", equalTo("unchanged"));
  }

  @Test
  void clientVectorsAreStoredUnchanged() {
    String collection = vectors();

    counts(
        upload(collection, line("a", "east", 1, 0), line("b", "north", 0, 1)),
        Map.of("created", 2));

    Api.search(collection, Map.of("vector", List.of(0.1, 1), "limit", 1))
        .body("hits.document", equalTo(List.of("b")))
        .body("hits.text", equalTo(List.of("north")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/x-ndjson; charset=utf-8",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/jsonlines"
      })
  void anyNameOfLinesOfJsonIsUnderstood(String type) {
    assertThat(send(vectors(), type).jsonPath().getInt("created")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json", "text/plain", "application/octet-stream"})
  void anotherTypeIsToldTheRightOne(String type) {
    Response refused = send(vectors(), type);

    assertThat(refused.statusCode()).isEqualTo(415);
    assertThat(refused.jsonPath().getString("detail"))
        .isEqualTo(
            "Send Content-Type: application/x-ndjson or application/ndjson or application/jsonl or"
                + " application/x-jsonlines or application/jsonlines.");
  }

  private static Response send(String collection, String type) {
    return given()
        .config(
            RestAssured.config()
                .encoderConfig(
                    EncoderConfig.encoderConfig()
                        .appendDefaultContentCharsetToContentTypeIfUndefined(false)
                        .encodeContentTypeAs(type, ContentType.BINARY)))
        .contentType(type)
        .body(line("a", "text", 1, 0).getBytes(StandardCharsets.UTF_8))
        .post("/api/v1/collections/" + collection + "/documents");
  }

  @Test
  void gzipIsDecompressed() throws IOException {
    String collection = vectors();
    var compressed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(compressed)) {
      for (int i = 0; i < 2_500; i++) {
        gzip.write((line("d" + i, "text " + i, 1, i) + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    byte[] whole = compressed.toByteArray();

    counts(
        upload(collection, given().header("Content-Encoding", "gzip").body(whole)),
        Map.of("created", 2_500));

    upload(
            collection,
            given().header("Content-Encoding", "gzip").body(Arrays.copyOf(whole, whole.length / 2)))
        .statusCode(400)
        .body("type", equalTo("urn:sheaf:problem:body-broken-off"))
        .body("detail", startsWith("The upload ended unexpectedly after line "));
    upload(
            collection,
            given().header("Content-Encoding", "gzip").body("{}".getBytes(StandardCharsets.UTF_8)))
        .statusCode(400)
        .body("detail", equalTo("The body is not gzip, although Content-Encoding is gzip."));
    upload(
            collection,
            given().header("Content-Encoding", "br").body("{}".getBytes(StandardCharsets.UTF_8)))
        .statusCode(415)
        .body(
            "detail", equalTo("Content-Encoding br is not supported. Send gzip, or no encoding."));
  }

  @Test
  void anUploadMayNotDecompressToFarMoreThanItIs() throws IOException {
    var compressed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(compressed)) {
      gzip.write("\n".repeat(16 * 1024 * 1024).getBytes(StandardCharsets.UTF_8));
    }

    upload(vectors(), given().header("Content-Encoding", "gzip").body(compressed.toByteArray()))
        .statusCode(413)
        .body(
            "detail",
            equalTo(
                "The upload decompresses to more than 200 times its size. Send it in parts, or without compression."));
  }

  @Test
  void blankLinesAreNoReasonForABatch() {
    String blank = "\n \r\n\t\n".repeat(30_000);
    byte[] upload =
        (blank + line("a", "one", 1, 0) + blank + line("b", "two", 0, 1) + blank)
            .getBytes(StandardCharsets.UTF_8);
    BatchReader batches =
        loader.batches(new LineReader(new ByteArrayInputStream(upload), loader.maxLine(), 0, 0));

    Batch batch = Objects.requireNonNull(batches.next());

    assertThat(batch.lines())
        .containsExactlyInAnyOrderEntriesOf(Map.of("a", 90_001L, "b", 180_001L));
    assertThat(batch.position()).isEqualTo(upload.length);
    assertThat(batches.next()).isNull();
  }

  @Test
  void invalidLinesAreReportedAndTheOthersAreStored() {
    String collection = vectors();

    ValidatableResponse response =
        upload(
            collection,
            line("good", "one", 1, 0),
            "{\"id\":\"cut\",\"chunks\":",
            "",
            "{\"id\":\"wide\",\"chunks\":[{\"text\":\"a\",\"vector\":[1,2,3]}]}",
            "{\"id\":\"nul\",\"chunks\":[{\"text\":\"a\\u0000b\",\"vector\":[1,2]}]}",
            "{\"chunks\":[{\"text\":\"a\",\"vector\":[1,2]}]}",
            "{\"id\":7,\"text\":\"a\"}",
            "[]",
            "{\"id\":\"" + "x".repeat(513) + "\",\"chunks\":[{\"text\":\"a\",\"vector\":[1,2]}]}",
            "{\"id\":\"text\",\"text\":\"the collection has no model\"}",
            "{\"id\":\"\\u0000\",\"nonsense\\u0000\":1}",
            "{\"id\":\"deep\",\"metadata\":" + "[".repeat(5_000),
            "\u0000\u0001\u00ff",
            "{\"id\":\"huge\",\"title\":\"" + "x".repeat(10_500_000) + "\"}",
            " null ",
            line("also good", "two", 0, 1));

    counts(response, Map.of("created", 2, "failed", 13));
    response.body("errors.line", equalTo(List.of(2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)));
    response
        .body("errors[0].id", equalTo("cut"))
        .body("errors[0].type", equalTo("urn:sheaf:problem:malformed-json"))
        .body("errors[1].id", equalTo("wide"))
        .body(
            "errors[1].detail", equalTo("chunks[0].vector has 3 dimensions, but the model has 2."))
        .body(
            "errors[2].detail",
            equalTo(
                "chunks[0].text contains U+0000 at position 1, which PostgreSQL cannot store. Remove it."))
        .body("errors[3].detail", equalTo("id is required."))
        .body("errors[4].detail", equalTo("id must be a string."))
        .body("errors[6].detail", equalTo("id has 513 bytes. It must have 1 to 512."))
        .body(
            "errors[7].detail",
            equalTo(
                "The collection has no model that embeds text. Send chunks instead, each with text and vector."))
        .body("errors[11].type", equalTo("urn:sheaf:problem:line-too-long"))
        .body("errors[12].detail", equalTo("The line must be an object, not null."));
    document(collection, "good").statusCode(200);
    document(collection, "also good").statusCode(200);
    document(collection, "text").statusCode(404);
  }

  @Test
  void theLastLineOfAnIdWins() {
    String collection = vectors();
    // More lines than a batch, so that an id is repeated within a batch and across batches.
    Stream<String> lines =
        Stream.of(
                Stream.of(line("a", "first", 1, 0), line("a", "second", 1, 0)),
                IntStream.range(0, 1_500).mapToObj(i -> line("d" + i, "t", 1, i)),
                Stream.of(line("a", "third", 0, 1), line("d0", "t", 1, 0)))
            .flatMap(all -> all);

    counts(
        upload(collection, lines.toArray(String[]::new)), Map.of("created", 1_501, "replaced", 3));

    document(collection, "a").body("text", equalTo("third"));
  }

  @Test
  void unchangedDocumentsAreNotWritten() {
    String collection = vectors();
    String a = line("a", "one", 1, 0);
    String b = line("b", "two", 0, 1);
    counts(upload(collection, a, b), Map.of("created", 2));
    String createdAt = document(collection, "b").extract().path("createdAt");
    String updatedAt = document(collection, "a").extract().path("updatedAt");

    counts(upload(collection, a, b), Map.of("unchanged", 2));
    counts(
        upload(
            collection,
            a,
            b.replace("\"chunks\"", "\"title\":\"B\",\"chunks\""),
            line("c", "three", 1, 1)),
        Map.of("unchanged", 1, "updated", 1, "created", 1));
    counts(upload(collection, line("b", "other", 0, 1)), Map.of("updated", 1));

    document(collection, "a").body("updatedAt", equalTo(updatedAt));
    document(collection, "b").body("createdAt", equalTo(createdAt)).body("text", equalTo("other"));
    Api.search(collection, Map.of("vector", List.of(0, 1), "limit", 10)).body("hits", hasSize(3));
  }

  @Test
  void concurrentWritesOfTheSameDocumentsSucceed() throws Exception {
    String collection = vectors();
    int documents = 40;
    List<Callable<Integer>> writers =
        IntStream.range(0, 6)
            .<Callable<Integer>>mapToObj(writer ->
                () -> {
                  for (int round = 0; round < 5; round++) {
                    int seed = writer * 100 + round;
                    if (writer % 2 == 0) {
                      String[] lines =
                          IntStream.range(0, documents)
                              .mapToObj(i -> line("d" + i, "text " + seed, 1, seed))
                              .toArray(String[]::new);
                      upload(collection, lines)
                          .statusCode(200)
                          .body("read", equalTo(documents))
                          .body("failed", equalTo(0));
                    } else {
                      for (int i = 0; i < documents; i += 7) {
                        Api.put(
                                collection,
                                "d" + i,
                                Map.of(
                                    "chunks",
                                    List.of(
                                        Map.of("text", "put " + seed, "vector", List.of(1, seed)))))
                            .statusCode(oneOf(200, 201));
                      }
                    }
                  }
                  return 0;
                })
            .toList();

    try (var threads = Executors.newFixedThreadPool(writers.size())) {
      for (Future<Integer> writer : threads.invokeAll(writers)) {
        writer.get();
      }
    }

    given()
        .get("/api/v1/collections/{collection}?count=true", collection)
        .then()
        .body("documents", equalTo(documents))
        .body("chunks", equalTo(documents));
  }

  @Test
  void aPatchWaitsForAConcurrentUpload() throws Exception {
    String collection = vectors();
    upload(collection, line("a", "one", 1, 0)).statusCode(200);
    String createdAt = document(collection, "a").extract().path("createdAt");
    try (var clients = Executors.newFixedThreadPool(2);
        var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE embedding IN SHARE MODE");
      Future<?> load =
          clients.submit(
              () -> counts(upload(collection, line("a", "two", 0, 1)), Map.of("updated", 1)));
      awaitLockWaiters(1);
      Future<ValidatableResponse> change =
          clients.submit(() ->
              given()
                  .contentType(ContentType.JSON)
                  .body("{\"title\":\"A\"}")
                  .patch("/api/v1/collections/{c}/documents/{id}", collection, "a")
                  .then());
      awaitLockWaiters(2);
      connection.rollback();

      load.get();
      change.get().statusCode(200).body("title", equalTo("A"));
    }
    document(collection, "a").body("text", equalTo("two")).body("createdAt", equalTo(createdAt));
  }

  /// Waits until at least this many sessions wait for a lock.
  private void awaitLockWaiters(int count) {
    await()
        .until(() -> {
          try (var connection = dataSource.getConnection();
              var statement = connection.createStatement();
              var row =
                  statement.executeQuery(
                      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")) {
            row.next();
            return row.getInt(1) >= count;
          }
        });
  }

  @Test
  void unknownCollectionAndEmptyUpload() {
    upload("nowhere", line("a", "one", 1, 0))
        .statusCode(404)
        .body("type", equalTo("urn:sheaf:problem:collection-not-found"));
    counts(upload(vectors(), given().body(new byte[0])), Map.of());
  }
}
