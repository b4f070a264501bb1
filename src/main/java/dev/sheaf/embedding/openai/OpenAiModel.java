package dev.sheaf.embedding.openai;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.embedding.EmbeddingException;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.runtime.Backoff;
import dev.sheaf.runtime.KeyFile;
import dev.sheaf.runtime.TimedHttp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// A model on a server with the endpoint `POST /v1/embeddings`: OpenAI, Ollama, vLLM, Text
/// Embeddings Inference or Sheaf.
///
/// The API cannot count tokens, so this class estimates three bytes of UTF-8 per token. English
/// prose has four bytes per token, Chinese three. A chunk that is slightly too short is better than
/// one that the server rejects.
///
/// Thread-safe. At most [OpenAiConfig.Model#concurrency()] requests with documents run
/// concurrently, and as many with queries, so that queries never wait for documents.
final class OpenAiModel implements EmbeddingModel {

  private static final int BYTES_PER_TOKEN = 3;
  private static final int OK = 200;
  private static final int TOO_MANY_REQUESTS = 429;

  /// The statuses with which a server rejects a text: bad request, too large, unprocessable.
  private static final Set<Integer> REJECTED_TEXT = Set.of(400, 413, 422);

  /// A text that no working server rejects.
  private static final String ONE_WORD = "word";

  /// After an accepted request, rejections are believed to be about the text for this long.
  private static final Duration TRUSTED = Duration.ofMinutes(1);

  private static final Duration MAX_DELAY = Duration.ofSeconds(30);
  private static final Duration UNLIMITED = Duration.ofDays(1);
  private static final int MAX_QUOTED_CHARACTERS = 200;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Logger LOG = Logger.getLogger(OpenAiModel.class);

  private final String name;
  private final OpenAiConfig.Model config;
  private final HttpClient http;
  private final URI embeddings;
  private final Optional<String> key;
  private final Map<Purpose, Semaphore> permits = new EnumMap<>(Purpose.class);

  /// When the server last accepted a request, by [System#nanoTime].
  private volatile @Nullable Long accepted;

  /// @throws IllegalStateException if a number in the configuration is out of range
  /// @throws IllegalArgumentException if the file with the key cannot be read
  OpenAiModel(String name, OpenAiConfig.Model config, HttpClient http) {
    if (config.dimensions() < 1
        || config.maxTokens() < 1
        || config.batchSize() < 1
        || config.concurrency() < 1
        || config.retries() < 0) {
      throw new IllegalStateException(
          "sheaf.embedding.openai."
              + name
              + ": dimensions, max-tokens, batch-size and concurrency must be at least 1, and retries"
              + " at least 0");
    }
    this.name = name;
    this.config = config;
    this.http = http;
    this.embeddings = URI.create(config.url().toString().replaceFirst("/*$", "/embeddings"));
    this.key = config.apiKeyFile().map(KeyFile::read).or(config::apiKey);
    for (Purpose purpose : Purpose.values()) {
      // Fair, so that no caller that sends many requests keeps out another.
      permits.put(purpose, new Semaphore(config.concurrency(), true));
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int dimensions() {
    return config.dimensions();
  }

  @Override
  public int maxTokens() {
    return config.maxTokens();
  }

  @Override
  public int countTokens(String text) {
    return Math.ceilDiv(text.getBytes(StandardCharsets.UTF_8).length, BYTES_PER_TOKEN);
  }

  @Override
  public List<float[]> embed(List<String> texts, Purpose purpose) {
    List<String> inputs = texts.stream().map(text -> input(text, purpose)).toList();
    Duration timeout =
        switch (purpose) {
          case QUERY -> config.queryTimeout();
          case DOCUMENT -> UNLIMITED;
        };
    long deadline = System.nanoTime() + timeout.toNanos();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var batches = new ArrayList<Future<List<float[]>>>();
      for (int i = 0; i < inputs.size(); i += config.batchSize()) {
        List<String> batch = inputs.subList(i, Math.min(i + config.batchSize(), inputs.size()));
        batches.add(threads.submit(() -> request(batch, purpose, deadline)));
      }
      try {
        var vectors = new ArrayList<float[]>(inputs.size());
        for (Future<List<float[]>> batch : batches) {
          vectors.addAll(batch.get());
        }
        return vectors;
      } finally {
        // If one batch failed, the others are not needed.
        batches.forEach(batch -> batch.cancel(true));
      }
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case EmbeddingException failure -> failure;
        case IllegalArgumentException rejected -> rejected;
        case null, default ->
            new EmbeddingException("The model " + name + " failed to embed a text.", e.getCause());
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddingException("Interrupted while waiting for the model " + name + ".", e);
    }
  }

  private String input(String text, Purpose purpose) {
    return switch (purpose) {
      case DOCUMENT -> {
        int tokens = countTokens(text);
        if (tokens > maxTokens()) {
          throw new IllegalArgumentException(
              "A text has %s tokens, but the model %s accepts at most %s."
                  .formatted(tokens, name, maxTokens()));
        }
        yield config.documentPrefix().orElse("") + text;
      }
      case QUERY -> config.queryPrefix().orElse("") + truncated(text);
    };
  }

  /// The longest prefix of a query that has at most [#maxTokens] tokens.
  private String truncated(String text) {
    int end = Math.min(text.length(), maxTokens() * BYTES_PER_TOKEN);
    while (countTokens(text.substring(0, end)) > maxTokens()) {
      end = text.offsetByCodePoints(end, -Math.min(64, text.codePointCount(0, end)));
    }
    return end < text.length() && Character.isLowSurrogate(text.charAt(end))
        ? text.substring(0, end - 1)
        : text.substring(0, end);
  }

  /// Sends one request. Retries it until the deadline if the server is overloaded, fails or does
  /// not answer.
  ///
  /// @throws IllegalArgumentException if the server rejects one of the documents
  private List<float[]> request(List<String> inputs, Purpose purpose, long deadline)
      throws InterruptedException {
    HttpRequest request = toRequest(inputs);
    Semaphore requests = Objects.requireNonNull(permits.get(purpose));
    for (int attempt = 0; ; attempt++) {
      Duration delay = new Backoff(config.backoff(), MAX_DELAY).pause(attempt + 1);
      String failure;
      if (!requests.tryAcquire(remaining(deadline).toNanos(), TimeUnit.NANOSECONDS)) {
        throw new EmbeddingException(
            "Too many requests to the model %s at %s are already running. Retry later."
                .formatted(name, embeddings),
            null);
      }
      try {
        HttpResponse<byte[]> response = send(request, min(config.timeout(), remaining(deadline)));
        int status = response.statusCode();
        if (status == OK) {
          accepted = System.nanoTime();
          return vectors(response.body(), inputs.size());
        }
        failure = "HTTP " + status + " " + quoted(response.body());
        if (purpose == Purpose.DOCUMENT && REJECTED_TEXT.contains(status)) {
          requireThatOneWordIsAccepted(failure, deadline);
          // The client learns that the text is rejected, but not what the server wrote.
          LOG.warnf("Embedding server rejected a text: model=%s answer=%s", name, failure);
          throw new IllegalArgumentException(
              "The model " + name + " rejects the text with HTTP status " + status + ".");
        }
        if (status != TOO_MANY_REQUESTS && status < 500) {
          throw new EmbeddingException(
              "%s rejects requests to the model %s: %s.".formatted(embeddings, name, failure),
              null);
        }
        delay = retryAfter(response).orElse(delay);
      } catch (IOException e) {
        failure = e.getMessage() == null ? "the connection failed" : e.getMessage();
      } finally {
        requests.release();
      }
      Duration jittered = Backoff.jittered(min(delay, MAX_DELAY));
      if (attempt == config.retries() || remaining(deadline).compareTo(jittered) <= 0) {
        throw new EmbeddingException(
            "The model %s at %s failed after %s %s. The last failure: %s."
                .formatted(
                    name, embeddings, attempt + 1, attempt == 0 ? "attempt" : "attempts", failure),
            null);
      }
      LOG.warnf(
          "Embedding server failed, will retry: model=%s attempt=%s failure=%s",
          name, attempt + 1, failure);
      Thread.sleep(jittered);
    }
  }

  /// A server that rejects every text, for example because it does not know the model, must not be
  /// taken for one that rejects a document: the document would count as invalid.
  ///
  /// @throws EmbeddingException if the server does not accept a single word
  private void requireThatOneWordIsAccepted(String failure, long deadline)
      throws IOException, InterruptedException {
    Long last = accepted;
    if (last != null && System.nanoTime() - last < TRUSTED.toNanos()) {
      return;
    }
    HttpResponse<byte[]> response =
        send(toRequest(List.of(ONE_WORD)), min(config.timeout(), remaining(deadline)));
    if (response.statusCode() != OK) {
      throw new EmbeddingException(
          "%s rejects not only a text, but also a single word, with HTTP %s. It answered the text with: %s. Check the settings sheaf.embedding.openai.%s."
              .formatted(embeddings, response.statusCode(), failure, name),
          null);
    }
    accepted = System.nanoTime();
  }

  private HttpResponse<byte[]> send(HttpRequest request, Duration timeout)
      throws IOException, InterruptedException {
    return TimedHttp.send(http, request, HttpResponse.BodyHandlers.ofByteArray(), timeout);
  }

  private static Duration remaining(long deadline) {
    return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static Optional<Duration> retryAfter(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("Retry-After")
        .filter(value -> value.matches("\\d{1,6}"))
        .map(value -> Duration.ofSeconds(Long.parseLong(value)));
  }

  private HttpRequest toRequest(List<String> inputs) {
    ObjectNode body = JSON.createObjectNode();
    body.put("model", config.model().orElse(name));
    inputs.forEach(body.putArray("input")::add);
    body.put("encoding_format", "float");
    if (config.sendDimensions()) {
      body.put("dimensions", config.dimensions());
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(embeddings)
            // Some servers answer an offer of HTTP/2 over clear text without reading the body.
            .version(HttpClient.Version.HTTP_1_1)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    key.ifPresent(value -> request.header("Authorization", "Bearer " + value));
    return request.build();
  }

  /// @throws EmbeddingException if the response is not valid
  private List<float[]> vectors(byte[] body, int count) throws IOException {
    JsonNode data;
    try {
      data = JSON.readTree(body).path("data");
    } catch (JacksonException e) {
      throw new EmbeddingException(
          embeddings + " returned a response that is not JSON: " + quoted(body) + ".", e);
    }
    if (data.size() != count) {
      throw new EmbeddingException(
          "%s returned %s vectors for %s texts.".formatted(embeddings, data.size(), count), null);
    }
    var vectors = new float[count][];
    for (int i = 0; i < count; i++) {
      JsonNode item = data.get(i);
      int index = item.path("index").asInt(i);
      if (index < 0 || index >= count || vectors[index] != null) {
        throw new EmbeddingException(embeddings + " returned an invalid index of a vector.", null);
      }
      vectors[index] = vector(item.path("embedding"));
    }
    return List.of(vectors);
  }

  private float[] vector(JsonNode numbers) {
    if (numbers.size() != dimensions()) {
      throw new EmbeddingException(
          "%s returned vectors of %s dimensions, but sheaf.embedding.openai.%s.dimensions is %s."
              .formatted(embeddings, numbers.size(), name, dimensions()),
          null);
    }
    float[] vector = new float[dimensions()];
    double squares = 0;
    for (int i = 0; i < vector.length; i++) {
      vector[i] = numbers.get(i).floatValue();
      squares += (double) vector[i] * vector[i];
    }
    double length = Math.sqrt(squares);
    if (!(length > 0) || Double.isInfinite(length)) {
      throw new EmbeddingException(
          embeddings + " returned a vector whose length is zero or infinite.", null);
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / length);
    }
    return vector;
  }

  private static String quoted(byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8).replaceAll("\\s+", " ").strip();
    return text.length() <= MAX_QUOTED_CHARACTERS
        ? text
        : text.substring(0, MAX_QUOTED_CHARACTERS) + "...";
  }
}
