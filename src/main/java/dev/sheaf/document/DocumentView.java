package dev.sheaf.document;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A document in responses.
///
/// @param text the whole text; absent in lists
/// @param chunks the number of chunks; absent in lists
/// @param etag the entity tag, in the header `ETag`; `null` in lists
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Document")
public record DocumentView(
    String id,
    @Nullable String title,
    @Nullable String uri,
    @JsonRawValue @Schema(type = SchemaType.OBJECT, additionalProperties = Schema.True.class)
        String metadata,
    @Nullable String text,
    @Nullable Integer chunks,
    Instant createdAt,
    Instant updatedAt,
    @JsonIgnore @Schema(hidden = true) @Nullable String etag) {

  DocumentView withMetadata(String other) {
    return new DocumentView(id, title, uri, other, text, chunks, createdAt, updatedAt, etag);
  }

  DocumentView withText(String whole, int count) {
    return new DocumentView(id, title, uri, metadata, whole, count, createdAt, updatedAt, etag);
  }
}
