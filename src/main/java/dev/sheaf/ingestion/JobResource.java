package dev.sheaf.ingestion;

import dev.sheaf.http.Caller;
import dev.sheaf.http.Callers;
import dev.sheaf.http.Roles;
import dev.sheaf.http.Writes;
import dev.sheaf.runtime.ModuleSwitches;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.smallrye.mutiny.Multi;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.sql.SQLException;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestStreamElementType;

/// Jobs over HTTP. Writers see their own jobs, admins see all.
@Path("/jobs")
@Tag(name = "Jobs")
@RolesAllowed(Roles.WRITER)
@RunOnVirtualThread
class JobResource {

  private final ModuleSwitches modules;
  private final JobService jobs;
  private final JobEvents events;
  private final Callers callers;

  JobResource(ModuleSwitches modules, JobService jobs, JobEvents events, Callers callers) {
    this.modules = modules;
    this.jobs = jobs;
    this.events = events;
    this.callers = callers;
  }

  @GET
  @Operation(operationId = "listJobs", summary = "List the newest jobs")
  @APIResponse(responseCode = "200", description = "The jobs that the caller may see")
  @APIResponse(responseCode = "404", description = "The module is off")
  public List<Job> list() throws SQLException {
    modules.require(IngestionResource.MODULE);
    return jobs.newest(callers.ofRequest());
  }

  @GET
  @Path("/{id}")
  @Writes
  @Operation(operationId = "getJob", summary = "Get a job with its progress")
  @APIResponse(responseCode = "200", description = "The job")
  @APIResponse(responseCode = "404", description = "No such job, or the module is off")
  public Job get(@Parameter(example = "1000001") @RestPath long id) throws SQLException {
    modules.require(IngestionResource.MODULE);
    return jobs.get(callers.ofRequest(), id);
  }

  @GET
  @Path("/{id}/errors")
  @Operation(
      operationId = "listJobErrors",
      summary = "List the lines of a job that could not be stored")
  @APIResponse(
      responseCode = "200",
      description = "The errors by line, at most sheaf.ingestion.kept-errors")
  @APIResponse(responseCode = "404", description = "No such job, or the module is off")
  public List<LineError> errors(@Parameter(example = "1000001") @RestPath long id)
      throws SQLException {
    modules.require(IngestionResource.MODULE);
    return jobs.errors(callers.ofRequest(), id);
  }

  @POST
  @Path("/{id}/cancel")
  @Operation(
      operationId = "cancelJob",
      summary = "Cancel a job; documents that are already loaded stay")
  @APIResponse(responseCode = "200", description = "The job")
  @APIResponse(responseCode = "404", description = "No such job, or the module is off")
  public Job cancel(@Parameter(example = "1000001") @RestPath long id) throws SQLException {
    modules.require(IngestionResource.MODULE);
    return jobs.cancel(callers.ofRequest(), id);
  }

  @POST
  @Path("/{id}/retry")
  @Operation(
      operationId = "retryJob",
      summary = "Retry a failed job",
      description =
          "Queues the job again. It continues after the last batch that is loaded. A job that is queued or running does not change.")
  @APIResponse(responseCode = "200", description = "The job")
  @APIResponse(responseCode = "404", description = "No such job, or the module is off")
  @APIResponse(
      responseCode = "409",
      description = "The job has not failed, or its upload is deleted")
  public Job retry(@Parameter(example = "1000001") @RestPath long id) throws SQLException {
    modules.require(IngestionResource.MODULE);
    return jobs.retry(callers.ofRequest(), id);
  }

  @DELETE
  @Path("/{id}")
  @ResponseStatus(204)
  @Operation(
      operationId = "deleteJob",
      summary = "Cancel and delete a job; documents that are already loaded stay")
  @APIResponse(responseCode = "204", description = "Deleted")
  @APIResponse(responseCode = "404", description = "No such job, or the module is off")
  public void delete(@Parameter(example = "1000001") @RestPath long id) throws SQLException {
    modules.require(IngestionResource.MODULE);
    jobs.delete(callers.ofRequest(), id);
  }

  @GET
  @Path("/{id}/events")
  @Blocking
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @RestStreamElementType(MediaType.APPLICATION_JSON)
  @Operation(operationId = "followJob", summary = "Follow the progress of a job until it ends")
  @APIResponse(
      responseCode = "200",
      description =
          "An event with the job after each change, and comments in between. The stream ends after an hour at the latest.",
      content =
          @Content(
              mediaType = MediaType.SERVER_SENT_EVENTS,
              schema = @Schema(implementation = Job.class)))
  @APIResponse(responseCode = "404", description = "No such job, or the module is off")
  public Multi<OutboundSseEvent> events(
      @Parameter(example = "1000001") @RestPath long id, @Context Sse sse) throws SQLException {
    modules.require(IngestionResource.MODULE);
    Caller caller = callers.ofRequest();
    return events.follow(caller, jobs.get(caller, id), sse);
  }
}
