package dev.sheaf.collection;

import dev.sheaf.http.Caller;
import dev.sheaf.http.Callers;
import dev.sheaf.http.Input;
import dev.sheaf.http.Preconditions;
import dev.sheaf.http.Roles;
import dev.sheaf.http.Writes;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.headers.Header;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.ResponseStatus;
import org.jboss.resteasy.reactive.RestHeader;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

/// Collections over HTTP.
@Path("/collections")
@Tag(name = "Collections")
@RolesAllowed(Roles.READER)
@RunOnVirtualThread
class CollectionResource {

  private static final int MAX_PAGE = 1_000;

  private final CollectionService collections;
  private final Callers callers;

  CollectionResource(CollectionService collections, Callers callers) {
    this.collections = collections;
    this.callers = callers;
  }

  @POST
  @Writes
  @RolesAllowed(Roles.ADMIN)
  @Operation(operationId = "createCollection", summary = "Create a collection")
  @APIResponse(
      responseCode = "201",
      description = "Created. The Location header contains its URL.",
      headers = @Header(ref = "ETag"),
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(implementation = CollectionView.class)))
  @APIResponse(
      responseCode = "409",
      description = "The name is taken, or the database server cannot hold another collection")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public RestResponse<CollectionView> create(
      @Nullable CreateCollection request, @Context UriInfo uri) {
    CreateCollection checked = Input.required("name", request);
    Caller caller = callers.ofRequest();
    if (!caller.sees(checked.name())) {
      // The answer does not reveal whether a collection of this name exists.
      throw new Problem(
          ProblemType.FORBIDDEN,
          "The caller is limited to certain collections, and this is not one of them.");
    }
    CollectionView created = collections.create(checked);
    return RestResponse.ResponseBuilder.<CollectionView>created(
            uri.getAbsolutePathBuilder().path(created.name()).build())
        .header(HttpHeaders.ETAG, created.etag())
        .entity(created)
        .build();
  }

  @GET
  @Operation(operationId = "listCollections", summary = "List the collections")
  @APIResponse(
      responseCode = "200",
      description = "A page of the collections that the caller may use, by name")
  public CollectionList list(
      @Parameter(
              description = "The maximum number of collections on the page",
              schema =
                  @Schema(
                      type = SchemaType.INTEGER,
                      minimum = "1",
                      maximum = "1000",
                      defaultValue = "1000"))
          @RestQuery
          @Nullable String limit,
      @Parameter(description = "The `next` of the previous page") @RestQuery
          @Nullable String after) {
    if (after != null && !CreateCollection.isName(after)) {
      throw Problem.parameter("after", "after must be the unchanged `next` of an earlier page.");
    }
    int size = Input.pageSize(limit, MAX_PAGE, MAX_PAGE);
    List<CollectionView> page = collections.list(callers.ofRequest().collections(), size, after);
    return new CollectionList(page, page.size() < size ? null : page.getLast().name());
  }

  @GET
  @Path("/{collection}")
  @Operation(operationId = "describeCollection", summary = "Describe a collection")
  @APIResponse(
      responseCode = "200",
      description =
          "The collection, with its numbers of documents and chunks. Numbers of more than 1000 are estimates, and countsEstimated says so. The ETag does not depend on these numbers.",
      headers = @Header(ref = "ETag"))
  @APIResponse(responseCode = "404", description = "No such collection")
  public RestResponse<CollectionView> describe(
      @RestPath String collection,
      @Parameter(
              description =
                  "true counts all documents and chunks, which takes long for a large collection",
              schema = @Schema(type = SchemaType.BOOLEAN))
          @RestQuery
          @Nullable String count) {
    return withTag(collections.describe(collection, Input.flag("count", count)));
  }

  private static RestResponse<CollectionView> withTag(CollectionView collection) {
    return RestResponse.ResponseBuilder.ok(collection)
        .header(HttpHeaders.ETAG, collection.etag())
        .build();
  }

  @PATCH
  @Writes
  @RolesAllowed(Roles.ADMIN)
  @Path("/{collection}")
  @Operation(
      operationId = "updateCollection",
      summary = "Change a collection",
      description =
          "Changes description, precision, hnsw, analyzer, language, synonyms, bm25, recall and fields. Reads and writes continue; indexes are built and replaced in the background. Searches use the new settings within seconds.")
  @APIResponse(
      responseCode = "200",
      description = "The collection after the change",
      headers = @Header(ref = "ETag"))
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "412", description = "The collection was changed")
  @APIResponse(responseCode = "422", description = "A field is not valid, or cannot be changed")
  public RestResponse<CollectionView> update(
      @RestPath String collection,
      @Parameter(description = Preconditions.IF_MATCH) @RestHeader("If-Match")
          @Nullable String ifMatch,
      @Parameter(description = Preconditions.IF_NONE_MATCH) @RestHeader("If-None-Match")
          @Nullable String ifNoneMatch,
      @Nullable UpdateCollection request) {
    return withTag(
        collections.update(
            collection,
            Input.required("description", request),
            Preconditions.of(ifMatch, ifNoneMatch)));
  }

  @DELETE
  @Writes
  @RolesAllowed(Roles.ADMIN)
  @Path("/{collection}")
  @ResponseStatus(204)
  @Operation(
      operationId = "dropCollection",
      summary = "Drop a collection and everything in it",
      description =
          "The name is free at once. The space on disk is freed in the background, as soon as nobody uses the tables, such as a backup.")
  @APIResponse(responseCode = "204", description = "Dropped")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "409", description = "Others write to the collection all the time")
  @APIResponse(responseCode = "412", description = "The collection was changed")
  public void drop(
      @RestPath String collection,
      @Parameter(description = Preconditions.IF_MATCH) @RestHeader("If-Match")
          @Nullable String ifMatch,
      @Parameter(description = Preconditions.IF_NONE_MATCH) @RestHeader("If-None-Match")
          @Nullable String ifNoneMatch) {
    collections.drop(collection, Preconditions.of(ifMatch, ifNoneMatch));
  }

  /// A page of collections, by name.
  ///
  /// @param next the value of `after` for the next page; `null` if this page is the last
  @Schema(name = "CollectionList")
  record CollectionList(List<CollectionView> collections, @Nullable String next) {}
}
