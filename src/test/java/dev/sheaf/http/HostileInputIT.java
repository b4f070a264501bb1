package dev.sheaf.http;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A hostile string in any place is rejected, or is treated as plain data.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class HostileInputIT {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DOCUMENTS = "/api/v1/collections/{collection}/documents";

  private static @Nullable String collection;

  private static Stream<String> hostile() {
    return Stream.of(
        "'",
        "''",
        "\"",
        "\\",
        "\\\\'\\\"",
        "$",
        "$1",
        "$$",
        "$created.$title",
        "${jndi:ldap://localhost/a}",
        "a.b.c",
        "'; DROP TABLE document; --",
        "\"; DROP TABLE document; --",
        "x' OR '1'='1",
        "') UNION SELECT name FROM collection --",
        "?",
        "? ?::text",
        "%s%s%n",
        "{\"$ne\":null}",
        "[1,2",
        "(a+)+$",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "a & b | !c <-> (d",
        "%_%",
        "../../../etc/passwd",
        "\r\nX-Header: a",
        "a\u0000b",
        "\u0000",
        "a\ud83d",
        "\u202e\u200b\uFEFF",
        "x".repeat(1_000));
  }

  private static String collection() {
    if (collection == null) {
      collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    }
    return collection;
  }

  private static boolean isStorable(String text) {
    return text.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  /// Whether the request succeeded. Any failure must be a problem with a status of 4xx.
  private static boolean isDone(Response response) {
    if (response.statusCode() < 300) {
      return true;
    }
    assertThat(response.statusCode()).as(response.asString()).isBetween(400, 499);
    assertThat(response.contentType()).isEqualTo("application/problem+json");
    return false;
  }

  private static Response list(Map<String, ?> filter) {
    return given().queryParam("filter", json(filter)).get(DOCUMENTS, collection());
  }

  private static Response search(Map<String, ?> request) {
    return Api.post("/collections/" + collection() + "/search", json(request)).extract().response();
  }

  private static Response document(String method, String id) {
    // RestAssured would replace path parameters in the id.
    String encoded = URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    return given()
        .urlEncodingEnabled(false)
        .request(method, "/api/v1/collections/" + collection() + "/documents/" + encoded);
  }

  private static Response upload(Object line) {
    return Api.upload(collection(), Map.of(), json(line)).extract().response();
  }

  private static Map<String, ?> chunks(String text) {
    return Map.of("chunks", List.of(Map.of("text", text, "vector", List.of(1, 0))));
  }

  private static String json(Object value) {
    try {
      // UTF-8 cannot encode an unpaired surrogate, so JSON must escape it.
      return JSON.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII).writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void asAnId(String id) {
    var line = new HashMap<String, Object>(chunks("text"));
    line.put("id", id);
    boolean stored = Api.json(upload(line)).path("created").intValue() == 1;

    assertThat(stored).isEqualTo(isStorable(id) && id.length() <= 512);
    Response like = search(Map.of("like", Map.of("document", id)));
    if (stored) {
      assertThat(Api.json(document("GET", id)).path("id").textValue()).isEqualTo(id);
      assertThat(like.statusCode()).isEqualTo(200);
      assertThat(document("DELETE", id).statusCode()).isEqualTo(204);
    } else {
      assertThat(isDone(like)).isFalse();
    }
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void asAFieldAndItsValue(String text) {
    var document = new HashMap<String, Object>(chunks("text"));
    document.put("id", "metadata");
    document.put("metadata", Map.of(text, text));
    boolean stored = Api.json(upload(document)).path("failed").intValue() == 0;
    String name = text.replace("\\", "\\\\").replace(".", "\\.");
    String escaped = name.startsWith("$") ? "\\" + name : name;

    assertThat(stored).isEqualTo(isStorable(text));
    Response found = list(Map.of(escaped, text));
    if (isDone(found)) {
      assertThat(Api.json(found).path("documents").findValuesAsText("id"))
          .isEqualTo(stored ? List.of("metadata") : List.of());
    }
    assertThat(isDone(list(Map.of(escaped, text + "x")))).isEqualTo(isStorable(text));
    for (String operator : List.of("$eq", "$ne", "$gt", "$contains")) {
      assertThat(isDone(list(Map.of("n", Map.of(operator, text))))).isEqualTo(isStorable(text));
      isDone(list(Map.of(text, Map.of(operator, text))));
    }
    isDone(list(Map.of("n", Map.of(text, text))));
    isDone(search(Map.of("vector", List.of(1, 0), "filter", Map.of(text, text))));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void asATextATitleAndAQuery(String text) {
    var document = new HashMap<String, Object>(chunks("a" + text));
    document.put("id", "text");
    document.put("title", text);
    boolean stored = Api.json(upload(document)).path("failed").intValue() == 0;

    assertThat(stored).isEqualTo(isStorable(text));
    if (stored) {
      assertThat(Api.json(given().get(DOCUMENTS + "/text", collection())).path("text").textValue())
          .isEqualTo("a" + text);
      assertThat(Api.json(list(Map.of("$title", text))).path("documents").findValuesAsText("id"))
          .isEqualTo(List.of("text"));
    }
    isDone(search(Map.of("text", text, "mode", "fulltext", "highlight", true)));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void asAName(String name) {
    assertThat(isDone(Api.post("/collections", json(Map.of("name", name))).extract().response()))
        .isFalse();
    assertThat(
            isDone(
                Api.post(
                        "/collections",
                        json(Map.of("name", "hostile", "fields", Map.of(name, "text"))))
                    .extract()
                    .response()))
        .isFalse();
    for (Map<String, ?> body :
        List.of(
            Map.of("name", "hostile", "model", name),
            Map.of("name", "hostile", "language", name))) {
      assertThat(isDone(Api.post("/collections", json(body)).extract().response())).isFalse();
    }
    for (String parameter : List.of("after", "limit")) {
      assertThat(isDone(given().queryParam(parameter, name).get(DOCUMENTS, collection())))
          .isFalse();
    }
  }
}
