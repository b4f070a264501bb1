package dev.sheaf.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

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
    if (headers.contains(HttpHeaders.CONTENT_ENCODING, HttpHeaders.IDENTITY, true)
        && isCompressible(headers.get(HttpHeaders.CONTENT_TYPE))) {
      headers.remove(HttpHeaders.CONTENT_ENCODING);
    }
  }

  /// @param type `null` if the response has no body
  private boolean isCompressible(@Nullable String type) {
    return type == null || types.contains(type.split(";", 2)[0].strip());
  }
}
