package dev.sheaf.document;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// Some documents of a list.
///
/// @param count how many there are on all pages, where that was asked for
/// @param next what to ask for `after` to go on, null when this page is the last
public record DocumentPage(
    List<DocumentView> documents,
    @Schema(nullable = true) @Nullable String next,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Schema(nullable = true) @Nullable Long count) {}
