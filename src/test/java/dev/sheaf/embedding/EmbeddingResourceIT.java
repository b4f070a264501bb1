package dev.sheaf.embedding;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.emptyOrNullString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class EmbeddingResourceIT {

  @Inject EmbeddingModels models;

  @Test
  void answersAsOpenAiDoes() {
    given()
        .contentType(ContentType.JSON)
        .body(Map.of("input", List.of("The Moon", "The tide"), "model", "bge-small-en-v1.5"))
        .post("/v1/embeddings")
        .then()
        .statusCode(200)
        .body("object", equalTo("list"))
        .body("model", equalTo("bge-small-en-v1.5"))
        .body("data.object", equalTo(List.of("embedding", "embedding")))
        .body("data.index", equalTo(List.of(0, 1)))
        .body("data[0].embedding.size()", equalTo(384))
        .body("usage.prompt_tokens", equalTo(4))
        .body("usage.total_tokens", equalTo(4));
  }

  @Test
  void writesLittleEndianFloatsInBase64() {
    String embedding =
        Api.post("/embeddings", Map.of("input", "The Moon", "encoding_format", "base64"))
            .statusCode(200)
            .extract()
            .path("data[0].embedding");

    float[] vector = new float[384];
    ByteBuffer.wrap(Base64.getDecoder().decode(embedding))
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(vector);
    assertThat(vector)
        .isEqualTo(
            models
                .defaultModel()
                .embed(List.of("The Moon"), EmbeddingModel.Purpose.DOCUMENT)
                .getFirst());
  }

  @Test
  void saysWhatIsWrongWithARequest() {
    refused(Map.of(), "input is required.");
    refused(
        Map.of("input", List.of()), "input must be a string, or an array of 1 to 2048 strings.");
    refused(Map.of("input", List.of("a", true)), "input[1] must be a string.");
    refused(Map.of("input", List.of("a", "")), "input[1] must not be empty.");
    refused(Map.of("input", ""), "input must not be empty.");
    refused(Map.of("input", " "), "input must not be empty.");
    refused(
        Map.of("input", List.of("a", "b", "\u200b")),
        "input[2] contains only characters that the model bge-small-en-v1.5 ignores. Send a text with words.");
    refused(
        "{\"input\": [\"a\", \"\\ud800\"]}",
        "input[1] contains an unpaired surrogate at position 0. Remove it.");
    for (Object ids : List.of(List.of(1, 2), List.of(List.of(1, 2), List.of(3)))) {
      refused(
          Map.of("input", ids),
          "input[0] contains token ids, which depend on the client's tokenizer. Send texts.");
    }
    for (String model : List.of("huge", "none")) {
      refused(
          Map.of("input", "a", "model", model),
          "There is no model named " + model + ". The models are bge-small-en-v1.5.");
    }
    refused(
        Map.of("input", "a", "dimensions", 128),
        "dimensions must be 384, as the model bge-small-en-v1.5 has, or absent, not 128.");
    refused(
        Map.of("input", "a", "encoding_format", "int8"),
        "encoding_format must be one of float, base64.");
    refused(
        Map.of("input", List.of("a", "word ".repeat(600))),
        "input[1] has 600 tokens, but the model bge-small-en-v1.5 accepts at most 510. Send a shorter text.");
  }

  private static void refused(Object request, String detail) {
    Api.post("/embeddings", request).statusCode(422).body("detail", equalTo(detail));
    given()
        .contentType(ContentType.JSON)
        .body(request)
        .post("/v1/embeddings")
        .then()
        .contentType(ContentType.JSON)
        .body("error.message", equalTo(detail))
        .body("error.type", equalTo("invalid_request_error"));
  }

  /// The official client reads `error` and nothing else.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          POST   | /v1/embeddings      | {"input": ["a", ""]}                | 400 | input[1]        | invalid_field
          POST   | /v1/embeddings      | {"input": "a", "model": "huge"}     | 404 | model           | model_not_found
          POST   | /v1/embeddings      | {"input": "a", "model": 7}          | 400 | model           | invalid_field
          POST   | /v1/embeddings      | {"input": "a", "dimensions": 128}   | 400 | dimensions      | width_mismatch
          POST   | /v1/embeddings      | {"input": "a", "encoding_format":1} | 400 | encoding_format | invalid_field
          POST   | /v1/embeddings      | {"input":                           | 400 |                 | malformed_json
          GET    | /v1/embeddings      |                                     | 405 |                 | method_not_allowed
          DELETE | /v1/models          |                                     | 405 |                 | method_not_allowed
          GET    | /v1/models/huge     |                                     | 404 | model           | model_not_found
          GET    | /v1/models/a/b      |                                     | 404 |                 | not_found
          GET    | /v1/collections     |                                     | 404 |                 | not_found
          POST   | /v1/chat/completions | {"model": "huge"}                  | 404 |                 | not_found
          GET    | /v1                 |                                     | 404 |                 | not_found
          GET    | /v1/                |                                     | 404 |                 | not_found
          """)
  void errorsHaveTheShapeOfOpenAi(
      String method, String path, String body, int status, String param, String code) {
    RequestSpecification request = given();
    if (body != null) {
      request.contentType(ContentType.JSON).body(body);
    }
    request
        .request(method, path)
        .then()
        .statusCode(status)
        .contentType(ContentType.JSON)
        .body("keySet()", equalTo(Set.of("error")))
        .body("error.keySet()", equalTo(Set.of("message", "type", "param", "code")))
        .body("error.message", not(emptyOrNullString()))
        .body("error.type", equalTo("invalid_request_error"))
        .body("error.param", equalTo(param))
        .body("error.code", equalTo(code));
  }

  @Test
  void listsTheModels() {
    for (String base : List.of("/v1", "/api/v1")) {
      given()
          .get(base + "/models")
          .then()
          .statusCode(200)
          .body("object", equalTo("list"))
          .body("data.id", equalTo(List.of("bge-small-en-v1.5")))
          .body("data.object", equalTo(List.of("model")));
      given()
          .get(base + "/models/bge-small-en-v1.5")
          .then()
          .statusCode(200)
          .body("id", equalTo("bge-small-en-v1.5"))
          .body("owned_by", equalTo("sheaf"))
          .body("dimensions", equalTo(384));
    }
    given()
        .get("/api/v1/models/huge")
        .then()
        .statusCode(404)
        .contentType("application/problem+json")
        .body("type", equalTo("urn:sheaf:problem:model-not-found"));
  }
}
