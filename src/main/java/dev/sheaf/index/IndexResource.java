package dev.sheaf.index;

import dev.sheaf.http.Input;
import dev.sheaf.http.Roles;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.sql.SQLException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jspecify.annotations.Nullable;

/// The indexes of collections over HTTP.
@Path("/collections/{collection}/index")
@Tag(name = "Indexes")
@RunOnVirtualThread
@RolesAllowed(Roles.READER)
class IndexResource {

  private final IndexService indexes;

  IndexResource(IndexService indexes) {
    this.indexes = indexes;
  }

  @GET
  @Operation(
      operationId = "describeIndex",
      summary = "Get the state and the recall of a collection's index")
  @APIResponse(
      responseCode = "200",
      description =
          "The index, or the reason why there is none. A number of more than 1000 rows is an estimate, and rowsEstimated says so.")
  @APIResponse(responseCode = "404", description = "No such collection")
  public IndexView describe(
      @RestPath String collection,
      @Parameter(
              description = "true counts all vectors, which takes long for a large collection",
              schema = @Schema(type = SchemaType.BOOLEAN))
          @RestQuery
          @Nullable String count)
      throws SQLException {
    return indexes.describe(collection, Input.flag("count", count));
  }

  @POST
  @Path("/measure")
  @RolesAllowed(Roles.ADMIN)
  @Operation(
      operationId = "measureIndex",
      summary = "Measure the recall of a collection's index",
      description =
          "Searches for vectors halfway between stored ones, through the index and exactly, and compares the results.")
  @APIResponse(responseCode = "200", description = "The measured recall")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(
      responseCode = "409",
      description = "There is no index, or a measurement is already running")
  @APIResponse(responseCode = "504", description = "The measurement timed out")
  public Recall measure(@RestPath String collection) throws SQLException {
    return indexes.measure(collection);
  }

  @POST
  @Path("/tune")
  @RolesAllowed(Roles.ADMIN)
  @Operation(
      operationId = "tuneIndex",
      summary = "Find and store the smallest efSearch that reaches a recall",
      description =
          "Searches for the questions of the request, otherwise for recent ones of clients if they are kept and enough, otherwise for vectors halfway between stored ones. The lower end of the 95% confidence interval must reach the recall. Searches use the new value within seconds.")
  @APIResponse(responseCode = "200", description = "The stored efSearch, and all steps")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(
      responseCode = "409",
      description = "There is no index, or a measurement is already running")
  @APIResponse(
      responseCode = "422",
      description = "A field is not valid, or no efSearch reaches the recall")
  @APIResponse(responseCode = "504", description = "The measurement timed out")
  public Tuning tune(@RestPath String collection, @Nullable TuneIndex request) throws SQLException {
    return indexes.tune(collection, Input.required("recall", request));
  }
}
