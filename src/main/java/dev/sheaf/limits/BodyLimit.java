package dev.sheaf.limits;

import dev.sheaf.http.Streamed;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.CountedInputStream;
import io.netty.handler.codec.http2.Http2Error;
import io.quarkus.runtime.configuration.MemorySize;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/// Rejects bodies larger than `sheaf.http.max-body-size`: immediately if the request has a
/// `Content-Length`, otherwise when the first byte over the limit arrives. Reserves memory for the
/// others before they are read. [Streamed] methods are exempt, because they do both themselves.
///
/// It runs after authentication, and after [RateLimit].
final class BodyLimit {

  private static final Logger LOG = Logger.getLogger(BodyLimit.class);

  /// A request whose body is longer takes its memory from the part of the budget for large ones.
  private static final int SMALL_BODY_BYTES = 128 * 1024;

  /// The largest body that a method without a body accepts, and ignores.
  private static final int IGNORED_BYTES = 64 * 1024;

  private final long limit;
  private final RequestMemory memory;
  private final Map<Method, Boolean> methodsWithBody = new ConcurrentHashMap<>();

  BodyLimit(
      @ConfigProperty(name = "sheaf.http.max-body-size", defaultValue = "10M") MemorySize limit,
      MemoryBudget budget,
      RequestMemory memory) {
    this.memory = memory;
    long affordable = BodyCost.largestBody(budget.largest());
    this.limit = Math.min(limit.asLongValue(), affordable);
    if (this.limit < limit.asLongValue()) {
      LOG.warnf(
          "Bodies are limited by the memory of requests: max-body-size=%s configured=%s",
          this.limit, limit.asLongValue());
    }
  }

  @ServerRequestFilter(priority = Priorities.USER + 100)
  void limit(ContainerRequestContext request, ResourceInfo resource, RoutingContext call) {
    Method method = resource.getResourceMethod();
    if (method.isAnnotationPresent(Streamed.class)) {
      return;
    }
    long sent = contentLength(call.request());
    if (!hasBody(call.request(), sent)) {
      return;
    }
    if (!methodsWithBody.computeIfAbsent(method, BodyLimit::hasBody)) {
      if (sent > IGNORED_BYTES) {
        throw tooLarge(IGNORED_BYTES, call);
      }
      if (sent < 0) {
        closeAfterResponse(call);
      }
      return;
    }
    if (sent > limit) {
      throw tooLarge(limit, call);
    }
    // The length of a body that is decompressed is not known.
    long length =
        request.getHeaderString(HttpHeaders.CONTENT_LENGTH.toString()) == null ? -1 : sent;
    MemoryBudget.Account account = memory.ofRequest();
    if (length >= 0 && length <= SMALL_BODY_BYTES) {
      account.reserve(BodyCost.of(length));
    } else {
      account.reserve(BodyCost.of(SMALL_BODY_BYTES));
      request.setEntityStream(
          new LimitedInputStream(
              request.getEntityStream(), account, length < 0 ? limit : length, call));
    }
  }

  /// Not by the content type, which a request with a body may lack.
  static boolean hasBody(HttpServerRequest request) {
    return hasBody(request, contentLength(request));
  }

  private static boolean hasBody(HttpServerRequest request, long length) {
    return length > 0
        || (length < 0
            && (request.headers().contains(HttpHeaders.TRANSFER_ENCODING)
                || (request.version() == HttpVersion.HTTP_2 && !request.isEnded())));
  }

  /// -1 if the request does not tell it.
  private static long contentLength(HttpServerRequest request) {
    String header = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    return header == null ? -1 : Long.parseLong(header);
  }

  /// Whether the method has a parameter without an annotation, which is the body.
  private static boolean hasBody(Method method) {
    return Arrays.stream(method.getParameterAnnotations())
        .anyMatch(annotations -> annotations.length == 0);
  }

  /// Otherwise the server would read the rest of the body, to receive the next request. Of a
  /// connection of HTTP/2, it closes only the stream of the request.
  static void closeAfterResponse(RoutingContext call) {
    if (call.request().version() == HttpVersion.HTTP_2) {
      call.addEndHandler(_ -> {
        if (!call.request().isEnded()) {
          call.response().reset(Http2Error.NO_ERROR.code());
        }
      });
      return;
    }
    call.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    call.addEndHandler(_ -> call.request().connection().close());
  }

  private static Problem tooLarge(long limit, RoutingContext call) {
    closeAfterResponse(call);
    return new Problem(
        ProblemType.BODY_TOO_LARGE,
        "The body may have at most "
            + limit
            + " bytes. Send a smaller body, or raise sheaf.http.max-body-size.");
  }

  /// A body that has not arrived. It needs no memory until its first byte, and little until more
  /// than [#SMALL_BODY_BYTES] have arrived.
  private final class LimitedInputStream extends CountedInputStream {

    private final MemoryBudget.Account account;
    private final long expected;
    private final RoutingContext call;
    private long count;

    private LimitedInputStream(
        InputStream in, MemoryBudget.Account account, long expected, RoutingContext call) {
      super(in);
      this.account = account;
      this.expected = expected;
      this.call = call;
    }

    @Override
    protected void count(int read) {
      long before = count;
      count += read;
      if (count > limit) {
        throw tooLarge(limit, call);
      }
      if (before == 0 && read > 0) {
        account.reserve(BodyCost.of(Math.min(expected, SMALL_BODY_BYTES)));
      }
      if (before <= SMALL_BODY_BYTES && count > SMALL_BODY_BYTES) {
        account.reserve(BodyCost.of(expected));
      }
    }

    /// Does not read the rest of a body that was rejected, as the server's own stream would. The
    /// connection is closed after the response instead.
    @Override
    public void close() {}
  }
}
