package dev.sheaf.ingestion;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.http.Caller;
import dev.sheaf.http.Callers;
import dev.sheaf.http.Roles;
import dev.sheaf.http.Streamed;
import dev.sheaf.http.Writes;
import dev.sheaf.limits.ConcurrencyLimiter;
import dev.sheaf.limits.LimitsConfig;
import dev.sheaf.limits.OpenRequests;
import dev.sheaf.runtime.ModuleSwitches;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestHeader;
import org.jboss.resteasy.reactive.RestPath;
import org.jspecify.annotations.Nullable;

/// Uploads of many documents over HTTP.
@Path("/collections/{collection}/documents")
@Tag(name = "Documents")
@RolesAllowed(Roles.WRITER)
@RunOnVirtualThread
class IngestionResource {

  static final String NDJSON = "application/x-ndjson";
  static final String MODULE = "ingestion";

  private final ModuleSwitches modules;
  private final CollectionService collections;
  private final Loader loader;
  private final JobService jobs;
  private final Callers callers;
  private final ConcurrencyLimiter limiter;
  private final OpenRequests uploads;

  IngestionResource(
      ModuleSwitches modules,
      CollectionService collections,
      Loader loader,
      JobService jobs,
      Callers callers,
      ConcurrencyLimiter limiter,
      LimitsConfig limits) {
    this.modules = modules;
    this.collections = collections;
    this.loader = loader;
    this.jobs = jobs;
    this.callers = callers;
    this.limiter = limiter;
    this.uploads =
        new OpenRequests(
            "uploads",
            "sheaf.limits.open-uploads",
            limits.openUploads(),
            limits.openUploadsPerCaller());
  }

  @POST
  @Writes
  @Streamed
  @Consumes({
    NDJSON,
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/jsonlines"
  })
  @Produces(MediaType.APPLICATION_JSON)
  @Parameter(
      name = "Content-Encoding",
      in = ParameterIn.HEADER,
      description = "gzip",
      example = "identity",
      schema = @Schema(type = SchemaType.STRING))
  @Operation(
      operationId = "uploadDocuments",
      summary = "Store many documents",
      description =
          "Each line is a document as for PUT, with its `id`. The number of lines is not limited. If a line cannot be stored, it is reported, and the others are stored. The body may be compressed with Content-Encoding: gzip. With Prefer: respond-async, the service stores the upload and loads it in a job. A request that repeats an Idempotency-Key gets the result of the first request. Each caller has its own keys.")
  @RequestBody(
      content =
          @Content(
              mediaType = NDJSON,
              schema = @Schema(implementation = String.class, format = "binary"),
              example =
                  """
                  {"id": "moon", "text": "The Moon keeps one face to the Earth."}
                  {"id": "tides", "text": "Spring tides come at new and full moon."}
                  """))
  @APIResponse(
      responseCode = "200",
      description = "The upload is loaded: the numbers of lines, and the errors",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(implementation = LoadResult.class)))
  @APIResponse(
      responseCode = "202",
      description = "The upload is stored: the job that loads it, whose address is in Location",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(implementation = Job.class)))
  @APIResponse(responseCode = "400", description = "The body is incomplete")
  @APIResponse(responseCode = "404", description = "No such collection, or the module is off")
  @APIResponse(
      responseCode = "409",
      description =
          "The first request with this key is still in progress, or its job was cancelled")
  @APIResponse(
      responseCode = "422",
      description = "The caller has sent another body with this key, or the request is not valid")
  public Response load(
      @RestPath String collection,
      @Parameter(description = "respond-async") @RestHeader("Prefer") @Nullable String prefer,
      @Parameter(
              description = "1 to 255 printable ASCII characters",
              schema = @Schema(type = SchemaType.STRING, maxLength = 255))
          @RestHeader("Idempotency-Key")
          @Nullable String key,
      InputStream body)
      throws SQLException {
    modules.require(MODULE);
    Caller caller = callers.ofRequest();
    try (ConcurrencyLimiter.Permit _ = uploads.open(caller.identity());
        var permit = new UploadPermit(limiter, caller.identity())) {
      RequestKey requestKey = key == null ? null : new RequestKey(caller.name(), key);
      return load(collection, prefersAsync(prefer), requestKey, caller.name(), body, permit);
    }
  }

  private Response load(
      String collection,
      boolean async,
      @Nullable RequestKey key,
      String creator,
      InputStream body,
      UploadPermit permit)
      throws SQLException {
    var target =
        new Loader.Target(
            collection, permit.call(false, () -> collections.activeSpace(collection)));
    if (key != null) {
      Optional<Job> earlier = jobs.findEarlier(target, key, body, permit);
      if (earlier.isPresent()) {
        Job job = earlier.get();
        return job.async() ? accepted(job) : Response.ok(jobs.result(job)).build();
      }
    }
    if (async) {
      return accepted(jobs.store(target, key, creator, body, permit));
    }
    return Response.ok(
            key == null
                ? loader.load(
                    target, loader.batches(body), Set.of(), JobProgress.NONE, permit, () -> false)
                : jobs.load(target, key, creator, body, permit))
        .build();
  }

  private static boolean prefersAsync(@Nullable String prefer) {
    return prefer != null
        && Arrays.stream(prefer.split("[,;]", -1))
            .anyMatch(preference -> preference.strip().equalsIgnoreCase("respond-async"));
  }

  private static Response accepted(Job job) {
    return Response.accepted(job)
        .header("Location", "/api/v1/jobs/" + job.id())
        .header("Preference-Applied", "respond-async")
        .build();
  }
}
