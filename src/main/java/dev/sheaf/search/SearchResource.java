package dev.sheaf.search;

import dev.sheaf.api.Input;
import dev.sheaf.api.Roles;
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

/// Searches over HTTP.
@Path("/collections/{collection}/search")
@Tag(name = "Search")
@RolesAllowed(Roles.READER)
@RunOnVirtualThread
class SearchResource {

  private final Searches searches;

  SearchResource(Searches searches) {
    this.searches = searches;
  }

  @POST
  @Operation(summary = "Find the nearest chunks")
  @APIResponse(responseCode = "200", description = "The hits, best first")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public SearchResponse search(@RestPath String collection, @Nullable SearchRequest request)
      throws SQLException {
    return searches.search(collection, Input.required("text", request));
  }
}
