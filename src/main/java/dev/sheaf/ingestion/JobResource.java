package dev.sheaf.ingestion;

import dev.sheaf.api.Caller;
import dev.sheaf.api.Callers;
import dev.sheaf.api.Problem;
import dev.sheaf.api.Roles;
import dev.sheaf.schema.ModuleSwitches;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.MultiEmitter;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestStreamElementType;

/// Jobs over HTTP: writers see their own, admins all.
@Path("/jobs")
@Tag(name = "Jobs")
@RolesAllowed(Roles.WRITER)
@RunOnVirtualThread
class JobResource {

  private static final Duration EVENT_EVERY = Duration.ofSeconds(1);

  private final ModuleSwitches modules;
  private final Jobs jobs;
  private final Callers callers;

  JobResource(ModuleSwitches modules, Jobs jobs, Callers callers) {
    this.modules = modules;
    this.jobs = jobs;
    this.callers = callers;
  }

  @GET
  @Operation(summary = "List the newest jobs")
  public List<Job> list() throws SQLException {
    modules.require(IngestionResource.MODULE);
    return jobs.newest(callers.ofRequest());
  }

  @GET
  @Path("/{id}")
  @Operation(summary = "How far a job has come")
  @APIResponse(responseCode = "404", description = "No such job")
  public Job get(@RestPath long id) throws SQLException {
    modules.require(IngestionResource.MODULE);
    return jobs.get(callers.ofRequest(), id);
  }

  @GET
  @Path("/{id}/errors")
  @Operation(summary = "The lines that could not be stored, as many as are kept")
  @APIResponse(responseCode = "404", description = "No such job")
  public List<LineError> errors(@RestPath long id) throws SQLException {
    modules.require(IngestionResource.MODULE);
    return jobs.errors(callers.ofRequest(), id);
  }

  @POST
  @Path("/{id}/cancel")
  @Operation(summary = "End a job; what is loaded stays")
  @APIResponse(responseCode = "404", description = "No such job")
  public Job cancel(@RestPath long id) throws SQLException {
    modules.require(IngestionResource.MODULE);
    return jobs.cancel(callers.ofRequest(), id);
  }

  @DELETE
  @Path("/{id}")
  @ResponseStatus(204)
  @Operation(summary = "End a job and forget it; what is loaded stays")
  @APIResponse(responseCode = "404", description = "No such job")
  public void delete(@RestPath long id) throws SQLException {
    modules.require(IngestionResource.MODULE);
    jobs.delete(callers.ofRequest(), id);
  }

  @GET
  @Path("/{id}/events")
  @Blocking
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @RestStreamElementType(MediaType.APPLICATION_JSON)
  @Operation(summary = "The job whenever it has got on, until it has ended")
  @APIResponse(responseCode = "404", description = "No such job")
  public Multi<Job> events(@RestPath long id) throws SQLException {
    modules.require(IngestionResource.MODULE);
    Caller caller = callers.ofRequest();
    Job first = jobs.get(caller, id);
    return Multi.createFrom()
        .emitter(events -> Thread.ofVirtual().start(() -> follow(caller, first, events)));
  }

  private void follow(Caller caller, Job first, MultiEmitter<? super Job> events) {
    try {
      Job job = first;
      events.emit(job);
      while (!job.state().isFinished() && !events.isCancelled()) {
        Thread.sleep(EVENT_EVERY);
        Job now = jobs.get(caller, first.id());
        if (now.state() != job.state() || !now.counts().equals(job.counts())) {
          events.emit(now);
        }
        job = now;
      }
      events.complete();
    } catch (Problem forgotten) {
      events.complete();
    } catch (SQLException | InterruptedException e) {
      events.fail(e);
    }
  }
}
