package dev.sheaf.document;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.filter.Filter;
import dev.sheaf.http.Input;
import dev.sheaf.http.PartialResponses;
import dev.sheaf.http.Preconditions;
import dev.sheaf.http.Roles;
import dev.sheaf.http.Writes;
import dev.sheaf.http.WrittenPosition;
import dev.sheaf.limits.RequestMemory;
import dev.sheaf.problem.Problem;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
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
import org.postgresql.replication.LogSequenceNumber;

/// Documents over HTTP.
@Path("/collections/{collection}/documents")
@Tag(name = "Documents")
@RolesAllowed(Roles.READER)
@RunOnVirtualThread
class DocumentResource {

  private static final String NDJSON = "application/x-ndjson";

  private static final int DEFAULT_PAGE = 50;
  private static final int MAX_PAGE = 1_000;

  private static final String FILTER = "A filter, as in searches, in JSON and percent-encoded";
  private static final int MAX_SIMILAR = 100;
  private static final int DEFAULT_SIMILAR = 10;
  private static final String FILTER_EXAMPLE = "{\"year\": {\"$lt\": 1950}}";

  private final DocumentService documents;
  private final DocumentExport export;
  private final ObjectMapper json;
  private final RequestMemory memory;
  private final CurrentVertxRequest request;

  DocumentResource(
      DocumentService documents,
      DocumentExport export,
      ObjectMapper json,
      RequestMemory memory,
      CurrentVertxRequest request) {
    this.documents = documents;
    this.export = export;
    this.json = json;
    this.memory = memory;
    this.request = request;
  }

  @PUT
  @Writes
  @RolesAllowed(Roles.WRITER)
  @Path("/{id}")
  @Operation(
      operationId = "putDocument",
      summary = "Store a document",
      description =
          "The client chooses the id: any characters, percent-encoded, up to 512 bytes, except . and .., because clients remove such a segment from a URL.")
  @APIResponse(
      responseCode = "200",
      description = "Updated, or unchanged",
      headers = @Header(ref = "ETag"))
  @APIResponse(
      responseCode = "201",
      description = "Created",
      headers = @Header(ref = "ETag"),
      content =
          @Content(
              mediaType = MediaType.APPLICATION_JSON,
              schema = @Schema(implementation = PutResult.class)))
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "409", description = "A similar document exists: ifSimilar")
  @APIResponse(responseCode = "412", description = "The state of the document does not allow it")
  @APIResponse(responseCode = "413", description = "The body is too large")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public RestResponse<PutResult> put(
      @RestPath String collection,
      @Parameter(example = "moon/tides") @RestPath String id,
      @Parameter(description = Preconditions.IF_MATCH) @RestHeader("If-Match")
          @Nullable String ifMatch,
      @Parameter(description = Preconditions.IF_NONE_MATCH) @RestHeader("If-None-Match")
          @Nullable String ifNoneMatch,
      @Nullable DocumentContent content) {
    PutResult result =
        documents.put(
            collection,
            id,
            Input.required("text", content),
            Preconditions.of(ifMatch, ifNoneMatch));
    RestResponse.Status status =
        switch (result.status()) {
          case CREATED -> RestResponse.Status.CREATED;
          case UPDATED, UNCHANGED -> RestResponse.Status.OK;
        };
    return RestResponse.ResponseBuilder.create(status, result)
        .header(HttpHeaders.ETAG, result.etag())
        .build();
  }

  @GET
  @Path("/{id}")
  @Operation(operationId = "getDocument", summary = "Read a document")
  @APIResponse(
      responseCode = "200",
      description = "The document with its text, exactly as it was stored",
      headers = @Header(ref = "ETag"))
  @APIResponse(responseCode = "304", description = "The client has the current state")
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  @APIResponse(responseCode = "412", description = "The document was changed")
  public RestResponse<DocumentView> get(
      @RestPath String collection,
      @Parameter(example = "moon/tides") @RestPath String id,
      @Parameter(description = Preconditions.IF_MATCH) @RestHeader("If-Match")
          @Nullable String ifMatch,
      @Parameter(description = Preconditions.IF_NONE_MATCH) @RestHeader("If-None-Match")
          @Nullable String ifNoneMatch) {
    Preconditions conditions = Preconditions.of(ifMatch, ifNoneMatch);
    if (!conditions.isEmpty()) {
      String etag = documents.etag(collection, id);
      conditions.checkMatch(etag);
      if (conditions.isNotModified(etag)) {
        return RestResponse.ResponseBuilder.<DocumentView>notModified()
            .header(HttpHeaders.ETAG, etag)
            .build();
      }
    }
    return withTag(documents.get(collection, id, memory.ofRequest()));
  }

  private static RestResponse<DocumentView> withTag(DocumentView document) {
    return RestResponse.ResponseBuilder.ok(document)
        .header(HttpHeaders.ETAG, document.etag())
        .build();
  }

  @DELETE
  @Writes
  @RolesAllowed(Roles.WRITER)
  @Path("/{id}")
  @ResponseStatus(204)
  @Operation(operationId = "deleteDocument", summary = "Delete a document")
  @APIResponse(responseCode = "204", description = "Deleted")
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  @APIResponse(responseCode = "412", description = "The document was changed")
  public void delete(
      @RestPath String collection,
      @Parameter(example = "moon/tides") @RestPath String id,
      @Parameter(description = Preconditions.IF_MATCH) @RestHeader("If-Match")
          @Nullable String ifMatch,
      @Parameter(description = Preconditions.IF_NONE_MATCH) @RestHeader("If-None-Match")
          @Nullable String ifNoneMatch) {
    documents.delete(collection, id, Preconditions.of(ifMatch, ifNoneMatch));
  }

  @PATCH
  @Writes
  @RolesAllowed(Roles.WRITER)
  @Path("/{id}")
  @Operation(
      operationId = "updateDocument",
      summary = "Change title, uri or metadata",
      description =
          "A JSON merge patch (RFC 7396): absent fields are not changed, null removes a field. The document is not embedded again.")
  @APIResponse(
      responseCode = "200",
      description = "The document after the change, without its text",
      headers = @Header(ref = "ETag"))
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  @APIResponse(responseCode = "412", description = "The document was changed")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public RestResponse<DocumentView> update(
      @RestPath String collection,
      @Parameter(example = "moon/tides") @RestPath String id,
      @Parameter(description = Preconditions.IF_MATCH) @RestHeader("If-Match")
          @Nullable String ifMatch,
      @Parameter(description = Preconditions.IF_NONE_MATCH) @RestHeader("If-None-Match")
          @Nullable String ifNoneMatch,
      @Nullable UpdateDocument patch) {
    return withTag(
        documents.update(
            collection,
            id,
            Input.required("metadata", patch),
            Preconditions.of(ifMatch, ifNoneMatch),
            memory.ofRequest()));
  }

  @GET
  @Path("/{id}/chunks")
  @Operation(operationId = "listChunks", summary = "Read the chunks of a document")
  @APIResponse(responseCode = "200", description = "All chunks, in order")
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  public ChunkView.ChunkList chunks(
      @RestPath String collection, @Parameter(example = "moon/tides") @RestPath String id) {
    return new ChunkView.ChunkList(documents.chunks(collection, id, memory.ofRequest()));
  }

  @GET
  @Path("/{id}/similar")
  @Operation(
      operationId = "listSimilarDocuments",
      summary = "Find similar documents",
      description =
          "The documents with a chunk that is nearest to the mean of the embeddings of this document, the most similar first. A search with like and groupBy finds the same, with more options.")
  @APIResponse(responseCode = "200", description = "The similar documents")
  @APIResponse(responseCode = "404", description = "No such collection, or no such document")
  @APIResponse(responseCode = "422", description = "The filter is not valid")
  public SimilarDocument.SimilarDocuments similar(
      @RestPath String collection,
      @Parameter(example = "moon/tides") @RestPath String id,
      @Parameter(description = FILTER, example = FILTER_EXAMPLE) @RestQuery @Nullable String filter,
      @Parameter(
              description = "The maximum number of documents",
              schema =
                  @Schema(
                      type = SchemaType.INTEGER,
                      minimum = "1",
                      maximum = "100",
                      defaultValue = "10"))
          @RestQuery
          @Nullable String limit) {
    return new SimilarDocument.SimilarDocuments(
        documents.similar(
            collection,
            id,
            filter == null ? Filter.EVERYTHING : filter(filter),
            Input.pageSize(limit, MAX_SIMILAR, DEFAULT_SIMILAR),
            memory.ofRequest()));
  }

  @GET
  @Produces({MediaType.APPLICATION_JSON, NDJSON})
  @Operation(
      operationId = "listDocuments",
      summary = "List or export documents",
      description =
          "As application/json, returns a page of documents without their texts. As application/x-ndjson, exports all documents from one snapshot, one per line, ordered by id. An upload of the export creates the same documents.")
  @APIResponse(
      responseCode = "200",
      description = "A page of documents, or all documents",
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
              description = "The maximum number of documents on the page",
              schema =
                  @Schema(
                      type = SchemaType.INTEGER,
                      minimum = "1",
                      maximum = "1000",
                      defaultValue = "50"))
          @RestQuery
          @Nullable String limit,
      @Parameter(description = "The `next` of the previous page") @RestQuery @Nullable String after,
      @Parameter(
              description = "true adds the number of documents on all pages",
              schema = @Schema(type = SchemaType.BOOLEAN))
          @RestQuery
          @Nullable String count,
      @Parameter(
              description =
                  "For an export: true adds the vectors that the collection's model computed",
              schema = @Schema(type = SchemaType.BOOLEAN))
          @RestQuery
          @Nullable String vectors,
      @Parameter(description = WrittenPosition.DESCRIPTION_OF_READS)
          @RestHeader(WrittenPosition.AFTER)
          @Nullable String written,
      @Context HttpHeaders headers)
      throws SQLException {
    LogSequenceNumber position = WrittenPosition.parse(written);
    Filter parsed = filter == null ? Filter.EVERYTHING : filter(filter);
    boolean counted = Input.flag("count", count);
    boolean embedded = Input.flag("vectors", vectors);
    if (isPreferred(NDJSON, headers)) {
      DocumentExport.ExportedLines lines = export.lines(collection, parsed, embedded, position);
      RoutingContext call = request.getCurrent();
      StreamingOutput output =
          out -> {
            try {
              lines.writeTo(out);
            } catch (Throwable e) {
              PartialResponses.breakOff(call);
              throw e;
            }
          };
      return Response.ok(output, NDJSON).build();
    }
    return Response.ok(
            documents.list(
                collection,
                parsed,
                Input.pageSize(limit, MAX_PAGE, DEFAULT_PAGE),
                after,
                counted,
                position,
                memory.ofRequest()),
            MediaType.APPLICATION_JSON)
        .build();
  }

  /// Whether the client prefers this media type to all others. A wildcard does not count.
  private static boolean isPreferred(String type, HttpHeaders headers) {
    MediaType preferred = headers.getAcceptableMediaTypes().getFirst();
    return type.equals(preferred.getType() + "/" + preferred.getSubtype());
  }

  @DELETE
  @Writes
  @RolesAllowed(Roles.WRITER)
  @Operation(
      operationId = "deleteDocuments",
      summary = "Delete the documents that match a filter",
      description =
          "The documents are deleted in batches. If the request fails or ends early, what is deleted stays deleted, and a repeated request deletes the rest. After sheaf.limits.delete-time, the answer is 503 with the number of documents that are deleted so far.")
  @APIResponse(
      responseCode = "200",
      description = "The number of deleted documents, which are all that matched")
  @APIResponse(responseCode = "404", description = "No such collection")
  @APIResponse(responseCode = "422", description = "The filter is not valid")
  public Deleted deleteAll(
      @RestPath String collection,
      @Parameter(description = FILTER, required = true, example = FILTER_EXAMPLE) @RestQuery
          @Nullable String filter)
      throws SQLException {
    if (filter == null) {
      throw Problem.parameter("filter", "filter is required. filter={} deletes all documents.");
    }
    return new Deleted(documents.delete(collection, filter(filter), memory.ofRequest()));
  }

  /// @param deleted the number of deleted documents
  @Schema(name = "DeletedDocuments")
  record Deleted(long deleted) {}

  private Filter filter(String text) {
    JsonNode tree;
    try {
      tree = json.readTree(text);
    } catch (Problem problem) {
      throw problem.at("filter");
    } catch (JsonProcessingException e) {
      throw Problem.parameter("filter", "filter must be JSON, percent-encoded.");
    }
    return Filter.parse("filter", tree);
  }
}
