package dev.sheaf.ingestion;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.sheaf.document.ClientChunk;
import dev.sheaf.document.DocumentContent;
import dev.sheaf.document.DocumentMetadata;
import dev.sheaf.document.ExportedEmbeddings;
import dev.sheaf.http.Input;
import java.io.IOException;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// One line of an upload: a document with its id.
@Schema(name = "DocumentLine")
record DocumentLine(
    String id,
    @Nullable String text,
    @Nullable String title,
    @Nullable String uri,
    @Schema(
            type = SchemaType.OBJECT,
            implementation = Object.class,
            additionalProperties = Schema.True.class)
        @Nullable DocumentMetadata metadata,
    @Nullable List<ClientChunk> chunks,
    @Nullable ExportedEmbeddings embedded) {

  DocumentLine(
      @Nullable String id,
      @Nullable String text,
      @Nullable String title,
      @Nullable String uri,
      @Nullable DocumentMetadata metadata,
      @Nullable List<ClientChunk> chunks,
      @Nullable ExportedEmbeddings embedded) {
    this.id = Input.required("id", id);
    this.text = text;
    this.title = title;
    this.uri = uri;
    this.metadata = metadata;
    this.chunks = chunks;
    this.embedded = embedded;
  }

  /// @throws dev.sheaf.problem.Problem if the document is not valid
  DocumentContent content() {
    return new DocumentContent(text, title, uri, metadata, chunks, embedded, null);
  }

  /// Whether a model must embed any of its text, which takes longer than everything else.
  boolean needsModel() {
    return embedded == null
        && (chunks == null || chunks.stream().anyMatch(chunk -> chunk.vector() == null));
  }

  static ObjectReader reader(ObjectMapper json) {
    return json.readerFor(DocumentLine.class);
  }

  /// The id in a line that is not valid; `null` if it cannot be read.
  static @Nullable String idOf(ObjectReader reader, byte[] line) {
    try (JsonParser parser = reader.createParser(line)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean isId = parser.currentName().equals("id");
        JsonToken value = parser.nextToken();
        if (isId) {
          return value == JsonToken.VALUE_STRING ? parser.getText() : null;
        }
        parser.skipChildren();
      }
      return null;
    } catch (IOException malformed) {
      // The problem of the line already reports it.
      return null;
    }
  }
}
