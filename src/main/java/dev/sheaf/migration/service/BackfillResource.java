package dev.sheaf.migration.service;

import dev.sheaf.http.Callers;
import dev.sheaf.http.Roles;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.backfill.BackfillConfig;
import dev.sheaf.migration.backfill.Backfills.Control;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;

/// Backfills over HTTP. Control can be switched off.
@Path("/backfills")
@Tag(name = "Backfills")
@RolesAllowed(Roles.OPERATOR)
@RunOnVirtualThread
class BackfillResource {

  private final BackfillService service;
  private final BackfillConfig config;
  private final Callers callers;

  BackfillResource(BackfillService service, BackfillConfig config, Callers callers) {
    this.service = service;
    this.config = config;
    this.callers = callers;
  }

  @GET
  @Operation(operationId = "listBackfills", summary = "List the backfills and their progress")
  public List<Backfill> list() {
    return service.backfills().list();
  }

  @GET
  @Path("/{module}/{name}")
  @Operation(operationId = "getBackfill", summary = "Get a backfill and its progress")
  @APIResponse(responseCode = "200", description = "The backfill")
  @APIResponse(responseCode = "404", description = "No such backfill")
  public Backfill describe(@RestPath String module, @RestPath String name) {
    return find(module + "/" + name);
  }

  @POST
  @Path("/{module}/{name}/pause")
  @Operation(operationId = "pauseBackfill", summary = "Pause a backfill after its current batch")
  @APIResponse(responseCode = "200", description = "The backfill in its new state")
  @APIResponse(responseCode = "404", description = "No such backfill")
  @APIResponse(responseCode = "409", description = "The backfill is neither pending nor running")
  public Backfill pause(@RestPath String module, @RestPath String name) {
    return control(module + "/" + name, Control.PAUSE);
  }

  @POST
  @Path("/{module}/{name}/resume")
  @Operation(
      operationId = "resumeBackfill",
      summary = "Resume a paused, failed or cancelled backfill where it stopped")
  @APIResponse(responseCode = "200", description = "The backfill in its new state")
  @APIResponse(responseCode = "404", description = "No such backfill")
  @APIResponse(
      responseCode = "409",
      description = "The backfill is not paused, failed or cancelled")
  public Backfill resume(@RestPath String module, @RestPath String name) {
    return control(module + "/" + name, Control.RESUME);
  }

  @POST
  @Path("/{module}/{name}/cancel")
  @Operation(
      operationId = "cancelBackfill",
      summary = "Cancel a backfill; rows that are done are not undone")
  @APIResponse(responseCode = "200", description = "The backfill in its new state")
  @APIResponse(responseCode = "404", description = "No such backfill")
  @APIResponse(responseCode = "409", description = "The backfill is already done or cancelled")
  public Backfill cancel(@RestPath String module, @RestPath String name) {
    return control(module + "/" + name, Control.CANCEL);
  }

  private Backfill control(String name, Control control) {
    if (!config.httpControl()) {
      throw new Problem(
          ProblemType.CONTROL_OFF,
          "use the command line, sheaf backfill %s %s, or set sheaf.backfill.http-control=true"
              .formatted(control, name));
    }
    Backfill before = find(name);
    Approval approval = new Approval(callers.ofRequest().name(), null);
    if (!service.backfills().control(name, control, approval)) {
      throw new Problem(
          ProblemType.BACKFILL_STATE,
          "%s is %s and cannot be %s; %s"
              .formatted(name, before.state(), control.participle(), control.requirement()));
    }
    return find(name);
  }

  private Backfill find(String name) {
    return service
        .backfills()
        .find(name)
        .orElseThrow(
            () -> new Problem(ProblemType.BACKFILL_NOT_FOUND, "there is no backfill " + name));
  }
}
