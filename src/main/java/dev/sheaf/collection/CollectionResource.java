package dev.sheaf.collection;

import dev.sheaf.api.Input;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

/// Collections over HTTP.
@Path("/collections")
@Tag(name = "Collections")
@RunOnVirtualThread
class CollectionResource {

  private final Collections collections;

  CollectionResource(Collections collections) {
    this.collections = collections;
  }

  @POST
  @Operation(summary = "Create a collection")
  @APIResponse(responseCode = "201", description = "Created; Location says where")
  @APIResponse(responseCode = "409", description = "The name is taken")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public RestResponse<CollectionView> create(
      @Nullable CreateCollection request, @Context UriInfo uri) {
    CollectionView created = collections.create(Input.required("name", request));
    return RestResponse.ResponseBuilder.<CollectionView>created(
            uri.getAbsolutePathBuilder().path(created.name()).build())
        .entity(created)
        .build();
  }

  @GET
  @Operation(summary = "List the collections")
  public CollectionList list() {
    return new CollectionList(collections.list());
  }

  @GET
  @Path("/{collection}")
  @Operation(summary = "Describe a collection")
  @APIResponse(responseCode = "404", description = "No such collection")
  public CollectionView describe(@RestPath String collection) {
    return collections.describe(collection);
  }

  @PATCH
  @Path("/{collection}")
  @Operation(
      summary = "Change a collection",
      description =
          "description, precision, hnsw and fields, while everybody works on; indexes are built, and replaced, in the background. Searches follow within seconds.")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "422", description = "A field is not valid, or cannot change")
  public CollectionView update(@RestPath String collection, @Nullable UpdateCollection request) {
    return collections.update(collection, Input.required("description", request));
  }

  @DELETE
  @Path("/{collection}")
  @ResponseStatus(204)
  @Operation(summary = "Drop a collection and everything in it")
  @APIResponse(responseCode = "404", description = "No such collection")
  public void drop(@RestPath String collection) {
    collections.drop(collection);
  }

  /// All collections, by name.
  record CollectionList(List<CollectionView> collections) {}
}
