package dev.sheaf.limits;

import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Reads a small body completely before the request gets a thread. A thread that reads the body
/// itself blocks twice, and waking it takes as long as a third of a search. A client that never
/// sends the rest of its body would block the thread for a minute; here it blocks none, and its
/// connection is closed after `quarkus.http.read-timeout`.
///
/// The caller is not authenticated yet, so all such bodies together have a small part of the
/// [MemoryBudget].
@ApplicationScoped
class SmallBodyReader {

  /// In bytes. A vector of 4,096 numbers with all their decimals is shorter.
  private static final int MAX_SMALL_BYTES = 128 * 1024;

  /// In bytes. A buffer that grows begins with this size.
  private static final int TINY_BYTES = 1024;

  private static final Pattern FORM =
      Pattern.compile(
          "multipart/form-data|application/x-www-form-urlencoded", Pattern.CASE_INSENSITIVE);

  private static final Logger LOG = Logger.getLogger(SmallBodyReader.class);

  private final MemoryBudget budget;
  private final StalledConnections connections;

  SmallBodyReader(MemoryBudget budget, StalledConnections connections) {
    this.budget = budget;
    this.connections = connections;
  }

  void register(@Observes Router router) {
    // A client that only announces a body must not cost memory. But an empty body needs its buffer,
    // because without one the request would be read again.
    var body = BodyHandler.create(false);
    var tinyBody = BodyHandler.create(false).setPreallocateBodyBuffer(true);
    router
        .route("/api/v1/*")
        .order(Integer.MIN_VALUE)
        .handler(context -> {
          ignoreEmptyType(context.request());
          if (isSmall(context.request()) && reserve(context)) {
            connections.limitArrival(context.request());
            (length(context.request()) <= TINY_BYTES ? tinyBody : body).handle(context);
          } else {
            context.next();
          }
        })
        .failureHandler(context -> {
          if (context.failure() instanceof HttpClosedException) {
            // Nobody waits for a response.
            LOG.debugf("Client disconnected before the whole body arrived");
          } else {
            context.next();
          }
        });
  }

  /// Returns `false` if too many bodies are arriving. Then the thread of the request reads the
  /// body, after authentication.
  private boolean reserve(RoutingContext context) {
    MemoryBudget.Account account = budget.tryOpenForArrival(length(context.request()));
    if (account == null) {
      return false;
    }
    context.addEndHandler(_ -> account.close());
    return true;
  }

  /// Quarkus REST fails to parse an empty type.
  private static void ignoreEmptyType(HttpServerRequest request) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type != null && type.isBlank()) {
      request.headers().remove(HttpHeaders.CONTENT_TYPE);
    }
  }

  private static int length(HttpServerRequest request) {
    return Integer.parseInt(request.getHeader(HttpHeaders.CONTENT_LENGTH));
  }

  /// Excludes bodies with `Expect: 100-continue`, because the reader of the body must send the
  /// interim response, and HTTP/2, because Quarkus REST pauses such a request, which fails when the
  /// request has already ended.
  private static boolean isSmall(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    return request.version() != HttpVersion.HTTP_2
        && length != null
        && length.length() <= 6
        && Integer.parseInt(length) <= MAX_SMALL_BYTES
        && !request.headers().contains(HttpHeaders.EXPECT)
        && !isForm(request.getHeader(HttpHeaders.CONTENT_TYPE));
  }

  /// `BodyHandler` would parse a form. No operation accepts one; each rejects it with 415.
  private static boolean isForm(@Nullable String type) {
    return type != null && FORM.matcher(type).lookingAt();
  }
}
