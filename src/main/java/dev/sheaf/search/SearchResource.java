package dev.sheaf.search;

import dev.sheaf.http.Input;
import dev.sheaf.http.Roles;
import dev.sheaf.http.WrittenPosition;
import dev.sheaf.limits.RequestMemory;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestHeader;
import org.jboss.resteasy.reactive.RestPath;
import org.jspecify.annotations.Nullable;

/// Searches over HTTP.
@Path("/collections/{collection}/search")
@Tag(name = "Search")
@RolesAllowed(Roles.READER)
@RunOnVirtualThread
class SearchResource {

  private final SearchService searches;
  private final RequestMemory memory;

  SearchResource(SearchService searches, RequestMemory memory) {
    this.searches = searches;
    this.memory = memory;
  }

  @POST
  @Operation(operationId = "search", summary = "Search a collection")
  @RequestBody(
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(implementation = SearchRequest.class),
              examples = {
                @ExampleObject(
                    name = "meaning",
                    summary = "Search by meaning, with a filter",
                    value =
                        """
                        {"text": "why do we always see the same side of the moon", "limit": 3,
                         "filter": {"year": {"$gte": 2000}}}
                        """),
                @ExampleObject(
                    name = "both",
                    summary = "Search by meaning and by words, with highlighted words",
                    value =
                        """
                        {"text": "spring tides", "mode": "hybrid", "hybrid": {"vector": 1, "fulltext": 2},
                         "highlight": true}
                        """),
                @ExampleObject(
                    name = "like",
                    summary = "Find similar documents, with one hit for each",
                    value =
                        """
                        {"like": {"document": "moon/tides"}, "groupBy": "document", "select": ["title"]}
                        """)
              }))
  @APIResponse(responseCode = "200", description = "The hits, best first")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  @APIResponse(responseCode = "504", description = "The search took too long")
  public SearchResponse search(
      @RestPath String collection,
      @Parameter(description = WrittenPosition.DESCRIPTION) @RestHeader(WrittenPosition.AFTER)
          @Nullable String after,
      @Nullable SearchRequest request)
      throws SQLException {
    return searches.search(
        collection,
        Input.required("text", request),
        WrittenPosition.parse(after),
        memory.ofRequest());
  }
}
