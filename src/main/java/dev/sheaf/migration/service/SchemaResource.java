package dev.sheaf.migration.service;

import dev.sheaf.http.Roles;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.HistoryEntry;
import dev.sheaf.migration.SchemaStatus;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// The schema over HTTP: to be looked at, never to be changed.
@Path("/schema")
@Tag(name = "Schema")
@RolesAllowed(Roles.OPERATOR)
@RunOnVirtualThread
class SchemaResource {

  private final SchemaGate gate;

  /// A comparison builds a scratch database; one at a time is enough for everybody.
  private final Semaphore comparison = new Semaphore(1);

  SchemaResource(SchemaGate gate) {
    this.gate = gate;
  }

  @GET
  @Operation(
      operationId = "getSchema",
      summary = "Where every module stands, and who holds the schema's lock")
  public SchemaStatus status() {
    return gate.engine().status();
  }

  @GET
  @Path("/history")
  @Operation(
      operationId = "listSchemaHistory",
      summary = "Everything that was ever done to the schema, in order")
  public List<HistoryEntry> history() {
    return gate.engine().history();
  }

  @GET
  @Path("/verify")
  @Operation(
      operationId = "verifySchema",
      summary = "Every difference between the live schema and what the changelogs make")
  @APIResponse(responseCode = "200", description = "None, when nothing differs")
  @APIResponse(responseCode = "409", description = "It is being compared already")
  public List<Difference> verify() {
    if (!comparison.tryAcquire()) {
      throw new Problem(
          ProblemType.BUSY, "The schema is being compared already; ask again in a moment");
    }
    try {
      return gate.engine().verify();
    } finally {
      comparison.release();
    }
  }
}
