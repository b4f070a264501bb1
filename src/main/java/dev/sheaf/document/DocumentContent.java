package dev.sheaf.document;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.List;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A document that a client sends: its text or its chunks, with title, uri and metadata.
///
/// @param text the text to split; if the client sent chunks, their texts joined by line feeds
/// @param chunks `null` if the service splits the text
/// @param embedded vectors from an export, so that the document need not be embedded again
/// @param ifSimilar what to do if a similar document exists; not in uploads
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
        DocumentMetadata metadata,
    @Schema(minItems = 1) @Nullable List<ClientChunk> chunks,
    @Nullable ExportedEmbeddings embedded,
    @Nullable IfSimilar ifSimilar) {

  static final int MAX_TITLE_BYTES = 4_000;
  static final int MAX_URI_BYTES = 8_000;
  static final int MAX_CHUNKS = 10_000;

  public DocumentContent(
      @Nullable String text,
      @Nullable String title,
      @Nullable String uri,
      @Nullable DocumentMetadata metadata,
      @Nullable List<ClientChunk> chunks,
      @Nullable ExportedEmbeddings embedded,
      @Nullable IfSimilar ifSimilar) {
    if (chunks != null) {
      if (text != null) {
        throw Problem.field("chunks", "Give either text or chunks, not both.");
      }
      if (chunks.isEmpty() || chunks.contains(null)) {
        throw Problem.field("chunks", "chunks must contain at least one chunk, and no null.");
      }
      if (chunks.size() > MAX_CHUNKS) {
        throw Problem.field(
            "chunks",
            "chunks has %s elements. It may have at most %s.".formatted(chunks.size(), MAX_CHUNKS));
      }
      chunks = List.copyOf(chunks);
      text = chunks.stream().map(ClientChunk::text).collect(Collectors.joining("\n"));
    }
    this.chunks = chunks;
    this.text = Input.required("text", text);
    if (this.text.isBlank()) {
      throw Problem.field("text", "text must not be empty.");
    }
    Input.storable("text", this.text);
    Input.text("title", title, MAX_TITLE_BYTES);
    this.title = title;
    Input.text("uri", uri, MAX_URI_BYTES);
    this.uri = uri;
    this.metadata = metadata == null ? DocumentMetadata.EMPTY : metadata;
    this.embedded = embedded;
    this.ifSimilar = ifSimilar;
  }
}
