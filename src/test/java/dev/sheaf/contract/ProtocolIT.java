package dev.sheaf.contract;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.contract.Contract.Operation;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What HTTP asks of every path, compared with the OpenAPI document.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class ProtocolIT {

  private static final Set<String> METHODS = Set.of("GET", "PUT", "POST", "PATCH", "DELETE");

  @TestHTTPResource URI base;

  @Test
  void everyPathNamesItsMethods() throws IOException {
    Map<String, Set<String>> paths = new TreeMap<>();
    for (Operation operation : Contract.committed().operations()) {
      Set<String> methods = paths.computeIfAbsent(target(operation), _ -> new TreeSet<>());
      methods.add(operation.method());
      methods.add("OPTIONS");
      if (operation.method().equals("GET")) {
        methods.add("HEAD");
      }
    }

    paths.forEach((path, methods) -> {
      Response options = given().urlEncodingEnabled(false).options(path);
      assertThat(options.statusCode()).as(path).isEqualTo(204);
      assertThat(options.header("Allow")).as(path).isEqualTo(String.join(", ", methods));
      for (String method : METHODS) {
        if (!methods.contains(method)) {
          Response refused = given().urlEncodingEnabled(false).request(method, path);
          assertThat(refused.statusCode()).as(method + " " + path).isEqualTo(405);
          assertThat(refused.header("Allow")).as(path).isEqualTo(String.join(", ", methods));
          assertThat(refused.contentType()).isEqualTo(Contract.PROBLEM_TYPE);
          assertThat(Api.json(refused).get("detail").asText())
              .isEqualTo(
                  "This path does not support %s. It supports %s."
                      .formatted(method, String.join(", ", methods)));
        }
      }
    });
  }

  @Test
  void noOperationIgnoresAParameter() throws IOException {
    for (Operation operation : Contract.committed().operations()) {
      RequestSpecification request = given().urlEncodingEnabled(false);
      if (operation.bodyType() != null) {
        request.contentType(operation.bodyType()).body(new byte[0]);
      }
      Response refused = request.request(operation.method(), target(operation) + "?nonsense=1");

      assertThat(refused.statusCode()).as(operation.toString()).isEqualTo(400);
      JsonNode problem = Api.json(refused);
      assertThat(problem.get("field").asText()).isEqualTo("nonsense");
      assertThat(problem.get("detail").asText())
          .isEqualTo("Unknown query parameter nonsense." + parameters(operation));
    }
  }

  private static String parameters(Operation operation) {
    List<String> names =
        operation.parameters("query").stream()
            .map(parameter -> parameter.path("name").asText())
            .sorted()
            .toList();
    return names.isEmpty()
        ? " This operation has no query parameters."
        : " The query parameters are " + String.join(", ", names) + ".";
  }

  @Test
  void aMisspelledParameterIsToldTheRightName() {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 1));

    assertThat(
            given()
                .queryParam("fitler", "{}")
                .get("/api/v1/collections/" + collection + "/documents")
                .jsonPath()
                .getString("detail"))
        .isEqualTo(
            "Unknown query parameter fitler. Did you mean filter? The query parameters are after,"
                + " count, filter, limit, vectors.");
  }

  @ParameterizedTest
  @CsvSource({"count,yes", "count,1", "vectors,TRUE"})
  void aFlagIsTrueOrFalse(String name, String value) {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 1));
    Response refused =
        given().queryParam(name, value).get("/api/v1/collections/" + collection + "/documents");

    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.jsonPath().getString("detail"))
        .isEqualTo(name + " must be true or false, not " + value + ".");
  }

  private static String target(Operation operation) {
    return Examples.target(operation).replaceFirst("\\?.*", "");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/nothing", "/api", "/api/v2/collections", "/q/nothing", "/api/v1/nothing"})
  void anUnknownPathIsAProblem(String path) {
    for (String accepted : List.of("*/*", "text/html")) {
      Response refused = given().accept(accepted).get(path);

      assertThat(refused.statusCode()).as(path).isEqualTo(404);
      assertThat(refused.contentType()).as(path).isEqualTo(Contract.PROBLEM_TYPE);
      assertThat(refused.jsonPath().getString("type")).isEqualTo("urn:sheaf:problem:not-found");
    }
  }

  @Test
  void responsesAreCompressedOnRequestOnly() throws Exception {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 1));
    Map<String, Object> chunk = Map.of("text", "moon ".repeat(500), "vector", List.of(1));
    Api.put(collection, "a", Map.of("chunks", List.of(chunk))).statusCode(201);
    String documents = "/api/v1/collections/" + collection + "/documents";

    for (List<String> request :
        List.of(
            List.of(documents, "application/json"),
            List.of(documents + "/a", "application/json"),
            List.of(documents, "application/x-ndjson"),
            List.of(documents + "/missing", "application/json"),
            List.of("/nowhere", "application/json"),
            List.of("/q/openapi", "application/yaml"))) {
      HttpResponse<byte[]> plain = get(request, "identity");
      HttpResponse<byte[]> packed = get(request, "gzip");

      assertThat(plain.headers().firstValue("Content-Encoding")).as("%s", request).isEmpty();
      assertThat(packed.headers().firstValue("Content-Encoding"))
          .as("%s", request)
          .contains("gzip");
      assertThat(plain.headers().firstValue("Vary").orElse(""))
          .isEqualToIgnoringCase("Accept-Encoding");
      assertThat(unpacked(packed.body())).isEqualTo(text(plain.body()));
      assertThat(packed.headers().firstValue("Content-Type"))
          .isEqualTo(plain.headers().firstValue("Content-Type"));
    }
    assertThat(get(List.of(documents, "application/x-ndjson"), "gzip").body())
        .hasSizeLessThan(1_000);
  }

  private HttpResponse<byte[]> get(List<String> request, String encoding) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(base.resolve(request.getFirst()))
              .header("Accept", request.getLast())
              .header("Accept-Encoding", encoding)
              .build(),
          HttpResponse.BodyHandlers.ofByteArray());
    }
  }

  private static String unpacked(byte[] packed) throws IOException {
    try (var in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      return text(in.readAllBytes());
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 250_000})
  void bodiesMayBeCompressed(int length) throws Exception {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 1));
    String text =
        new Random(1)
            .ints('a', 'z')
            .limit(length)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    String body =
        "{\"title\": \""
            + text.substring(0, 100)
            + "\", \"metadata\": {\"a\": \""
            + text
            + "\"},"
            + "\"chunks\": [{\"text\": \"a\", \"vector\": [1]}]}";
    String documents = "/api/v1/collections/" + collection + "/documents/";

    for (String encoding : List.of("gzip", "GZIP", "x-gzip")) {
      for (boolean chunked : List.of(false, true)) {
        String document = documents + encoding + chunked;
        HttpResponse<String> stored = put(document, encoding, packed(body), chunked);
        assertThat(stored.statusCode()).as(stored.body()).isEqualTo(201);
        assertThat(given().get(document).jsonPath().getString("metadata.a")).isEqualTo(text);
      }
    }
    assertThat(
            put(documents + "plain", "identity", body.getBytes(StandardCharsets.UTF_8), false)
                .statusCode())
        .isEqualTo(201);
  }

  @Test
  void badCompressionIsSaid() throws Exception {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 1));
    String document = "/api/v1/collections/" + collection + "/documents/a";
    byte[] plain =
        "{\"chunks\": [{\"text\": \"a\", \"vector\": [1]}]}".getBytes(StandardCharsets.UTF_8);
    byte[] whole = packed("{\"text\": \"" + "a".repeat(1_000) + "\"}");

    for (String encoding : List.of("br", "deflate", "gzip, gzip", "nonsense")) {
      HttpResponse<String> refused = put(document, encoding, plain, false);
      assertThat(refused.statusCode()).isEqualTo(415);
      assertThat(refused.body())
          .contains(
              "Content-Encoding " + encoding + " is not supported. Send gzip, or no encoding.");
    }
    for (byte[] body : List.of(plain, new byte[0], new byte[] {31})) {
      HttpResponse<String> refused = put(document, "gzip", body, body.length == 0);
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body())
          .contains("The body is not gzip, although Content-Encoding is gzip.");
    }
    HttpResponse<String> cut = put(document, "gzip", Arrays.copyOf(whole, whole.length / 2), false);
    assertThat(cut.statusCode()).isEqualTo(400);
    assertThat(cut.body()).contains("urn:sheaf:problem:body-broken-off");
    // 20 MB of one character are 20 KB.
    HttpResponse<String> bomb =
        put(document, "gzip", packed("{\"text\": \"" + "a".repeat(20_000_000) + "\"}"), false);
    assertThat(bomb.statusCode()).isEqualTo(413);
    assertThat(bomb.body()).contains("The body may have at most 10485760 bytes.");
    assertThat(given().get(document).statusCode()).isEqualTo(404);
  }

  private HttpResponse<String> put(String path, String encoding, byte[] body, boolean chunked)
      throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(base.resolve(path))
              .version(HttpClient.Version.HTTP_1_1)
              .header("Content-Type", "application/json")
              .header("Content-Encoding", encoding)
              .PUT(
                  chunked
                      ? HttpRequest.BodyPublishers.ofInputStream(
                          () -> new ByteArrayInputStream(body))
                      : HttpRequest.BodyPublishers.ofByteArray(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static byte[] packed(String text) throws IOException {
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return packed.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 1000",
        "Content-Length: 1000\r\nExpect: 100-continue",
        "Content-Length: 1000000\r\nExpect: 100-continue",
        "Transfer-Encoding: chunked\r\nExpect: 100-continue"
      })
  void aClientThatHangsUpIsNoError(String headers) throws Exception {
    Api.post("/collections", Map.of("name", "hang-up", "model", "none", "dimensions", 1));
    var noticed = new AtomicBoolean();
    var errors = new ConcurrentLinkedQueue<String>();
    List<String> readers = List.of("dev.sheaf.http", "dev.sheaf.limits.SmallBodyReader");
    var log =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            boolean ofServer =
                Stream.of(
                        "dev.sheaf.http", "dev.sheaf.limits", "io.quarkus", "io.vertx", "org.jboss")
                    .anyMatch(prefix -> String.valueOf(line.getLoggerName()).startsWith(prefix));
            if (ofServer && line.getLevel().intValue() >= Level.WARNING.intValue()) {
              errors.add(line.getLoggerName() + " " + line.getMessage() + " " + line.getThrown());
              noticed.set(true);
            }
            if (readers.stream().anyMatch(reader -> line.getLoggerName().startsWith(reader))) {
              noticed.set(true);
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    List<Logger> loggers = readers.stream().map(Logger::getLogger).toList();
    Logger root = Logger.getLogger("");
    loggers.forEach(logger -> logger.setLevel(Level.ALL));
    root.addHandler(log);
    try {
      try (var socket = new Socket("localhost", base.getPort())) {
        String head =
            "PUT /api/v1/collections/hang-up/documents/a HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\n"
                + headers
                + "\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        if (headers.contains("Expect")) {
          // The service reads the body now.
          assertThat(text(socket.getInputStream().readNBytes(12))).isEqualTo("HTTP/1.1 100");
        }
      }
      await().untilTrue(noticed);
    } finally {
      root.removeHandler(log);
      // As configured for the parent.
      loggers.forEach(logger -> logger.setLevel(null));
    }
    assertThat(errors).isEmpty();
  }
}
