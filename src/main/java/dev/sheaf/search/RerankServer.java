package dev.sheaf.search;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.runtime.KeyFile;
import dev.sheaf.runtime.TimedHttp;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleConsumer;

/// A server with the endpoint `POST <url>/rerank`: Cohere, Jina, vLLM, Text Embeddings Inference or
/// another one with the same API. Nothing that it answers is logged or shown, because servers
/// repeat texts and keys in their errors.
final class RerankServer implements RerankModel {

  private static final int OK = 200;

  /// An answer without the texts, which some servers repeat, is shorter than this.
  private static final int MAX_ANSWER_BYTES = 64 * 1024;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newHttpClient();
  private final URI endpoint;
  private final String model;
  private final RerankConfig.Format format;
  private final Optional<String> key;

  RerankServer(URI url, String model, RerankConfig config) {
    this.endpoint = URI.create(url.toString().replaceFirst("/*$", "/rerank"));
    this.model = model;
    this.format = config.format();
    this.key = config.apiKeyFile().map(KeyFile::read).or(config::apiKey);
  }

  @Override
  public String name() {
    return model;
  }

  @Override
  public long memory(long bytes) {
    return 4 * bytes + MAX_ANSWER_BYTES;
  }

  /// All texts are one request.
  @Override
  public void score(String query, List<String> texts, Duration timeout, DoubleConsumer scores)
      throws RerankException {
    Arrays.stream(scores(query, texts, timeout)).forEach(scores);
  }

  /// How relevant each text is to the query: `double[texts]`, larger is better.
  ///
  /// @throws RerankException if the server does not answer in time with a score for each text
  double[] scores(String query, List<String> texts, Duration timeout) throws RerankException {
    byte[] body = body(query, texts).getBytes(StandardCharsets.UTF_8);
    long maxAnswer = 2L * body.length + MAX_ANSWER_BYTES;
    try {
      HttpResponse<byte[]> response = TimedHttp.send(http, request(body), ifOk(maxAnswer), timeout);
      if (response.statusCode() != OK) {
        throw new RerankException(
            "The server answered with HTTP status " + response.statusCode() + ".");
      }
      return scores(JSON.readTree(response.body()), texts.size());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new RerankException("The service is stopping.");
    } catch (JacksonException _) {
      throw new RerankException("The answer of the server is not JSON.");
    } catch (HttpTimeoutException _) {
      throw new RerankException("The server did not answer in time.");
    } catch (ConnectException _) {
      throw new RerankException("The server cannot be reached.");
    } catch (IOException _) {
      throw new RerankException(
          "The connection to the server broke, or its answer has more than %s bytes."
              .formatted(maxAnswer));
    }
  }

  private static BodyHandler<byte[]> ifOk(long maxBytes) {
    return answer ->
        answer.statusCode() == OK
            ? BodyHandlers.limiting(BodyHandlers.ofByteArray(), maxBytes).apply(answer)
            : HttpResponse.BodySubscribers.replacing(new byte[0]);
  }

  private String body(String query, List<String> texts) {
    ObjectNode body = JSON.createObjectNode();
    body.put("query", query);
    switch (format) {
      case COHERE -> {
        body.put("model", model);
        texts.forEach(body.putArray("documents")::add);
        body.put("top_n", texts.size());
      }
      case TEI -> {
        texts.forEach(body.putArray("texts")::add);
        body.put("truncate", true);
      }
    }
    return body.toString();
  }

  private HttpRequest request(byte[] body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(endpoint)
            // Some servers answer an offer of HTTP/2 over clear text without reading the body.
            .version(HttpClient.Version.HTTP_1_1)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    key.ifPresent(bearer -> request.header("Authorization", "Bearer " + bearer));
    return request.build();
  }

  /// The results are in any order, each with the index of its text.
  private static double[] scores(JsonNode answer, int count) throws RerankException {
    JsonNode results = answer.isArray() ? answer : answer.path("results");
    if (results.size() != count) {
      throw new RerankException(
          "The server returned %s scores for %s texts.".formatted(results.size(), count));
    }
    var scores = new double[count];
    var known = new boolean[count];
    for (JsonNode result : results) {
      int index = result.path("index").asInt(-1);
      double score =
          result
              .path(result.has("relevance_score") ? "relevance_score" : "score")
              .asDouble(Double.NaN);
      if (index < 0 || index >= count || known[index] || !Double.isFinite(score)) {
        throw new RerankException("The answer of the server does not have a score for each text.");
      }
      scores[index] = score;
      known[index] = true;
    }
    return scores;
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
