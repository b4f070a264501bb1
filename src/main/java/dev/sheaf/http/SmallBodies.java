package dev.sheaf.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Reads a small body before a thread is given to its request. A thread that reads the body itself
/// waits for it, twice, and each time has to be woken, which takes as long as a third of a search;
/// and one whose client never sends the rest would wait for a minute. That client's connection ends
/// after `quarkus.http.read-timeout`, as it would then.
@ApplicationScoped
class SmallBodies {

  /// Bytes; a vector of 4,096 numbers with all their decimals is shorter.
  private static final int SMALL = 128 * 1024;

  private static final Pattern FORM =
      Pattern.compile(
          "multipart/form-data|application/x-www-form-urlencoded", Pattern.CASE_INSENSITIVE);

  private final Duration readTimeout;

  SmallBodies(
      @ConfigProperty(name = "quarkus.http.read-timeout", defaultValue = "60s")
          Duration readTimeout) {
    this.readTimeout = readTimeout;
  }

  void readFirst(@Observes Router router) {
    var body = BodyHandler.create(false).setPreallocateBodyBuffer(true);
    router
        .route("/api/v1/*")
        .order(Integer.MIN_VALUE)
        .handler(context -> {
          if (isSmall(context.request())) {
            endUnlessRead(context);
            body.handle(context);
          } else {
            context.next();
          }
        });
  }

  private void endUnlessRead(RoutingContext context) {
    HttpServerRequest request = context.request();
    long timer =
        context.vertx().setTimer(readTimeout.toMillis(), _ -> request.connection().close());
    request.end().onComplete(_ -> context.vertx().cancelTimer(timer));
  }

  /// Not one that its client sends only when it is told to go on, which whoever reads it says; nor
  /// one of HTTP/2, whose requests Quarkus REST wants to pause, which those that are over cannot.
  private static boolean isSmall(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    return request.version() != HttpVersion.HTTP_2
        && length != null
        && length.length() <= 6
        && Integer.parseInt(length) <= SMALL
        && !request.headers().contains(HttpHeaders.EXPECT)
        && !isForm(request.getHeader(HttpHeaders.CONTENT_TYPE));
  }

  /// What would be taken apart while it is read. No operation takes one; each refuses it itself.
  private static boolean isForm(@Nullable String type) {
    return type != null && FORM.matcher(type).lookingAt();
  }
}
