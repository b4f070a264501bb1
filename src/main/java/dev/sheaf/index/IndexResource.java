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
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
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
      summary = "How the index of a collection is, and how well it finds")
  @APIResponse(responseCode = "200", description = "The index, or why there is none")
  @APIResponse(responseCode = "404", description = "No such collection")
  public IndexView describe(@RestPath String collection) throws SQLException {
    return indexes.describe(collection);
  }

  @POST
  @Path("/measure")
  @RolesAllowed(Roles.ADMIN)
  @Operation(
      operationId = "measureIndex",
      summary = "Measure its recall now",
      description =
          "Searches for what is half way between stored vectors, through the index and exactly.")
  @APIResponse(responseCode = "200", description = "What was measured")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "409", description = "No index, or it is being measured")
  @APIResponse(responseCode = "504", description = "There was no time to measure anything")
  public Recall measure(@RestPath String collection) throws SQLException {
    return indexes.measure(collection);
  }

  @POST
  @Path("/tune")
  @RolesAllowed(Roles.ADMIN)
  @Operation(
      operationId = "tuneIndex",
      summary = "Find the smallest efSearch that reaches a recall, and store it",
      description = "Searches follow within seconds.")
  @APIResponse(responseCode = "200", description = "What was found, and what was tried")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "409", description = "No index, or it is being measured")
  @APIResponse(responseCode = "422", description = "A field is not valid, or out of reach")
  @APIResponse(responseCode = "504", description = "There was no time to measure anything")
  public Tuning tune(@RestPath String collection, @Nullable TuneIndex request) throws SQLException {
    return indexes.tune(collection, Input.required("recall", request));
  }
}
