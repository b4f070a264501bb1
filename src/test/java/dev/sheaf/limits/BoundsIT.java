package dev.sheaf.limits;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every bound is reached without a complaint, and the first request past it is rejected. Most
/// bodies are sent to a collection that does not exist, so that only the bound decides between 404
/// and 422.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class BoundsIT {

  private static final int REJECTED = 422;

  @TestHTTPResource URI base;

  /// A bound.
  ///
  /// @param at the largest accepted value
  /// @param accepted the status up to the bound
  /// @param rejected the status past it
  /// @param detail part of the problem past it
  /// @param request sends a request with a value
  record Bound(
      String name,
      int at,
      int accepted,
      int rejected,
      String detail,
      IntFunction<Response> request) {

    @Override
    public String toString() {
      return name;
    }
  }

  private static Stream<Bound> bounds() {
    return Stream.of(
        // Values of the metadata, with the object itself.
        inDocument(
            "values of the metadata",
            10_000,
            "has more than 10000 values",
            values -> metadata("[" + "1,".repeat(values - 3) + "1]")),
        inDocument(
            "bytes of the metadata",
            262_144,
            "has more than 262144 bytes",
            bytes ->
                // {"a": "..."} as PostgreSQL prints it, where each value counts for its separator
                // too.
                metadata("\"" + "x".repeat(bytes - 13) + "\"")),
        inDocument(
            "depth of the metadata",
            100,
            "more than 100 levels",
            depth -> metadata("[".repeat(depth - 1) + "]".repeat(depth - 1))),
        inDocument(
            "digits of a number",
            1_000,
            "more than 1000 digits",
            digits -> metadata("1e" + (digits - 1))),
        inDocument(
            "decimals of a number",
            999,
            "more than 1000 digits",
            decimals -> metadata("1e-" + decimals)),
        new Bound(
            "digits that are written",
            1_000,
            404,
            400,
            "A number has more than 1000 digits",
            digits -> put("{\"text\":\"a\",\"metadata\":" + metadata("9".repeat(digits)) + "}")),
        new Bound(
            "length of a name",
            1_000,
            404,
            400,
            "The name of a field has more than 1000 characters",
            length -> put("{\"text\":\"a\",\"metadata\":{\"" + "n".repeat(length) + "\":1}}")),
        new Bound(
            "chunks",
            10_000,
            404,
            REJECTED,
            "It may have at most 10000",
            chunks -> put("{\"chunks\":[" + list(chunks, "{\"text\":\"a\"}") + "]}")),
        new Bound(
            "bytes of a chunk",
            100_000,
            404,
            REJECTED,
            "at most 100000",
            bytes -> put("{\"chunks\":[{\"text\":\"" + "x".repeat(bytes) + "\"}]}")),
        new Bound(
            "bytes of a title",
            4_000,
            404,
            REJECTED,
            "at most 4000",
            bytes -> put("{\"text\":\"a\",\"title\":\"" + "x".repeat(bytes) + "\"}")),
        new Bound(
            "bytes of a uri",
            8_000,
            404,
            REJECTED,
            "at most 8000",
            bytes -> put("{\"text\":\"a\",\"uri\":\"" + "x".repeat(bytes) + "\"}")),
        inFilter(
            "values of a filter",
            1_000,
            "more than 1000 values",
            values -> "{\"a\":{\"$in\":[" + list(values, "1") + "]}}"),
        inFilter(
            "depth of a filter",
            32,
            "more than 32 levels",
            depth -> "{\"$not\":".repeat(depth - 1) + "{}" + "}".repeat(depth - 1)),
        inFilter(
            "names of a path",
            32,
            "at most 32 names",
            names -> "{\"" + "a.".repeat(names - 1) + "a\":1}"),
        inFilter(
            "bytes of a value",
            8_000,
            "at most 8000",
            bytes -> "{\"a\":\"" + "x".repeat(bytes) + "\"}"),
        inFilter(
            "text of a filter",
            1_000_000,
            "more than 1000000 characters",
            characters ->
                "{\"a\":{\"$in\":["
                    + list(124, "\"" + "x".repeat(8_000) + "\"")
                    + ",\""
                    + "y"
                        .repeat(characters - 124 * 8_000 > 8_000 ? 8_000 : characters - 124 * 8_000)
                    + "\""
                    + (characters - 125 * 8_000 > 0 ? ",\"z\"" : "")
                    + "]}}"),
        new Bound(
            "searches of a batch", 100, 200, REJECTED, "1 to 100", searches -> batch(searches, 1)),
        new Bound(
            "collections of a search",
            16,
            404,
            REJECTED,
            "1 to 16",
            collections ->
                given()
                    .contentType(ContentType.JSON)
                    .body(
                        Map.of(
                            "collections",
                            IntStream.range(0, collections).mapToObj(i -> "c" + i).toList(),
                            "search",
                            Map.of("text", "a")))
                    .post("/api/v1/search")),
        new Bound(
            "hits of a batch",
            5_000,
            200,
            REJECTED,
            "at most 5000",
            hits -> batch(hits <= 5_000 ? 5 : 6, hits <= 5_000 ? 1_000 : 834)),
        new Bound(
            "limit of a search",
            1_000,
            404,
            REJECTED,
            "from 1 to 1000",
            limit -> search("{\"text\":\"a\",\"limit\":" + limit + "}")),
        new Bound(
            "limit of a page",
            1_000,
            404,
            400,
            "from 1 to 1000",
            limit -> given().get("/api/v1/collections/nowhere/documents?limit=" + limit)),
        new Bound(
            "a body of a method without one",
            65_536,
            404,
            413,
            "at most 65536",
            bytes ->
                given()
                    .contentType(ContentType.JSON)
                    .body("x".repeat(bytes))
                    .post("/api/v1/collections/nowhere/index/measure")));
  }

  private static Bound inDocument(
      String name, int at, String detail, IntFunction<String> metadata) {
    return new Bound(
        name,
        at,
        404,
        REJECTED,
        detail,
        value -> put("{\"text\":\"a\",\"metadata\":" + metadata.apply(value) + "}"));
  }

  private static Bound inFilter(String name, int at, String detail, IntFunction<String> filter) {
    return new Bound(
        name,
        at,
        404,
        REJECTED,
        detail,
        value -> search("{\"vector\":[1],\"filter\":" + filter.apply(value) + "}"));
  }

  private static String metadata(String value) {
    return "{\"a\":" + value + "}";
  }

  private static String list(int count, String element) {
    return IntStream.range(0, count).mapToObj(_ -> element).collect(Collectors.joining(","));
  }

  private static Response put(String body) {
    return given()
        .contentType(ContentType.JSON)
        .body(body)
        .put("/api/v1/collections/nowhere/documents/d");
  }

  private static Response search(String body) {
    return given()
        .contentType(ContentType.JSON)
        .body(body)
        .post("/api/v1/collections/nowhere/search");
  }

  private static Response batch(int searches, int limit) {
    String search =
        "{\"collection\":\"nowhere\",\"search\":{\"text\":\"a\",\"limit\":%s}}".formatted(limit);
    return given()
        .contentType(ContentType.JSON)
        .body("{\"searches\":[" + list(searches, search) + "]}")
        .post("/api/v1/search/batch");
  }

  @ParameterizedTest
  @MethodSource("bounds")
  void isReachedAndNotPassed(Bound bound) {
    assertThat(bound.request().apply(bound.at() - 1).statusCode()).isEqualTo(bound.accepted());
    assertThat(bound.request().apply(bound.at()).statusCode()).isEqualTo(bound.accepted());

    Response past = bound.request().apply(bound.at() + 1);

    assertThat(past.statusCode()).as(past.asString()).isEqualTo(bound.rejected());
    assertThat(past.contentType()).isEqualTo("application/problem+json");
    assertThat(past.jsonPath().getString("detail")).contains(bound.detail()).hasSizeLessThan(3_000);
  }

  /// Each comparison of a text needs several parameters for each name of the path.
  @Test
  void parametersOfAFilter() {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    for (int conditions : List.of(150, 300)) {
      String path = "a.".repeat(31) + "a";
      String filter = "{\"$or\":[" + list(conditions, "{\"" + path + "\":{\"$gt\":\"x\"}}") + "]}";
      Response response =
          given()
              .contentType(ContentType.JSON)
              .body("{\"vector\":[1,0],\"filter\":" + filter + "}")
              .post("/api/v1/collections/{c}/search", collection);

      assertThat(response.statusCode())
          .as(response.asString())
          .isEqualTo(conditions == 150 ? 200 : REJECTED);
    }
  }

  @Test
  void anEmptyContentTypeIsNoFailureOfTheService() throws Exception {
    for (String path :
        List.of("/api/v1/collections", "/api/v1/collections/nowhere/search", "/api/v1/keys")) {
      String answer =
          raw(
              "POST "
                  + path
                  + " HTTP/1.1\r\nHost: localhost\r\nContent-Type:\r\n"
                  + "Connection: close\r\nContent-Length: 2\r\n\r\n{}",
              null);

      assertThat(answer).startsWith("HTTP/1.1 4");
    }
  }

  /// The client never sends the end of the body, so an answer shows that the service did not wait
  /// for it.
  @Test
  void aBodyWithoutEndIsRejectedAtTheFirstByteTooMany() throws Exception {
    String answer =
        raw(
            """
            PUT /api/v1/collections/nowhere/documents/d HTTP/1.1\r
            Host: localhost\r
            Content-Type: application/json\r
            Transfer-Encoding: chunked\r
            \r
            """,
            "{\"text\":\"" + "x".repeat(10 * 1024 * 1024));

    assertThat(answer)
        .startsWith("HTTP/1.1 413")
        .containsIgnoringCase("connection: close")
        .contains("The body may have at most 10485760 bytes.");
  }

  @Test
  void aBodyThatIsNotReadEndsItsConnection() throws Exception {
    String answer =
        raw(
            """
            POST /api/v1/collections/nowhere/index/measure HTTP/1.1\r
            Host: localhost\r
            Content-Type: application/json\r
            Transfer-Encoding: chunked\r
            \r
            """,
            "x".repeat(1024));

    assertThat(answer).startsWith("HTTP/1.1 404").containsIgnoringCase("connection: close");
  }

  /// Sends a request, and reads until the service closes the connection.
  ///
  /// @param chunk the first chunk of a body that does not end; `null` if there is none
  private String raw(String head, @Nullable String chunk) throws IOException {
    try (var socket = new Socket(base.getHost(), base.getPort())) {
      socket.setSoTimeout(60_000);
      OutputStream out = socket.getOutputStream();
      out.write(head.getBytes(StandardCharsets.US_ASCII));
      if (chunk != null) {
        out.write(
            (Integer.toHexString(chunk.length()) + "\r\n" + chunk + "\r\n")
                .getBytes(StandardCharsets.US_ASCII));
      }
      out.flush();
      try (var in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
        return in.lines().collect(Collectors.joining("\n"));
      }
    }
  }
}
