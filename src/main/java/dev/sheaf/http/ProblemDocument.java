package dev.sheaf.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The body of an error response, as RFC 9457 defines it.
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Problem")
public record ProblemDocument(
    @Schema(examples = "urn:sheaf:problem:invalid-field") String type,
    String title,
    int status,
    @Schema(description = "What was wrong, and what to do") String detail,
    @Schema(description = "The field or parameter that is not valid") @Nullable String field) {

  static final String MEDIA_TYPE = "application/problem+json";

  /// How long a client should wait after a 429 or 503.
  private static final int RETRY_AFTER_SECONDS = 1;

  public static ProblemDocument of(Problem problem) {
    ProblemType type = problem.type();
    return new ProblemDocument(
        type.uri(), type.title(), type.status(), problem.detail(), problem.field());
  }

  public static Response render(Problem problem) {
    ProblemType type = problem.type();
    var response = Response.status(type.status()).type(MEDIA_TYPE).entity(of(problem));
    if (type.status() == 503 || type.status() == 429) {
      response.header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    if (type == ProblemType.UNAUTHENTICATED) {
      response.header(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
    }
    if (type == ProblemType.BODY_TOO_LARGE) {
      // The rest of the body was not read, so the connection cannot carry another request.
      response.header("Connection", "close");
    }
    return response.build();
  }
}
