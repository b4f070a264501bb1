package dev.sheaf.document;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// Some documents of a list.
///
/// @param count how many there are on all pages, where that was asked for
/// @param next what to ask for `after` to go on, null when this page is the last
@Schema(name = "DocumentPage")
public record DocumentPage(
    List<DocumentView> documents,
    @Nullable String next,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Long count) {}
