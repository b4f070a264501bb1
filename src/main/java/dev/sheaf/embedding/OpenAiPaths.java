package dev.sheaf.embedding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.http.ProblemDocument;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.MediaType;
import java.util.Locale;
import java.util.Objects;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;
import org.jspecify.annotations.Nullable;

/// The paths that clients of OpenAI's API use, below `/v1`. Requests are handled as those below
/// `/api/v1`. Errors have the shape that these clients read; they ignore a problem document.
@ApplicationScoped
class OpenAiPaths {

  /// Marks a request in its [RoutingContext].
  private static final String MARK = OpenAiPaths.class.getName();

  private static final int UNPROCESSABLE = 422;

  private final CurrentVertxRequest request;
  private final ObjectMapper json;

  OpenAiPaths(CurrentVertxRequest request, ObjectMapper json) {
    this.request = request;
    this.json = json;
  }

  /// The body of an error in OpenAI's API.
  record ErrorBody(Details error) {

    /// @param param the field that is not valid
    record Details(String message, String type, @Nullable String param, String code) {}

    static ErrorBody of(ProblemDocument problem) {
      return new ErrorBody(
          new Details(
              problem.detail(),
              type(problem.status()),
              isType(problem, ProblemType.MODEL_NOT_FOUND) ? "model" : problem.field(),
              code(problem)));
    }

    private static String type(int status) {
      if (status >= 500) {
        return "server_error";
      }
      return status == 429 ? "rate_limit_error" : "invalid_request_error";
    }

    private static String code(ProblemDocument problem) {
      if (isType(problem, ProblemType.UNAUTHENTICATED)) {
        return "invalid_api_key";
      }
      return isType(problem, ProblemType.TOO_MANY_REQUESTS)
          ? "rate_limit_exceeded"
          : problem
              .type()
              .substring(problem.type().lastIndexOf(':') + 1)
              .toLowerCase(Locale.ROOT)
              .replace('-', '_');
    }

    private static boolean isType(ProblemDocument problem, ProblemType type) {
      return problem.type().equals(type.uri());
    }
  }

  void register(@Observes Router router) {
    router.route("/v1/*").order(Integer.MIN_VALUE).handler(this::handle);
  }

  private void handle(RoutingContext call) {
    String path = Objects.requireNonNullElse(call.request().path(), "");
    if (path.equals("/v1/embeddings")
        || path.equals("/v1/models")
        || path.startsWith("/v1/models/")) {
      call.put(MARK, true);
      call.reroute("/api" + path);
    } else {
      answerUnknownPath(call);
    }
  }

  private void answerUnknownPath(RoutingContext call) {
    var problem =
        new Problem(
            ProblemType.NOT_FOUND,
            "This service supports POST /v1/embeddings, GET /v1/models and GET /v1/models/{model}.");
    try {
      call.response()
          .setStatusCode(problem.type().status())
          .putHeader(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_JSON)
          .end(Buffer.buffer(json.writeValueAsBytes(ErrorBody.of(ProblemDocument.of(problem)))));
    } catch (JsonProcessingException e) {
      call.fail(e);
    }
  }

  /// Whether the current request came in on one of these paths.
  boolean isCurrent() {
    RoutingContext call = request.getCurrent();
    return call != null && call.get(MARK) != null;
  }

  @ServerResponseFilter
  void translate(ContainerResponseContext response) {
    if (response.getEntity() instanceof ProblemDocument problem && isCurrent()) {
      response.setEntity(ErrorBody.of(problem), null, MediaType.APPLICATION_JSON_TYPE);
      // OpenAI's API has no 422.
      if (response.getStatus() == UNPROCESSABLE) {
        response.setStatus(400);
      }
    }
  }
}
