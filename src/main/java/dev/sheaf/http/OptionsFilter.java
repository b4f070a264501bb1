package dev.sheaf.http;

import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/// Answers `OPTIONS` with the methods of the path. Quarkus REST would list the methods of the whole
/// resource class.
final class OptionsFilter {

  private final Routes routes;
  private final CurrentVertxRequest request;

  OptionsFilter(Routes routes, CurrentVertxRequest request) {
    this.routes = routes;
    this.request = request;
  }

  /// Answers the request if its method is `OPTIONS`.
  ///
  /// @return `null` for other methods and for unknown paths
  @ServerRequestFilter(preMatching = true)
  @Nullable Response answer(ContainerRequestContext context) {
    if (!context.getMethod().equals(HttpMethod.OPTIONS)) {
      return null;
    }
    Routes.Route route = routes.of(request.getCurrent());
    return route == null
        ? null
        : Response.noContent()
            .header(HttpHeaders.ALLOW, String.join(", ", route.methods()))
            .build();
  }
}
