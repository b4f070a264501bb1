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

/// An HTTP client of a running Sheaf service.
public final class SheafClient implements AutoCloseable {

  static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final int MAX_PROBLEM_BYTES = 64 * 1024;

  private final String base;
  private final @Nullable String apiKey;
  private final HttpClient http =
      HttpClient.newBuilder()
          // With an offer of HTTP/2, the body of an upload would have to be buffered.
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();

  /// @param base address of the service, such as `http://localhost:8080`
  /// @param apiKey sent with every request, unless `null`
  public SheafClient(URI base, @Nullable String apiKey) {
    if (base.getHost() == null || !Set.of("http", "https").contains(base.getScheme())) {
      throw new OperatorException(
          base + " is not a valid service address", "an example is http://localhost:8080");
    }
    this.base = base.toString().replaceAll("/+$", "");
    this.apiKey = apiKey;
  }

  /// A response, which the caller must close.
  record Response(int status, InputStream body) implements AutoCloseable {

    boolean isSuccess() {
      return status < 300;
    }

    /// Whether a retry of the same request may succeed.
    private boolean isTransient() {
      return status == 409 || status == 429 || status >= 502;
    }

    /// The body of a successful response.
    ///
    /// @throws OperatorException if the request failed
    JsonNode json() throws IOException {
      if (!isSuccess()) {
        throw problem();
      }
      return JSON.readTree(body);
    }

    /// The body of a successful response.
    ///
    /// @throws OperatorException if the request failed permanently
    /// @throws IOException if the body is incomplete, or a retry may succeed
    JsonNode jsonOrRetryable() throws IOException {
      if (isTransient()) {
        throw new IOException(problem().problem());
      }
      return json();
    }

    /// The problem of a failed request: the detail from the service, or the status.
    OperatorException problem() throws IOException {
      String text = new String(body.readNBytes(MAX_PROBLEM_BYTES), StandardCharsets.UTF_8);
      String hint =
          status == 401 || status == 403
              ? "set SHEAF_API_KEY to an API key with a sufficient role"
              : "";
      try {
        String detail = JSON.readTree(text).path("detail").asText();
        if (!detail.isEmpty()) {
          return new OperatorException(detail, hint);
        }
      } catch (IOException notJson) {
        // The response comes from a proxy.
      }
      return new OperatorException("the service returned status " + status, hint);
    }

    @Override
    public void close() throws IOException {
      body.close();
    }
  }

  /// A request to a path below `/api/v1`.
  ///
  /// @param path with `%s` for each segment
  /// @param segments not encoded
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

  /// @throws IOException if the service cannot be reached, or the connection breaks
  Response send(HttpRequest request) throws IOException {
    try {
      HttpResponse<InputStream> httpResponse =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      return new Response(httpResponse.statusCode(), httpResponse.body());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  /// The first request of a command, which reports a wrong address immediately.
  ///
  /// @throws OperatorException if the request fails, or the service cannot be reached
  JsonNode first(String path, Object... segments) {
    try (Response response = send(request(path, segments).GET().build())) {
      return response.json();
    } catch (ConnectException | HttpTimeoutException e) {
      throw unreachable(e);
    } catch (IOException e) {
      throw new OperatorException(
          "the server at %s is not Sheaf: %s".formatted(base, e.getMessage()),
          "name the service with --server",
          e);
    }
  }

  OperatorException unreachable(IOException cause) {
    return new OperatorException(
        "cannot connect to Sheaf at " + base,
        "check that the service is running, or name another with --server",
        cause);
  }

  /// @throws OperatorException if the request fails permanently
  /// @throws IOException if the service cannot be reached, the connection breaks, or a retry may
  ///   succeed
  JsonNode get(String path, Object... segments) throws IOException {
    try (Response response = send(request(path, segments).GET().build())) {
      return response.jsonOrRetryable();
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
