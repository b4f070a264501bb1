package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A chunk that was found. What was not selected is absent.
///
/// @param document the client's own id of its document
/// @param ordinal the chunk's position in the document, from 0
/// @param highlight the parts of the text that hold the words asked for, those between `<mark>` and
///   `</mark>`; the rest as it is stored, not escaped
/// @param score larger is better; see [dev.sheaf.embedding.Metric#score], or [Fusion], or
///   `ts_rank_cd`
/// @param distance smaller is better, in the collection's metric; only of a vector search
@SuppressWarnings("ArrayRecordComponent") // never compared
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Hit")
public record Hit(
    String document,
    @Nullable String title,
    @Nullable String uri,
    int ordinal,
    @Nullable String text,
    @Nullable String highlight,
    double score,
    @Nullable Double distance,
    @JsonRawValue @Schema(type = SchemaType.OBJECT, additionalProperties = Schema.True.class)
        @Nullable String metadata,
    float @Nullable [] vector,
    @Nullable Instant createdAt,
    @Nullable Instant updatedAt) {}
