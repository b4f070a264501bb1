package dev.sheaf.search;

import dev.sheaf.http.Input;
import dev.sheaf.http.Roles;
import dev.sheaf.limits.RequestMemory;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.sql.SQLException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jspecify.annotations.Nullable;

/// Evaluations of searches over HTTP.
@Path("/collections/{collection}/evaluate")
@Tag(name = "Search")
@RolesAllowed(Roles.ADMIN)
@RunOnVirtualThread
class EvaluationResource {

  private final EvaluationService evaluations;
  private final RequestMemory memory;

  EvaluationResource(EvaluationService evaluations, RequestMemory memory) {
    this.evaluations = evaluations;
    this.memory = memory;
  }

  @POST
  @Operation(
      operationId = "evaluate",
      summary = "Measure what searches of a collection find",
      description =
          "Runs each query with each setting, one after the other, and compares the hits with the"
              + " judged documents.")
  @APIResponse(
      responseCode = "200",
      description = "The metrics of each setting, and the changes to the first")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  @APIResponse(responseCode = "504", description = "The evaluation took too long")
  public EvaluationResponse evaluate(
      @RestPath String collection, @Nullable EvaluationRequest request) throws SQLException {
    return evaluations.evaluate(collection, Input.required("queries", request), memory.ofRequest());
  }
}
