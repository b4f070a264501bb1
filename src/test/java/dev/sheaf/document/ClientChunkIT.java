package dev.sheaf.document;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.anyOf;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Documents with chunks and vectors from the client.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class ClientChunkIT {

  @Inject AgroalDataSource dataSource;

  private static final Map<String, Object> TIDES =
      Map.of(
          "title",
          "Tides",
          "chunks",
          List.of(
              Map.of("text", "The Moon pulls.", "vector", List.of(1, 0, 0)),
              Map.of("text", "The sea follows.", "vector", List.of(0, 1, 0))));

  @Test
  void areStoredAndFoundWithoutAModel() {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 3));

    Api.put(collection, "tides", TIDES).statusCode(201).body("chunks", equalTo(2));
    Api.put(collection, "tides", TIDES).statusCode(200).body("status", equalTo("unchanged"));

    given()
        .get("/api/v1/collections/{collection}/documents/tides", collection)
        .then()
        .body("text", equalTo("The Moon pulls.\nThe sea follows."));
    given()
        .get("/api/v1/collections/{collection}", collection)
        .then()
        .body("model", equalTo("none"))
        .body("dimensions", equalTo(3));
    Api.search(collection, Map.of("vector", List.of(0.1, 1, 0), "limit", 1))
        .body("hits.text", equalTo(List.of("The sea follows.")))
        .body("hits.ordinal", equalTo(List.of(1)));
  }

  /// In every way of storing, and after a release that did not know which chunks a client sent.
  @ParameterizedTest
  @ValueSource(strings = {"put", "upload", "put again", "upload again"})
  void areReadToTheLetter(String way) throws Exception {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 1));
    List<String> texts =
        List.of(
            "alpha", "beta\n", " gamma\u2003", "\n\ndelta", "\ud83d\ude00", "epsilon", " zeta \n");
    Map<String, Object> content =
        Map.of(
            "chunks",
            texts.stream().map(text -> Map.of("text", text, "vector", List.of(1))).toList());
    store(collection, content, way);
    if (way.endsWith("again")) {
      try (var connection = dataSource.getConnection();
          var statement = connection.createStatement()) {
        statement.execute(
            "UPDATE document SET mime_type = 'text/plain' WHERE collection_id = (SELECT id FROM collection WHERE name = '%s')"
                .formatted(collection));
      }
      store(collection, content, way);
    }

    List<Map<String, Object>> chunks =
        given()
            .get("/api/v1/collections/{collection}/documents/a/chunks", collection)
            .jsonPath()
            .getList("chunks");
    assertThat(chunks).extracting(chunk -> chunk.get("text")).isEqualTo(texts);
    int[] points = String.join("\n", texts).codePoints().toArray();
    for (Map<String, Object> chunk : chunks) {
      int start = (int) Objects.requireNonNull(chunk.get("startOffset"));
      assertThat(
              new String(
                  points, start, (int) Objects.requireNonNull(chunk.get("endOffset")) - start))
          .isEqualTo(chunk.get("text"));
    }
    for (boolean grouped : new boolean[] {false, true}) {
      var request = new HashMap<String, Object>(Map.of("vector", List.of(1)));
      if (grouped) {
        request.put("groupBy", "document");
        request.put("groupSize", 10);
      }
      assertThat(
              Api.search(collection, request)
                  .statusCode(200)
                  .extract()
                  .jsonPath()
                  .getList("hits.text"))
          .isEqualTo(texts);
    }
    given()
        .get("/api/v1/collections/{collection}/documents/a", collection)
        .then()
        .body("text", equalTo(String.join("\n", texts)));
  }

  private static void store(String collection, Map<String, Object> content, String way)
      throws Exception {
    if (way.startsWith("put")) {
      Api.put(collection, "a", content).statusCode(anyOf(is(200), is(201)));
      return;
    }
    var line = new HashMap<String, Object>(content);
    line.put("id", "a");
    given()
        .contentType("application/x-ndjson")
        .body(new ObjectMapper().writeValueAsBytes(line))
        .post("/api/v1/collections/{collection}/documents", collection)
        .then()
        .statusCode(200)
        .body("failed", equalTo(0));
  }

  /// The text of a hit has no white space around it, as Java defines white space.
  @Test
  void hitsOfATextThatTheServiceSplitsAreStripped() {
    String white =
        IntStream.rangeClosed(1, Character.MAX_VALUE)
            .filter(Character::isWhitespace)
            .mapToObj(Character::toString)
            .collect(Collectors.joining());
    String collection = Api.newCollection();
    Api.put(collection, "a", Map.of("text", white + "\u00a0the moon" + white)).statusCode(201);

    Api.search(collection, Map.of("text", "moon"))
        .body("hits.text", equalTo(List.of("\u00a0the moon")));
  }

  @Test
  void otherVectorsOfTheSameTextAreAnUpdate() {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    Api.put(collection, "a", chunk("The Moon", List.of(1, 0))).statusCode(201);

    Api.put(collection, "a", chunk("The Moon", List.of(0, 1)))
        .statusCode(200)
        .body("status", equalTo("updated"));
    Api.search(collection, Map.of("vector", List.of(0, 1))).body("hits[0].distance", equalTo(0.0f));
  }

  @Test
  void vectorsMayBeBase64() {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    String zeroAndOne = "AAAAAAAAgD8=";
    Api.put(
            collection,
            "a",
            Map.of("chunks", List.of(Map.of("text", "The Moon", "vector", zeroAndOne))))
        .statusCode(201);

    Api.search(collection, Map.of("vector", zeroAndOne, "select", List.of("vector")))
        .body("hits[0].vector", equalTo(List.of(0.0f, 1.0f)));
    Api.put(collection, "a", chunk("The Moon", List.of(0, 1))).body("status", equalTo("unchanged"));
  }

  @Test
  void withoutAVectorAreEmbeddedByTheModel() {
    String collection = Api.newCollection();

    Api.put(
            collection,
            "a",
            Map.of("chunks", List.of(Map.of("text", "A cat"), Map.of("text", "The tide"))))
        .statusCode(201);

    Api.search(collection, Map.of("text", "ebb and flow of the sea", "limit", 1))
        .body("hits.text", equalTo(List.of("The tide")));
  }

  @Test
  void saysWhatIsWrong() {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));

    refused(
        collection,
        Map.of("text", "The Moon"),
        "The collection has no model that embeds text. Send chunks instead, each with text and vector.");
    refused(
        collection,
        Map.of("chunks", List.of(Map.of("text", "The Moon"))),
        "The collection has no model that embeds text. Send chunks instead, each with text and vector.");
    refused(
        collection,
        chunk("The Moon", List.of(1, 0, 0)),
        "chunks[0].vector has 3 dimensions, but the model has 2.");
    refused(
        collection,
        chunk("The Moon", List.of(0, 0)),
        "chunks[0].vector contains only zeros, which have no cosine distance.");
    refused(
        collection,
        Map.of("chunks", List.of(), "title", "x"),
        "chunks must contain at least one chunk, and no null.");
    refused(
        collection,
        Map.of("text", "a", "chunks", List.of(Map.of("text", "a"))),
        "Give either text or chunks, not both.");
    Api.search(collection, Map.of("text", "The Moon"))
        .statusCode(422)
        .body(
            "detail",
            equalTo("The collection has no model that embeds text. Send vector instead."));
    refused(
        Api.newCollection(),
        Map.of("chunks", List.of(Map.of("text", "word ".repeat(600)))),
        "chunks[0].text has 600 tokens, but the model bge-small-en-v1.5 accepts at most 510. Send a shorter text.");
    Api.post("/collections", Map.of("name", "no-width", "model", "none"))
        .statusCode(422)
        .body("detail", equalTo("dimensions is required."));
    Api.post("/collections", Map.of("name", "too-wide", "model", "none", "dimensions", 4096))
        .statusCode(422)
        .body(
            "detail",
            equalTo(
                "An index with half precision may have at most 4000 dimensions, but the model has 4096. Choose binary."));
  }

  private static Map<String, ?> chunk(String text, List<Integer> vector) {
    return Map.of("chunks", List.of(Map.of("text", text, "vector", vector)));
  }

  private static void refused(String collection, Map<String, ?> content, String detail) {
    Api.put(collection, "bad", content).statusCode(422).body("detail", equalTo(detail));
  }
}
