package dev.sheaf.document;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.media.SchemaProperty;
import org.jspecify.annotations.Nullable;

/// A JSON merge patch (RFC 7396) of a document's title, uri and metadata. Absent fields are not
/// changed; `null` removes a field.
@Schema(
    name = "UpdateDocument",
    examples =
        """
        {"title": "Spring tides", "metadata": {"year": 2001, "draft": null}}
        """,
    properties = {
      @SchemaProperty(name = "title", type = SchemaType.STRING, nullable = true),
      @SchemaProperty(name = "uri", type = SchemaType.STRING, nullable = true),
      @SchemaProperty(
          name = "metadata",
          type = SchemaType.OBJECT,
          additionalProperties = Schema.True.class)
    })
record UpdateDocument(@Schema(hidden = true) JsonNode patch) {

  /// @throws Problem if it is not a patch of title, uri and metadata
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  UpdateDocument {
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      switch (field.getKey()) {
        case "title" -> text("title", field.getValue(), DocumentContent.MAX_TITLE_BYTES);
        case "uri" -> text("uri", field.getValue(), DocumentContent.MAX_URI_BYTES);
        case "metadata" -> {
          if (!field.getValue().isObject() && !field.getValue().isNull()) {
            throw Problem.field("metadata", "metadata must be an object or null.");
          }
        }
        default ->
            throw Problem.field(
                field.getKey(),
                field.getKey() + " cannot be changed. The fields are metadata, title and uri.");
      }
    }
    if (!patch.isObject()) {
      throw Problem.field("metadata", "The body must be an object.");
    }
  }

  boolean changesTitle() {
    return patch.has("title");
  }

  private static void text(String field, JsonNode value, int maxBytes) {
    if (!value.isNull() && !value.isTextual()) {
      throw Problem.field(field, field + " must be a string or null.");
    }
    Input.text(field, value.textValue(), maxBytes);
  }

  @Nullable String title(@Nullable String old) {
    return patch.has("title") ? patch.get("title").textValue() : old;
  }

  @Nullable String uri(@Nullable String old) {
    return patch.has("uri") ? patch.get("uri").textValue() : old;
  }

  boolean changesMetadata() {
    return patch.has("metadata");
  }

  /// The metadata after the change. It is not nested more deeply than `old` or the patch.
  JsonNode metadata(JsonNode old) {
    JsonNode change = patch.path("metadata");
    return change.isNull() ? JsonNodeFactory.instance.objectNode() : merge(old, change);
  }

  /// `MergePatch` of RFC 7396, section 2.
  private static JsonNode merge(JsonNode target, JsonNode patch) {
    if (!patch.isObject()) {
      return patch;
    }
    ObjectNode merged =
        target instanceof ObjectNode object
            ? object.deepCopy()
            : JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      if (field.getValue().isNull()) {
        merged.remove(field.getKey());
      } else {
        merged.set(field.getKey(), merge(merged.path(field.getKey()), field.getValue()));
      }
    }
    return merged;
  }
}
