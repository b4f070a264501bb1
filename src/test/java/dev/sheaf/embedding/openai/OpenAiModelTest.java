package dev.sheaf.embedding.openai;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sheaf.embedding.EmbeddingException;
import dev.sheaf.embedding.EmbeddingModel.Purpose;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tests failures and invalid responses of a server. OpenAiModelIT tests valid responses.
class OpenAiModelTest {

  private record Answer(int status, Map<String, String> headers, String body) {
    Answer(int status, String body) {
      this(status, Map.of(), body);
    }
  }

  private static final String TWO =
      """
      {"data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}]}\
      """;

  private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final Queue<String> requests = new ConcurrentLinkedQueue<>();
  private final Queue<Set<String>> headers = new ConcurrentLinkedQueue<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private HttpServer server;

  /// A request with the text "a document" waits for this.
  private CountDownLatch document = new CountDownLatch(0);

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/embeddings", this::answer);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    http.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String request =
          exchange.getRequestHeaders().getFirst("Authorization")
              + " "
              + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      requests.add(request);
      headers.add(Set.copyOf(exchange.getRequestHeaders().keySet()));
      if (request.contains("a document")) {
        document.await();
      }
      Answer answer = answers.remove();
      answer.headers().forEach(exchange.getResponseHeaders()::add);
      byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }

  private String url(String path) {
    return "http://localhost:" + server.getAddress().getPort() + path;
  }

  private OpenAiModel model(Map<String, String> settings) {
    var all = new HashMap<>(settings);
    all.putIfAbsent("dimensions", "2");
    all.putIfAbsent("backoff", "1ms");
    all.putIfAbsent("url", url("/v1/"));
    var config =
        new SmallRyeConfigBuilder().addDiscoveredConverters().withMapping(OpenAiConfig.class);
    all.forEach((key, value) -> config.withDefaultValue("sheaf.embedding.openai.m." + key, value));
    Map<String, OpenAiConfig.Model> models =
        config.build().getConfigMapping(OpenAiConfig.class).models();
    return new OpenAiModel("m", Objects.requireNonNull(models.get("m")), http);
  }

  /// An offer to change to HTTP/2 makes some servers (uvicorn with httptools, so vLLM) answer a
  /// request without its body.
  @Test
  void offersNoOtherProtocol() {
    answers.add(new Answer(200, TWO));
    model(Map.of()).embed(List.of("a", "b"), Purpose.DOCUMENT);
    assertThat(headers)
        .singleElement()
        .satisfies(names ->
            assertThat(names).doesNotContainAnyElementsOf(List.of("Upgrade", "Http2-settings")));
  }

  @Test
  void sendsWhatIsConfiguredAndGivesUnitVectorsInTheOrderOfTheTexts() {
    answers.add(new Answer(200, TWO));
    OpenAiModel model =
        model(
            Map.of(
                "model", "text-embedding-3-small",
                "api-key", "secret",
                "send-dimensions", "true",
                "document-prefix", "passage: "));

    List<float[]> vectors = model.embed(List.of("one", "two"), Purpose.DOCUMENT);

    assertThat(vectors).containsExactly(new float[] {0.6f, 0.8f}, new float[] {0, 1});
    assertThat(requests)
        .containsExactly(
            """
            Bearer secret {"model":"text-embedding-3-small","input":["passage: one","passage: two"],"encoding_format":"float","dimensions":2}\
            """);
  }

  @Test
  void aKeyInAFilePrecedes(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("key"), "of-the-file\n");
    answers.add(new Answer(200, TWO));
    model(Map.of("api-key", "secret", "api-key-file", file.toString()))
        .embed(List.of("one", "two"), Purpose.QUERY);
    assertThat(requests)
        .singleElement()
        .satisfies(request -> assertThat(request).startsWith("Bearer of-the-file {"));
  }

  @Test
  void asksAgainWhenTheServerIsOverloadedOrFails() {
    answers.add(new Answer(429, Map.of("Retry-After", "0"), ""));
    answers.add(new Answer(503, "loading"));
    answers.add(new Answer(200, TWO));

    assertThat(model(Map.of()).embed(List.of("one", "two"), Purpose.QUERY)).hasSize(2);
    assertThat(requests).hasSize(3);
  }

  @Test
  void givesUpAfterAsManyRetriesAsConfigured() {
    IntStream.range(0, 3).forEach(_ -> answers.add(new Answer(500, "out of memory")));

    assertThatThrownBy(
            () -> model(Map.of("retries", "2")).embed(List.of("one", "two"), Purpose.DOCUMENT))
        .isInstanceOf(EmbeddingException.class)
        .hasMessageEndingWith(
            "/v1/embeddings failed after 3 attempts. The last failure: HTTP 500 out of memory.");
    assertThat(answers).isEmpty();
  }

  @Test
  void givesUpAServerThatFallsSilentInItsAnswer() {
    var given = new CountDownLatch(1);
    server.createContext(
        "/silent/embeddings",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            given.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    OpenAiModel model = model(Map.of("url", url("/silent"), "timeout", "0.1s", "retries", "0"));

    try {
      assertThatThrownBy(() -> model.embed(List.of("one"), Purpose.DOCUMENT))
          .isInstanceOf(EmbeddingException.class)
          .hasMessageEndingWith(
              "failed after 1 attempt. The last failure: no answer within 100 ms.");
    } finally {
      given.countDown();
    }
  }

  @Test
  void aQueryHasAsMuchTimeForAllAttemptsTogether() {
    answers.add(new Answer(503, Map.of("Retry-After", "30"), "loading"));

    assertThatThrownBy(
            () -> model(Map.of("query-timeout", "1s")).embed(List.of("one"), Purpose.QUERY))
        .isInstanceOf(EmbeddingException.class)
        .hasMessageEndingWith("failed after 1 attempt. The last failure: HTTP 503 loading.");
  }

  @Test
  void doesNotAskAgainWhatWasRefused() {
    answers.add(new Answer(401, "{\"error\": \"no such key\"}"));

    assertThatThrownBy(() -> model(Map.of()).embed(List.of("one"), Purpose.DOCUMENT))
        .isInstanceOf(EmbeddingException.class)
        .hasMessageEndingWith(
            "rejects requests to the model m: HTTP 401 {\"error\": \"no such key\"}.");
    assertThat(requests).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 413, 422})
  void aTextThatIsRefusedIsNoFailureOfTheModel(int status) {
    answers.add(new Answer(status, "{\"error\": \"no emoji\"}"));
    answers.add(new Answer(200, TWO));
    answers.add(new Answer(status, "{\"error\": \"no emoji\"}"));
    OpenAiModel model = model(Map.of());

    assertThatThrownBy(() -> model.embed(List.of("one"), Purpose.DOCUMENT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The model m rejects the text with HTTP status " + status + ".");
    assertThatThrownBy(() -> model.embed(List.of("one"), Purpose.QUERY))
        .isInstanceOf(EmbeddingException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 413, 422, 404, 503})
  void aServerThatRejectsEveryTextIsAFailureOfTheModel(int status) {
    answers.add(new Answer(422, "{\"error\": \"unknown model\"}"));
    answers.add(new Answer(status, "{\"error\": \"unknown model\"}"));
    OpenAiModel model = model(Map.of());

    assertThatThrownBy(() -> model.embed(List.of("one"), Purpose.DOCUMENT))
        .isInstanceOf(EmbeddingException.class)
        .hasMessageEndingWith(
            "rejects not only a text, but also a single word, with HTTP %s. It answered the text with: HTTP 422 {\"error\": \"unknown model\"}. Check the settings sheaf.embedding.openai.m."
                .formatted(status));
    assertThat(requests).hasSize(2);
  }

  @Test
  void refusesVectorsOfAnotherWidth() {
    answers.add(new Answer(200, TWO));

    assertThatThrownBy(
            () -> model(Map.of("dimensions", "3")).embed(List.of("one", "two"), Purpose.DOCUMENT))
        .isInstanceOf(EmbeddingException.class)
        .hasMessageEndingWith(
            "returned vectors of 2 dimensions, but sheaf.embedding.openai.m.dimensions is 3.");
  }

  @Test
  void refusesAnswersThatAreNotWhatWasAskedFor() {
    OpenAiModel model = model(Map.of());
    for (String body :
        List.of(
            "<html>",
            "{}",
            "{\"data\":[{\"embedding\":[1,2]}]}",
            "{\"data\":[{\"index\":7,\"embedding\":[1,2]},{\"index\":0,\"embedding\":[1,2]}]}",
            "{\"data\":[{\"index\":0,\"embedding\":[0,0]},{\"index\":1,\"embedding\":[1,2]}]}")) {
      answers.add(new Answer(200, body));

      assertThatThrownBy(() -> model.embed(List.of("one", "two"), Purpose.DOCUMENT))
          .as(body)
          .isInstanceOf(EmbeddingException.class);
    }
  }

  @Test
  void sendsNoMoreTextsAtOnceThanConfigured() {
    IntStream.range(0, 2)
        .forEach(_ -> answers.add(new Answer(200, "{\"data\":[{\"embedding\":[1,0]}]}")));

    assertThat(model(Map.of("batch-size", "1")).embed(List.of("one", "two"), Purpose.DOCUMENT))
        .hasSize(2);
    assertThat(requests).hasSize(2);
  }

  @Test
  void aQueryDoesNotWaitForDocuments() throws Exception {
    OpenAiModel model = model(Map.of("concurrency", "1"));
    document = new CountDownLatch(1);
    IntStream.range(0, 2)
        .forEach(_ -> answers.add(new Answer(200, "{\"data\":[{\"embedding\":[1,0]}]}")));
    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> documents =
          clients.submit(() -> model.embed(List.of("a document"), Purpose.DOCUMENT));
      await().until(() -> requests.size() == 1);
      try {
        assertThat(clients.submit(() -> model.embed(List.of("a query"), Purpose.QUERY)))
            .succeedsWithin(Duration.ofSeconds(10));
      } finally {
        document.countDown();
      }
      documents.get();
    }
  }

  @Test
  void cutsQueriesAndRefusesDocumentsThatAreTooLong() {
    OpenAiModel model = model(Map.of("max-tokens", "2"));
    answers.add(new Answer(200, "{\"data\":[{\"embedding\":[1,0]}]}"));

    assertThat(model.embed(List.of("abcdefghi"), Purpose.QUERY)).hasSize(1);
    assertThat(requests.element()).contains("[\"abcdef\"]");
    assertThatThrownBy(() -> model.embed(List.of("abcdefghi"), Purpose.DOCUMENT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A text has 3 tokens, but the model m accepts at most 2.");
  }
}
