package dev.sheaf.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Compresses every response that can be compressed, if the client accepts it. Quarkus compresses
/// only responses of resources, and marks all others with `Content-Encoding: identity`.
@ApplicationScoped
class Compression {

  private static final int PRIORITY = 9_000;

  private final Set<String> types;

  Compression(@ConfigProperty(name = "quarkus.http.compress-media-types") Set<String> types) {
    this.types = types;
  }

  void register(@Observes Filters filters) {
    filters.register(
        call -> {
          call.addHeadersEndHandler(_ -> unmark(call));
          call.next();
        },
        PRIORITY);
  }

  /// Removes the mark, which disables compression.
  private void unmark(RoutingContext call) {
    MultiMap headers = call.response().headers();
    String type = headers.get(HttpHeaders.CONTENT_TYPE);
    boolean compressible = type != null && types.contains(type.split(";", 2)[0].strip());
    if (compressible) {
      // A cache must not give a compressed response to a client that does not accept it.
      headers.add(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
    }
    // A response without a type has no body.
    if ((compressible || type == null)
        && headers.contains(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY, true)) {
      headers.remove(HttpHeaders.CONTENT_ENCODING);
    }
  }
}
