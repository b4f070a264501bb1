package dev.sheaf.embedding.openai;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.embedding.EmbeddingException;
import dev.sheaf.embedding.EmbeddingModel;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;

/// A model on a server that speaks `POST /v1/embeddings`: OpenAI's own, Ollama, vLLM, Text
/// Embeddings Inference, Sheaf.
///
/// The API counts no tokens before it embeds, so a token is taken to be three bytes of UTF-8: prose
/// has four to a token, Chinese three, and a chunk that is a little short costs less than one that
/// the server refuses.
///
/// Thread-safe. At most [OpenAiConfig.Model#concurrency()] requests of documents are under way at
/// once, and as many of queries, which never wait for documents.
final class OpenAiModel implements EmbeddingModel {

  private static final int BYTES_PER_TOKEN = 3;
  private static final int TOO_MANY_REQUESTS = 429;

  /// Not valid, too large, not to be processed: what a server says of a text that it does not take.
  private static final Set<Integer> REFUSALS_OF_TEXTS = Set.of(400, 413, 422);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final Duration UNLIMITED = Duration.ofDays(1);
  private static final int QUOTED_CHARACTERS = 200;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Logger LOG = Logger.getLogger(OpenAiModel.class);

  private final String name;
  private final OpenAiConfig.Model config;
  private final HttpClient http;
  private final URI embeddings;
  private final Map<Role, Semaphore> permits = new EnumMap<>(Role.class);

  /// @throws IllegalStateException when a number in the configuration makes no sense
  OpenAiModel(String name, OpenAiConfig.Model config, HttpClient http) {
    if (config.dimensions() < 1
        || config.maxTokens() < 1
        || config.batchSize() < 1
        || config.concurrency() < 1
        || config.retries() < 0) {
      throw new IllegalStateException(
          "sheaf.embedding.openai."
              + name
              + ": dimensions, max-tokens, batch-size and concurrency must be at least 1, retries 0");
    }
    this.name = name;
    this.config = config;
    this.http = http;
    this.embeddings = URI.create(config.url().toString().replaceFirst("/*$", "/embeddings"));
    for (Role role : Role.values()) {
      permits.put(role, new Semaphore(config.concurrency()));
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
  public List<float[]> embed(List<String> texts, Role role) {
    List<String> inputs = texts.stream().map(text -> input(text, role)).toList();
    Duration time =
        switch (role) {
          case QUERY -> config.queryTimeout();
          case DOCUMENT -> UNLIMITED;
        };
    long deadline = System.nanoTime() + time.toNanos();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var batches = new ArrayList<Future<List<float[]>>>();
      for (int i = 0; i < inputs.size(); i += config.batchSize()) {
        List<String> batch = inputs.subList(i, Math.min(i + config.batchSize(), inputs.size()));
        batches.add(threads.submit(() -> request(batch, role, deadline)));
      }
      try {
        var vectors = new ArrayList<float[]>(inputs.size());
        for (Future<List<float[]>> batch : batches) {
          vectors.addAll(batch.get());
        }
        return vectors;
      } finally {
        // Nobody waits for the rest when one failed.
        batches.forEach(batch -> batch.cancel(true));
      }
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case EmbeddingException failure -> failure;
        case IllegalArgumentException refusal -> refusal;
        case null, default ->
            new EmbeddingException(name + " failed to embed a text", e.getCause());
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddingException("Interrupted while waiting for " + name, e);
    }
  }

  private String input(String text, Role role) {
    return switch (role) {
      case DOCUMENT -> {
        int tokens = countTokens(text);
        if (tokens > maxTokens()) {
          throw new IllegalArgumentException(
              "A text of %s tokens is longer than the %s that %s reads"
                  .formatted(tokens, maxTokens(), name));
        }
        yield config.documentPrefix().orElse("") + text;
      }
      case QUERY -> config.queryPrefix().orElse("") + beginning(text);
    };
  }

  /// As much of a query as the model reads.
  private String beginning(String text) {
    int end = Math.min(text.length(), maxTokens() * BYTES_PER_TOKEN);
    while (countTokens(text.substring(0, end)) > maxTokens()) {
      end = text.offsetByCodePoints(end, -Math.min(64, text.codePointCount(0, end)));
    }
    return end < text.length() && Character.isLowSurrogate(text.charAt(end))
        ? text.substring(0, end - 1)
        : text.substring(0, end);
  }

  /// One request, again when the server says or looks as if that would help, and there is time.
  ///
  /// @throws IllegalArgumentException when the server does not take one of the documents
  private List<float[]> request(List<String> inputs, Role role, long deadline)
      throws InterruptedException {
    HttpRequest request = toRequest(inputs);
    Semaphore requests = Objects.requireNonNull(permits.get(role));
    for (int attempt = 0; ; attempt++) {
      Duration pause = config.backoff().multipliedBy(1L << Math.min(attempt, 20));
      String failure;
      if (!requests.tryAcquire(left(deadline).toNanos(), TimeUnit.NANOSECONDS)) {
        throw new EmbeddingException(
            "%s at %s is busy with others, and it took too long to wait for them"
                .formatted(name, embeddings),
            null);
      }
      try {
        HttpResponse<byte[]> response = send(request, least(config.timeout(), left(deadline)));
        int status = response.statusCode();
        if (status == 200) {
          return vectors(response.body(), inputs.size());
        }
        failure = "HTTP " + status + " " + quoted(response.body());
        if (role == Role.DOCUMENT && REFUSALS_OF_TEXTS.contains(status)) {
          throw new IllegalArgumentException(name + " does not take it: " + failure);
        }
        if (status != TOO_MANY_REQUESTS && status < 500) {
          throw new EmbeddingException(
              name + " was refused by " + embeddings + ": " + failure, null);
        }
        pause = retryAfter(response).orElse(pause);
      } catch (IOException e) {
        failure =
            e.getClass().getSimpleName() + (e.getMessage() == null ? "" : " " + e.getMessage());
      } finally {
        requests.release();
      }
      Duration jittered = jittered(pause);
      if (attempt == config.retries() || left(deadline).compareTo(jittered) <= 0) {
        throw new EmbeddingException(
            "%s at %s does not answer, %s attempts, the last: %s"
                .formatted(name, embeddings, attempt + 1, failure),
            null);
      }
      LOG.warnf(
          "Embedding server failed, will be asked again: model=%s attempt=%s failure=%s",
          name, attempt + 1, failure);
      Thread.sleep(jittered);
    }
  }

  /// The client's own timeout ends with the headers; a server may fall silent after them.
  private HttpResponse<byte[]> send(HttpRequest request, Duration time)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
    try {
      return answer.get(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new HttpTimeoutException("no answer within " + time.toMillis() + " ms");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } finally {
      answer.cancel(true);
    }
  }

  private static Duration left(long deadline) {
    return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
  }

  private static Duration least(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /// Many clients that failed together should not come back together.
  private static Duration jittered(Duration pause) {
    long millis = Math.clamp(pause.toMillis(), 1, LONGEST_PAUSE.toMillis());
    return Duration.ofMillis(millis / 2 + ThreadLocalRandom.current().nextLong(millis));
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
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    config.apiKey().ifPresent(key -> request.header("Authorization", "Bearer " + key));
    return request.build();
  }

  /// @throws EmbeddingException when the answer is not what was asked for
  private List<float[]> vectors(byte[] body, int count) throws IOException {
    JsonNode data;
    try {
      data = JSON.readTree(body).path("data");
    } catch (JacksonException e) {
      throw new EmbeddingException(embeddings + " does not answer in JSON: " + quoted(body), e);
    }
    if (data.size() != count) {
      throw new EmbeddingException(
          "%s gave %s vectors for %s texts".formatted(embeddings, data.size(), count), null);
    }
    var vectors = new float[count][];
    for (int i = 0; i < count; i++) {
      JsonNode item = data.get(i);
      int index = item.path("index").asInt(i);
      if (index < 0 || index >= count || vectors[index] != null) {
        throw new EmbeddingException(embeddings + " numbers its vectors wrongly", null);
      }
      vectors[index] = vector(item.path("embedding"));
    }
    return List.of(vectors);
  }

  private float[] vector(JsonNode numbers) {
    if (numbers.size() != dimensions()) {
      throw new EmbeddingException(
          "%s gives vectors of %s dimensions, but sheaf.embedding.openai.%s.dimensions is %s"
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
      throw new EmbeddingException(embeddings + " gave a vector without a direction", null);
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / length);
    }
    return vector;
  }

  private static String quoted(byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8).replaceAll("\\s+", " ").strip();
    return text.length() <= QUOTED_CHARACTERS ? text : text.substring(0, QUOTED_CHARACTERS) + "...";
  }
}
