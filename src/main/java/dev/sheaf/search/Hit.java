package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonRawValue;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A chunk that was found.
///
/// @param document the client's own id of its document
/// @param ordinal the chunk's position in the document, from 0
/// @param score larger is better; see [dev.sheaf.embedding.Metric#score]
/// @param distance smaller is better, in the collection's metric
public record Hit(
    String document,
    @Schema(nullable = true) @Nullable String title,
    int ordinal,
    String text,
    double score,
    double distance,
    @JsonRawValue @Schema(type = SchemaType.OBJECT) String metadata) {}
