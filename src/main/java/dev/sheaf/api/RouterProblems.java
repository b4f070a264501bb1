package dev.sheaf.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/// Addresses that cannot be decoded never reach an endpoint, and are problems all the same.
@ApplicationScoped
class RouterProblems {

  private final ObjectMapper json;

  RouterProblems(ObjectMapper json) {
    this.json = json;
  }

  void answer(@Observes Router router) {
    // Before Quarkus's own, which says nothing.
    router.route().order(Integer.MIN_VALUE).failureHandler(this::answer);
  }

  private void answer(RoutingContext call) {
    if (call.statusCode() != ProblemType.INVALID_PARAMETER.status() || call.response().ended()) {
      call.next();
      return;
    }
    var problem =
        new Problem(
            ProblemType.INVALID_PARAMETER, "the address is not percent-encoded UTF-8 throughout");
    try {
      call.response()
          .setStatusCode(problem.type().status())
          .putHeader(HttpHeaders.CONTENT_TYPE, ProblemDocument.MEDIA_TYPE)
          .end(json.writeValueAsString(ProblemDocument.of(problem)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a problem is plain values", e);
    }
  }
}
