package dev.sheaf.embedding;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import jakarta.inject.Inject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

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
    refused(Map.of("input", List.of("a", 1)), "input must contain strings that are not empty.");
    refused(Map.of("input", ""), "input must contain strings that are not empty.");
    refused(
        Map.of("input", "a", "model", "huge"),
        "There is no model named huge. The models are bge-small-en-v1.5 and none.");
    refused(
        Map.of("input", "word ".repeat(600)),
        "input[0] has 600 tokens, but the model bge-small-en-v1.5 accepts at most 510. Send shorter texts.");
  }

  private static void refused(Map<String, ?> request, String detail) {
    Api.post("/embeddings", request).statusCode(422).body("detail", equalTo(detail));
  }
}
