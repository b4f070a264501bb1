package dev.sheaf.document;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.api.Input;
import dev.sheaf.api.Problem;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What a client says of a document.
@Schema(name = "DocumentContent")
public record DocumentContent(
    @Schema(required = true, examples = "The Moon keeps one face to the Earth.") String text,
    @Schema(nullable = true) @Nullable String title,
    @Schema(nullable = true) @Nullable String uri,
    @Schema(type = SchemaType.OBJECT, nullable = true) JsonNode metadata) {

  private static final int MAX_TITLE_BYTES = 4_000;
  private static final int MAX_URI_BYTES = 8_000;

  public DocumentContent(
      @Nullable String text,
      @Nullable String title,
      @Nullable String uri,
      @Nullable JsonNode metadata) {
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
