package dev.sheaf.search;

import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Predicate;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A request that everything is known of.
///
/// @param vector `float[space.dimensions()]`, finite; `null` when only words count
/// @param predicate which documents; `null` is all of them
/// @param excluded a document that is no hit
/// @param language the text search configuration of the collection
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Query(
    SearchRequest request,
    Space space,
    float @Nullable [] vector,
    @Nullable Predicate predicate,
    @Nullable UUID excluded,
    String language) {

  int limit() {
    return request.limit();
  }

  int offset() {
    return request.offset();
  }

  /// Hits, or documents, up to the last that is wanted.
  int depth() {
    return limit() + offset();
  }

  boolean grouped() {
    return request.groupBy() != null;
  }

  /// How many chunks an index search has to find so that enough remain. Of a document that is found
  /// first by several chunks, only one counts.
  int wanted() {
    return switch (request.mode()) {
      case HYBRID -> Math.max(request.hybrid().depth(), depth());
      case VECTOR -> grouped() ? Math.min(SearchRequest.MAX_LIMIT, 4 * depth()) : depth();
      case FULLTEXT -> depth();
    };
  }
}
