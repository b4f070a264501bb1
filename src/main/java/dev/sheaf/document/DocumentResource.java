package dev.sheaf.document;

import dev.sheaf.api.Input;
import dev.sheaf.api.Problem;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

/// Documents over HTTP.
@Path("/collections/{collection}/documents")
@Tag(name = "Documents")
@RunOnVirtualThread
class DocumentResource {

  private static final int DEFAULT_PAGE = 50;
  private static final int MAX_PAGE = 1_000;

  private final Documents documents;

  DocumentResource(Documents documents) {
    this.documents = documents;
  }

  @PUT
  @Path("/{id}")
  @Operation(
      summary = "Store a document",
      description =
          "The id is the client's own: any characters, percent-encoded, up to 512 bytes, but not . or .., which no URL can carry.")
  @APIResponse(responseCode = "200", description = "Updated, or unchanged")
  @APIResponse(responseCode = "201", description = "Created")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "413", description = "The body is too large")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public RestResponse<PutResult> put(
      @RestPath String collection, @RestPath String id, @Nullable DocumentContent content) {
    PutResult result = documents.put(collection, id, Input.required("text", content));
    return switch (result.status()) {
      case CREATED -> RestResponse.status(RestResponse.Status.CREATED, result);
      case UPDATED, UNCHANGED -> RestResponse.ok(result);
    };
  }

  @GET
  @Path("/{id}")
  @Operation(summary = "Read a document")
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  public DocumentView get(@RestPath String collection, @RestPath String id) {
    return documents.get(collection, id);
  }

  @DELETE
  @Path("/{id}")
  @ResponseStatus(204)
  @Operation(summary = "Delete a document")
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  public void delete(@RestPath String collection, @RestPath String id) {
    documents.delete(collection, id);
  }

  @GET
  @Operation(summary = "List documents")
  public DocumentPage list(
      @RestPath String collection,
      @Parameter(description = "1 to 1000") @RestQuery @Nullable String limit,
      @Parameter(description = "The `next` of the page before") @RestQuery @Nullable String after) {
    return documents.list(collection, pageSize(limit), after);
  }

  private static int pageSize(@Nullable String limit) {
    if (limit == null) {
      return DEFAULT_PAGE;
    }
    try {
      int size = Integer.parseInt(limit);
      if (size >= 1 && size <= MAX_PAGE) {
        return size;
      }
    } catch (NumberFormatException e) {
      // Falls through to the same answer as a number out of range.
    }
    throw Problem.parameter(
        "limit", "limit must be a whole number from 1 to " + MAX_PAGE + ", not " + limit);
  }
}
