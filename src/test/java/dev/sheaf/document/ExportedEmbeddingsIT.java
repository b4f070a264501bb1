package dev.sheaf.document;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Documents from an export, with the vectors that the model computed elsewhere.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class ExportedEmbeddingsIT {

  private static final String BY = "chunker 1, bge-small-en-v1.5, max 256, overlap 32";
  private static final String TEXT = "The Moon pulls the sea.";

  /// A vector that the model would not compute for any text.
  private static final List<Integer> VECTOR =
      IntStream.range(0, 384).mapToObj(i -> i == 7 ? 1 : 0).toList();

  private static Map<String, ?> document(String by, List<?> vectors) {
    return Map.of("text", TEXT, "embedded", Map.of("by", by, "vectors", vectors));
  }

  @Test
  void areNotEmbeddedAgainByTheSameModel() {
    String collection = Api.newCollection();

    Api.put(collection, "a", document(BY, List.of(VECTOR))).statusCode(201);

    Api.search(collection, Map.of("vector", VECTOR)).body("hits[0].distance", equalTo(0.0f));
    // The document is the same as without the exported vectors.
    Api.put(collection, "a", Map.of("text", TEXT)).body("status", equalTo("unchanged"));
  }

  @Test
  void areEmbeddedByAnyOther() {
    String collection = Api.newCollection();

    Api.put(collection, "a", document("somebody else", List.of(List.of(1, 2)))).statusCode(201);

    Api.search(collection, Map.of("vector", VECTOR)).body("hits[0].distance", greaterThan(0.5f));
  }

  @Test
  void areRefusedWhenTheyDoNotFit() {
    String collection = Api.newCollection();
    refused(
        collection,
        document(BY, List.of(VECTOR, VECTOR)),
        "embedded.vectors has 2 vectors for 1 chunks. Omit embedded, so that the document is embedded again.");
    refused(
        collection,
        document(BY, List.of(List.of(1))),
        "embedded.vectors[0] has 1 dimensions, but the model has 384.");
    refused(
        collection,
        document(BY, List.of("???")),
        "embedded.vectors[0] must be an array of numbers, or the base64 of 32-bit floats in little-endian order.");
    refused(
        collection,
        Map.of("text", TEXT, "embedded", Map.of("by", BY)),
        "embedded.vectors is required.");
  }

  private static void refused(String collection, Map<String, ?> document, String detail) {
    Api.put(collection, "bad", document).statusCode(422).body("detail", equalTo(detail));
    given()
        .get("/api/v1/collections/{collection}/documents/bad", collection)
        .then()
        .statusCode(404);
  }
}
