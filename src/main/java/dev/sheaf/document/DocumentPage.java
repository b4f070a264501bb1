package dev.sheaf.document;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A page of documents.
///
/// @param next the value of `after` for the next page; `null` if this page is the last
/// @param count the number of documents on all pages, if the client requested it
@Schema(name = "DocumentPage")
public record DocumentPage(
    List<DocumentView> documents,
    @Nullable String next,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Long count) {}
