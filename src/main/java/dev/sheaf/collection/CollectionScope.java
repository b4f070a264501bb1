package dev.sheaf.collection;

import dev.sheaf.http.Callers;
import jakarta.ws.rs.container.ContainerRequestContext;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/// Hides other collections from a caller that is limited to certain collections. The check uses
/// only the name in the path and happens before any query, so that neither the response nor its
/// duration reveals whether the collection exists.
final class CollectionScope {

  private static final String PARAMETER = "collection";

  private final Callers callers;

  CollectionScope(Callers callers) {
    this.callers = callers;
  }

  @ServerRequestFilter
  void check(ContainerRequestContext request) {
    @Nullable String name = request.getUriInfo().getPathParameters().getFirst(PARAMETER);
    if (name != null && !callers.ofRequest().sees(name)) {
      throw CollectionService.notFound(name);
    }
  }
}
