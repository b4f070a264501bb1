package dev.sheaf.api;

import jakarta.ws.rs.container.ContainerRequestContext;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/// Refuses an `Accept` that is none before anything is done, and not when the answer is written.
final class AcceptHeader {

  @ServerRequestFilter
  void read(ContainerRequestContext request) {
    try {
      request.getAcceptableMediaTypes();
    } catch (IllegalArgumentException e) {
      throw new Problem(
          ProblemType.NOT_ACCEPTABLE, "Accept must hold media types, such as application/json");
    }
  }
}
