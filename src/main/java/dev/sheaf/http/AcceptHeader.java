package dev.sheaf.http;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import jakarta.ws.rs.container.ContainerRequestContext;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/// Rejects a malformed `Accept` header before the request is executed. Otherwise it would fail only
/// when the response is written.
final class AcceptHeader {

  @ServerRequestFilter
  void validate(ContainerRequestContext request) {
    try {
      request.getAcceptableMediaTypes();
    } catch (IllegalArgumentException e) {
      throw new Problem(
          ProblemType.NOT_ACCEPTABLE, "Accept must contain media types, such as application/json.");
    }
  }
}
