package dev.sheaf.http;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
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
