package dev.sheaf.search;

import dev.sheaf.embedding.Space;
import dev.sheaf.filter.FilterSql;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A fully resolved search request.
///
/// @param vector `float[space.dimensions()]`, finite; `null` in a full-text search
/// @param predicate condition on documents; `null` for all
/// @param excluded id of a document that must not be a hit
/// @param language the collection's text search configuration
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Query(
    SearchRequest request,
    Space space,
    float @Nullable [] vector,
    @Nullable FilterSql predicate,
    @Nullable UUID excluded,
    String language) {

  int limit() {
    return request.limit();
  }

  int offset() {
    return request.offset();
  }

  /// Number of hits, or of documents if grouped, including those skipped by the offset.
  int depth() {
    return limit() + offset();
  }

  boolean grouped() {
    return request.groupBy() != null;
  }

  /// Number of chunks that an index search must find. With grouping, several chunks of a document
  /// count as one, so it must find more.
  int wanted() {
    return switch (request.mode()) {
      case HYBRID -> Math.max(request.hybrid().depth(), depth());
      case VECTOR -> grouped() ? Math.min(SearchRequest.MAX_LIMIT, 4 * depth()) : depth();
      case FULLTEXT -> depth();
    };
  }
}
