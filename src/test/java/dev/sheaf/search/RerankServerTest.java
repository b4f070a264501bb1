package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Both forms of requests and responses, and what servers should not answer.
class RerankServerTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final List<String> TEXTS = List.of("a", "\u00e4 \"b\" \ud83c\udf19", "");

  private final CountDownLatch end = new CountDownLatch(1);
  private HttpServer server;
  private int status = 200;
  private String answer = "";
  private boolean slow;
  private String authorization = "";
  private String request = "";

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/rerank", this::answer);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  @AfterEach
  void stop() {
    end.countDown();
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      authorization = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
      request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      byte[] body = answer.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, slow ? body.length + 1 : body.length);
      exchange.getResponseBody().write(body);
      if (slow) {
        exchange.getResponseBody().flush();
        end.await();
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        """
        {"model": "m", "results": [{"index": 2, "relevance_score": -7.5}, {"index": 0, "relevance_score": 0.5, "document": {"text": "a"}},
                                   {"index": 1, "relevance_score": 1e-3}], "usage": {"total_tokens": 9}}
        """,
        "[{\"index\": 1, \"score\": 0.001}, {\"index\": 2, \"score\": -7.5}, {\"index\": 0, \"score\": 0.5}]"
      })
  void eitherFormOfAnAnswerIsRead(String body) throws Exception {
    answer = body;
    assertThat(scores("cohere")).containsExactly(0.5, 0.001, -7.5);
  }

  @Test
  void aRequestHasTheFormOfItsServer() throws Exception {
    answer =
        "[{\"index\": 1, \"score\": 1}, {\"index\": 2, \"score\": 1}, {\"index\": 0, \"score\": 1}]";
    scores("cohere");
    assertThat(authorization).isEqualTo("Bearer a-secret");
    assertThat(request())
        .isEqualTo(
            JSON.readTree(
                """
                {"model": "m", "query": "q", "documents": ["a", "\u00e4 \\"b\\" \ud83c\udf19", ""], "top_n": 3}
                """));
    scores("tei");
    assertThat(request())
        .isEqualTo(
            JSON.readTree(
                """
                {"query": "q", "texts": ["a", "\u00e4 \\"b\\" \ud83c\udf19", ""], "truncate": true}
                """));
  }

  private JsonNode request() throws IOException {
    return JSON.readTree(request);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          200 | not JSON | The answer of the server is not JSON.
          200 | {"results": | The answer of the server is not JSON.
          200 | `` | The server returned 0 scores for 3 texts.
          200 | null | The server returned 0 scores for 3 texts.
          200 | {"error": "a-secret"} | The server returned 0 scores for 3 texts.
          200 | {"results": [{"index": 0, "relevance_score": 1}]} | The server returned 1 scores for 3 texts.
          200 | [1, 2, 3] | The answer of the server does not have a score for each text.
          200 | [{"index": 0, "score": 1}, {"index": 1, "score": 1}, {"index": 1, "score": 1}] | The answer of the server does not have a score for each text.
          200 | [{"index": 0, "score": 1}, {"index": 1, "score": 1}, {"index": 3, "score": 1}] | The answer of the server does not have a score for each text.
          200 | [{"index": 0, "score": 1}, {"index": 1, "score": 1}, {"index": -2, "score": 1}] | The answer of the server does not have a score for each text.
          200 | [{"index": 0, "score": 1}, {"index": 1, "score": "x"}, {"index": 2, "score": 1}] | The answer of the server does not have a score for each text.
          200 | [{"index": 0, "score": 1}, {"index": 1, "score": 1e999}, {"index": 2, "score": 1}] | The answer of the server does not have a score for each text.
          401 | a-secret is not valid | The server answered with HTTP status 401.
          302 | `` | The server answered with HTTP status 302.
          503 | [{"index": 0, "score": 1}] | The server answered with HTTP status 503.
          """)
  void otherAnswersAreNoScores(int status, String body, String message) {
    this.status = status;
    this.answer = body;
    assertThatThrownBy(() -> scores("cohere"))
        .isInstanceOf(RerankException.class)
        .hasMessage(message);
  }

  @Test
  void anAnswerHasABound() {
    answer = " ".repeat(10_000_000) + "[]";
    assertThatThrownBy(() -> scores("cohere"))
        .isInstanceOf(RerankException.class)
        .hasMessageStartingWith(
            "The connection to the server broke, or its answer has more than 65");
  }

  @Test
  void anAnswerThatDoesNotEndIsNotAwaited() {
    answer = "[";
    slow = true;
    assertThatThrownBy(() -> scores("cohere", Duration.ofMillis(100)))
        .isInstanceOf(RerankException.class)
        .hasMessage("The server did not answer in time.");
  }

  @Test
  void aServerThatIsNotThereIsNotReached() {
    server.stop(0);
    assertThatThrownBy(() -> scores("cohere"))
        .isInstanceOf(RerankException.class)
        .hasMessage("The server cannot be reached.");
  }

  private double[] scores(String format) throws RerankException {
    return scores(format, PATIENCE);
  }

  private double[] scores(String format, Duration timeout) throws RerankException {
    RerankConfig config =
        new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(RerankConfig.class)
            .withDefaultValue("sheaf.rerank.format", format)
            .withDefaultValue("sheaf.rerank.api-key", "a-secret")
            .build()
            .getConfigMapping(RerankConfig.class);
    URI url = URI.create("http://localhost:" + server.getAddress().getPort() + "/v1/");
    try (var client = new RerankServer(url, "m", config)) {
      return client.scores("q", TEXTS, timeout);
    }
  }
}
