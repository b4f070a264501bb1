package dev.sheaf.document;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.List;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What a client says of a document: its text, or its chunks.
///
/// @param text to be split; of given chunks, their texts one below the other
/// @param chunks `null` when the service splits the text
/// @param embedded what its model made of this document elsewhere, from an export
@Schema(
    name = "DocumentContent",
    examples =
        """
        {"title": "Tidal locking", "text": "The Moon keeps one face to the Earth.",
         "metadata": {"field": "astronomy", "year": 2019}}
        """)
public record DocumentContent(
    @Schema(nullable = true, examples = "The Moon keeps one face to the Earth.") String text,
    @Schema(examples = "Tides") @Nullable String title,
    @Nullable String uri,
    @Schema(
            type = SchemaType.OBJECT,
            implementation = Object.class,
            nullable = true,
            additionalProperties = Schema.True.class,
            examples = "{\"field\": \"astronomy\", \"year\": 1998}")
        JsonNode metadata,
    @Schema(minItems = 1) @Nullable List<ClientChunk> chunks,
    @Nullable ExportedEmbeddings embedded) {

  static final int MAX_TITLE_BYTES = 4_000;
  static final int MAX_URI_BYTES = 8_000;

  public DocumentContent(
      @Nullable String text,
      @Nullable String title,
      @Nullable String uri,
      @Nullable JsonNode metadata,
      @Nullable List<ClientChunk> chunks,
      @Nullable ExportedEmbeddings embedded) {
    if (chunks != null) {
      if (text != null) {
        throw Problem.field("chunks", "give either text or chunks");
      }
      if (chunks.isEmpty() || chunks.contains(null)) {
        throw Problem.field("chunks", "chunks must hold at least one chunk, and no null");
      }
      chunks = List.copyOf(chunks);
      text = chunks.stream().map(ClientChunk::text).collect(Collectors.joining("\n"));
    }
    this.chunks = chunks;
    this.text = Input.required("text", text);
    if (this.text.isBlank()) {
      throw Problem.field("text", "text is empty; a document needs something to search for");
    }
    Input.storable("text", this.text);
    Input.text("title", title, MAX_TITLE_BYTES);
    this.title = title;
    Input.text("uri", uri, MAX_URI_BYTES);
    this.uri = uri;
    this.metadata = object(metadata);
    this.embedded = embedded;
  }

  private static JsonNode object(@Nullable JsonNode metadata) {
    if (metadata == null || metadata.isNull()) {
      return JsonNodeFactory.instance.objectNode();
    }
    if (!(metadata instanceof ObjectNode)) {
      throw Problem.field("metadata", "metadata must be an object");
    }
    Input.json("metadata", metadata);
    return metadata;
  }
}
