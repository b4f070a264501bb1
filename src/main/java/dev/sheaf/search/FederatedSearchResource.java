package dev.sheaf.search;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.http.Caller;
import dev.sheaf.http.Callers;
import dev.sheaf.http.Input;
import dev.sheaf.http.Roles;
import dev.sheaf.http.WrittenPosition;
import dev.sheaf.limits.RequestMemory;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.sql.SQLException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestHeader;
import org.jspecify.annotations.Nullable;

/// Searches of several collections over HTTP.
@Path("/search")
@Tag(name = "Search")
@RolesAllowed(Roles.READER)
@RunOnVirtualThread
class FederatedSearchResource {

  private final FederatedSearch searches;
  private final Callers callers;
  private final RequestMemory memory;

  FederatedSearchResource(FederatedSearch searches, Callers callers, RequestMemory memory) {
    this.searches = searches;
    this.callers = callers;
    this.memory = memory;
  }

  @POST
  @Operation(
      operationId = "searchCollections",
      summary = "Search several collections",
      description =
          "The hits are in one order, as if all documents were in one collection, and each has the name of its collection.")
  @APIResponse(responseCode = "200", description = "The hits, best first")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  @APIResponse(responseCode = "504", description = "The search took too long")
  public SearchResponse search(
      @Parameter(description = WrittenPosition.DESCRIPTION) @RestHeader(WrittenPosition.AFTER)
          @Nullable String after,
      @Nullable FederatedSearchRequest request)
      throws SQLException {
    FederatedSearchRequest search = Input.required("collections", request);
    Caller caller = callers.ofRequest();
    for (String collection : search.collections()) {
      if (!caller.sees(collection)) {
        throw CollectionService.notFound(collection);
      }
    }
    return searches.search(
        search.collections().getFirst(), search, WrittenPosition.parse(after), memory.ofRequest());
  }
}
