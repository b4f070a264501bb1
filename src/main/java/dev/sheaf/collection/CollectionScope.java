package dev.sheaf.collection;

import dev.sheaf.http.Callers;
import jakarta.ws.rs.container.ContainerRequestContext;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/// For callers who are limited to collections, others do not exist. That is decided by the name in
/// the address alone, before anything is looked up: neither the answer nor the time it takes can
/// say whether there is such a collection.
final class CollectionScope {

  private static final String PARAMETER = "collection";

  private final Callers callers;

  CollectionScope(Callers callers) {
    this.callers = callers;
  }

  @ServerRequestFilter
  void limit(ContainerRequestContext request) {
    @Nullable String name = request.getUriInfo().getPathParameters().getFirst(PARAMETER);
    if (name != null && !callers.ofRequest().sees(name)) {
      throw CollectionService.notFound(name);
    }
  }
}
