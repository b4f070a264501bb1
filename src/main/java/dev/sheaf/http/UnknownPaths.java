package dev.sheaf.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/// Answers requests outside of the API that no other handler answers with a problem document.
@ApplicationScoped
class UnknownPaths {

  private final ObjectMapper json;

  UnknownPaths(ObjectMapper json) {
    this.json = json;
  }

  void register(@Observes Router router) {
    router.route().last().handler(this::answer);
  }

  private void answer(RoutingContext call) {
    var problem =
        new Problem(
            ProblemType.NOT_FOUND,
            "The API is at /api/v1, and its description at /q/openapi. Health is at /q/health.");
    try {
      call.response()
          .setStatusCode(problem.type().status())
          .putHeader(HttpHeaders.CONTENT_TYPE, ProblemDocument.MEDIA_TYPE)
          .end(Buffer.buffer(json.writeValueAsBytes(ProblemDocument.of(problem))));
    } catch (JsonProcessingException e) {
      call.fail(e);
    }
  }
}
