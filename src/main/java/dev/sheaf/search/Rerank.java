package dev.sheaf.search;

import dev.sheaf.http.Input;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// Has the best hits of a search reranked by a model that reads each together with the query.
///
/// @param limit number of hits that are reranked, or of documents with `groupBy`; `null` for as
///   many as `sheaf.rerank.max-hits` allows
/// @param timeout time in which they are reranked, in milliseconds; `null` for
///   `sheaf.rerank.timeout`
@Schema(name = "Rerank")
public record Rerank(
    @Schema(
            minimum = "1",
            maximum = "1000",
            description = "The hits that are reranked. offset + limit may not go beyond them")
        @Nullable Integer limit,
    @Schema(minimum = "1", maximum = "600000", description = "Milliseconds")
        @Nullable Integer timeout) {

  public Rerank {
    if (limit != null) {
      Input.range("limit", limit, 1, SearchRequest.MAX_LIMIT, 0);
    }
    if (timeout != null) {
      Input.range("timeout", timeout, 1, SearchRequest.MAX_TIMEOUT, 0);
    }
  }
}
