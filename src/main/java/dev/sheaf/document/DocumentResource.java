package dev.sheaf.document;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.filter.Filter;
import dev.sheaf.http.Input;
import dev.sheaf.http.Roles;
import dev.sheaf.problem.Problem;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.sql.SQLException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
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
@RolesAllowed(Roles.READER)
@RunOnVirtualThread
class DocumentResource {

  private static final String NDJSON = "application/x-ndjson";

  private static final int DEFAULT_PAGE = 50;
  private static final int MAX_PAGE = 1_000;

  private static final String FILTER = "A filter, as in searches, percent-encoded";
  private static final String FILTER_EXAMPLE = "{\"year\": {\"$lt\": 1950}}";

  private final DocumentService documents;
  private final DocumentExport export;
  private final ObjectMapper json;

  DocumentResource(DocumentService documents, DocumentExport export, ObjectMapper json) {
    this.documents = documents;
    this.export = export;
    this.json = json;
  }

  @PUT
  @RolesAllowed(Roles.WRITER)
  @Path("/{id}")
  @Operation(
      operationId = "putDocument",
      summary = "Store a document",
      description =
          "The id is the client's own: any characters, percent-encoded, up to 512 bytes, but not . or .., which no URL can carry.")
  @APIResponse(responseCode = "200", description = "Updated, or unchanged")
  @APIResponse(
      responseCode = "201",
      description = "Created",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(implementation = PutResult.class)))
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "413", description = "The body is too large")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public RestResponse<PutResult> put(
      @RestPath String collection,
      @Parameter(example = "moon/tides") @RestPath String id,
      @Nullable DocumentContent content) {
    PutResult result = documents.put(collection, id, Input.required("text", content));
    return switch (result.status()) {
      case CREATED -> RestResponse.status(RestResponse.Status.CREATED, result);
      case UPDATED, UNCHANGED -> RestResponse.ok(result);
    };
  }

  @GET
  @Path("/{id}")
  @Operation(operationId = "getDocument", summary = "Read a document")
  @APIResponse(responseCode = "200", description = "The document, to the letter")
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  public DocumentView get(
      @RestPath String collection, @Parameter(example = "moon/tides") @RestPath String id) {
    return documents.get(collection, id);
  }

  @DELETE
  @RolesAllowed(Roles.WRITER)
  @Path("/{id}")
  @ResponseStatus(204)
  @Operation(operationId = "deleteDocument", summary = "Delete a document")
  @APIResponse(responseCode = "204", description = "Deleted")
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  public void delete(
      @RestPath String collection, @Parameter(example = "moon/tides") @RestPath String id) {
    documents.delete(collection, id);
  }

  @PATCH
  @RolesAllowed(Roles.WRITER)
  @Path("/{id}")
  @Operation(
      operationId = "updateDocument",
      summary = "Change title, uri or metadata",
      description =
          "A JSON merge patch (RFC 7396): what is absent stays, null removes. Nothing is embedded again.")
  @APIResponse(responseCode = "200", description = "The document as it is now, without its text")
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public DocumentView update(
      @RestPath String collection,
      @Parameter(example = "moon/tides") @RestPath String id,
      @Nullable UpdateDocument patch) {
    return documents.update(collection, id, Input.required("metadata", patch));
  }

  @GET
  @Path("/{id}/chunks")
  @Operation(operationId = "listChunks", summary = "Read the chunks of a document")
  @APIResponse(responseCode = "200", description = "All of them, in order")
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  public ChunkView.ChunkList chunks(
      @RestPath String collection, @Parameter(example = "moon/tides") @RestPath String id) {
    return new ChunkView.ChunkList(documents.chunks(collection, id));
  }

  @GET
  @Produces({MediaType.APPLICATION_JSON, NDJSON})
  @Operation(
      operationId = "listDocuments",
      summary = "List documents, or read all of them",
      description =
          "As application/json a page of them, without their texts. As application/x-ndjson all of them, one per line, in the order of their ids, as of one moment: what an upload takes, and what makes the same documents again.")
  @APIResponse(
      responseCode = "200",
      description = "A page, or every document",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(implementation = DocumentPage.class)),
        @Content(mediaType = NDJSON, schema = @Schema(type = SchemaType.STRING))
      })
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "422", description = "The filter is not valid")
  public Response list(
      @RestPath String collection,
      @Parameter(description = FILTER, example = FILTER_EXAMPLE) @RestQuery @Nullable String filter,
      @Parameter(
              description = "How many the page holds at most",
              schema =
                  @Schema(
                      type = SchemaType.INTEGER,
                      minimum = "1",
                      maximum = "1000",
                      defaultValue = "50"))
          @RestQuery
          @Nullable String limit,
      @Parameter(description = "The `next` of the page before") @RestQuery @Nullable String after,
      @Parameter(description = "true adds how many there are") @RestQuery boolean count,
      @Parameter(
              description =
                  "Of all documents: true adds the vectors that the collection's model made")
          @RestQuery
          boolean vectors,
      @Context HttpHeaders headers)
      throws SQLException {
    Filter parsed = filter == null ? Filter.EVERYTHING : filter(filter);
    if (isWanted(NDJSON, headers)) {
      StreamingOutput lines = export.lines(collection, parsed, vectors)::writeTo;
      return Response.ok(lines, NDJSON).build();
    }
    return Response.ok(
            documents.list(
                collection, parsed, Input.pageSize(limit, MAX_PAGE, DEFAULT_PAGE), after, count),
            MediaType.APPLICATION_JSON)
        .build();
  }

  /// Whether a client wants this type most of all, and says so.
  private static boolean isWanted(String type, HttpHeaders headers) {
    MediaType most = headers.getAcceptableMediaTypes().getFirst();
    return type.equals(most.getType() + "/" + most.getSubtype());
  }

  @DELETE
  @RolesAllowed(Roles.WRITER)
  @Operation(operationId = "deleteDocuments", summary = "Delete the documents that meet a filter")
  @APIResponse(responseCode = "200", description = "How many there were")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "422", description = "The filter is not valid")
  public Deleted deleteAll(
      @RestPath String collection,
      @Parameter(description = FILTER, required = true, example = FILTER_EXAMPLE) @RestQuery
          @Nullable String filter)
      throws SQLException {
    if (filter == null) {
      throw Problem.parameter("filter", "filter is missing; filter={} deletes every document");
    }
    return new Deleted(documents.delete(collection, filter(filter)));
  }

  /// What became of a deletion.
  ///
  /// @param deleted how many documents there were
  @Schema(name = "DeletedDocuments")
  record Deleted(long deleted) {}

  private Filter filter(String text) {
    try {
      return Filter.parse("filter", json.readTree(text));
    } catch (JsonProcessingException e) {
      throw Problem.parameter("filter", "filter must be JSON, percent-encoded");
    }
  }
}
