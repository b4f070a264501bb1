package dev.sheaf.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A running Sheaf.
public final class Service implements AutoCloseable {

  static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final int MAX_PROBLEM_BYTES = 64 * 1024;

  private final String base;
  private final @Nullable String apiKey;
  private final HttpClient http =
      HttpClient.newBuilder()
          // An upload with the offer to speak HTTP/2 would have to be held until it is answered.
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();

  /// @param base where it listens, such as `http://localhost:8080`
  /// @param apiKey sent with every request, when there is one
  public Service(URI base, @Nullable String apiKey) {
    if (base.getHost() == null || !Set.of("http", "https").contains(base.getScheme())) {
      throw new OperatorException(
          base + " is no address of a service", "it looks like http://localhost:8080");
    }
    this.base = base.toString().replaceAll("/+$", "");
    this.apiKey = apiKey;
  }

  /// What was answered. Whoever gets it closes it.
  record Answer(int status, InputStream body) implements AutoCloseable {

    boolean isGood() {
      return status < 300;
    }

    /// Whether the same request may be answered otherwise a little later.
    private boolean isTransient() {
      return status == 409 || status == 429 || status >= 502;
    }

    /// What was asked for.
    ///
    /// @throws OperatorException when it is not to be had
    JsonNode json() throws IOException {
      if (!isGood()) {
        throw problem();
      }
      return JSON.readTree(body);
    }

    /// What was asked for.
    ///
    /// @throws OperatorException when it is not to be had
    /// @throws IOException also when it may be had a little later
    JsonNode jsonOrLater() throws IOException {
      if (isTransient()) {
        throw new IOException(problem().problem());
      }
      return json();
    }

    /// What is wrong, in the service's own words, when it is the service that speaks.
    OperatorException problem() throws IOException {
      String text = new String(body.readNBytes(MAX_PROBLEM_BYTES), StandardCharsets.UTF_8);
      String hint =
          status == 401 || status == 403 ? "put an API key that may do this in SHEAF_API_KEY" : "";
      try {
        String detail = JSON.readTree(text).path("detail").asText();
        if (!detail.isEmpty()) {
          return new OperatorException(detail, hint);
        }
      } catch (IOException notJson) {
        // Something between here and the service has answered.
      }
      return new OperatorException("the service answers with status " + status, hint);
    }

    @Override
    public void close() throws IOException {
      body.close();
    }
  }

  /// A request to a path below `/api/v1`.
  ///
  /// @param path with `%s` for each segment, which are encoded here
  HttpRequest.Builder request(String path, Object... segments) {
    Object[] encoded = new Object[segments.length];
    for (int i = 0; i < segments.length; i++) {
      encoded[i] = encode(String.valueOf(segments[i]));
    }
    var request = HttpRequest.newBuilder(URI.create(base + "/api/v1" + path.formatted(encoded)));
    if (apiKey != null) {
      request.header("Authorization", "Bearer " + apiKey);
    }
    return request;
  }

  private static String encode(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /// @throws IOException when nobody listens, or the connection breaks
  Answer send(HttpRequest request) throws IOException {
    try {
      HttpResponse<InputStream> response =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      return new Answer(response.statusCode(), response.body());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  /// What is at a path, where a mistake in the address should be told at once.
  ///
  /// @throws OperatorException when the service has nothing there, or cannot be reached
  JsonNode first(String path, Object... segments) {
    try (Answer answer = send(request(path, segments).GET().build())) {
      return answer.json();
    } catch (ConnectException | HttpTimeoutException e) {
      throw new OperatorException(
          "no Sheaf answers at " + base, "check that it runs, or name another with --server", e);
    } catch (IOException e) {
      throw new OperatorException(
          "what answers at %s is no Sheaf: %s".formatted(base, e.getMessage()),
          "name another with --server",
          e);
    }
  }

  /// What is at a path.
  ///
  /// @throws OperatorException when the service has nothing there
  /// @throws IOException when nobody listens, the connection breaks, or it may be had a little
  ///   later
  JsonNode get(String path, Object... segments) throws IOException {
    try (Answer answer = send(request(path, segments).GET().build())) {
      return answer.jsonOrLater();
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
