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

/// The schema over HTTP, read-only.
@Path("/schema")
@Tag(name = "Schema")
@RolesAllowed(Roles.OPERATOR)
@RunOnVirtualThread
class SchemaResource {

  private final SchemaGate gate;

  /// Allows one comparison at a time, because each creates a scratch database.
  private final Semaphore comparison = new Semaphore(1);

  SchemaResource(SchemaGate gate) {
    this.gate = gate;
  }

  @GET
  @Operation(
      operationId = "getSchema",
      summary = "Get the state of every module, and the holder of the schema lock")
  public SchemaStatus status() {
    return gate.engine().status();
  }

  @GET
  @Path("/history")
  @Operation(
      operationId = "listSchemaHistory",
      summary = "List every change of the schema, in order")
  public List<HistoryEntry> history() {
    return gate.engine().history();
  }

  @GET
  @Path("/verify")
  @Operation(
      operationId = "verifySchema",
      summary = "List the differences between the live schema and the changelogs")
  @APIResponse(responseCode = "200", description = "The differences; empty if there are none")
  @APIResponse(responseCode = "409", description = "Another comparison is running")
  public List<Difference> verify() {
    if (!comparison.tryAcquire()) {
      throw new Problem(
          ProblemType.BUSY, "Another comparison of the schema is running. Retry later.");
    }
    try {
      return gate.engine().verify();
    } finally {
      comparison.release();
    }
  }
}
