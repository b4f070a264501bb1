package dev.sheaf.testing;

import static io.restassured.RestAssured.given;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.restassured.RestAssured;
import io.restassured.config.EncoderConfig;
import io.restassured.http.ContentType;
import io.restassured.response.ResponseBodyExtractionOptions;
import io.restassured.response.ValidatableResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// Common requests to Sheaf's API, for tests.
public final class Api {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final AtomicInteger COLLECTIONS = new AtomicInteger();

  private Api() {}

  /// Creates a collection with a unique name.
  ///
  /// @return the name
  public static String newCollection() {
    return newCollection(Map.of());
  }

  /// The same with options, such as `metric`.
  public static String newCollection(Map<String, ?> options) {
    String name = "test-" + COLLECTIONS.incrementAndGet();
    var body = new java.util.HashMap<String, Object>(options);
    body.put("name", name);
    post("/collections", body).statusCode(201);
    return name;
  }

  /// The body of an answer, for tests that read many: RestAssured compiles each path of a JSON
  /// document to a class, which takes ten milliseconds.
  public static JsonNode json(ResponseBodyExtractionOptions answer) {
    try {
      return JSON.readTree(answer.asString());
    } catch (JsonProcessingException e) {
      throw new AssertionError(answer.asString(), e);
    }
  }

  /// Stores a document.
  public static ValidatableResponse put(String collection, String id, Map<String, ?> content) {
    return given()
        .contentType(ContentType.JSON)
        .body(content)
        .when()
        .put("/api/v1/collections/{collection}/documents/{id}", collection, id)
        .then();
  }

  /// Uploads documents, one per line.
  public static ValidatableResponse upload(
      String collection, Map<String, String> headers, String lines) {
    return given()
        .config(
            RestAssured.config()
                .encoderConfig(
                    EncoderConfig.encoderConfig()
                        .encodeContentTypeAs("application/x-ndjson", ContentType.BINARY)))
        .contentType("application/x-ndjson")
        .headers(headers)
        .body(lines.getBytes(StandardCharsets.UTF_8))
        .post("/api/v1/collections/{collection}/documents", collection)
        .then();
  }

  /// Sends a POST with a JSON body to a path below `/api/v1`.
  public static ValidatableResponse post(String path, Object body) {
    return given().contentType(ContentType.JSON).body(body).when().post("/api/v1" + path).then();
  }

  /// Changes the settings of a collection.
  public static ValidatableResponse patch(String collection, Map<String, ?> settings) {
    return given()
        .contentType(ContentType.JSON)
        .body(settings)
        .patch("/api/v1/collections/" + collection)
        .then();
  }

  /// Searches a collection.
  public static ValidatableResponse search(String collection, Map<String, ?> request) {
    return post("/collections/" + collection + "/search", request);
  }
}
