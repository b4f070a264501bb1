package dev.sheaf.search;

import dev.sheaf.embedding.Space;
import dev.sheaf.filter.FilterSql;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A fully resolved search request.
///
/// @param vector `float[space.dimensions()]`, finite; `null` in a full-text search
/// @param predicate condition on documents; `null` for all
/// @param excluded ids of documents that must not be hits
/// @param language the collection's text search configuration
/// @param words the words of the text; none if the search does not need them
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Query(
    SearchRequest request,
    Space space,
    float @Nullable [] vector,
    @Nullable FilterSql predicate,
    List<UUID> excluded,
    String language,
    SearchWords words) {

  /// A search for vectors alone.
  public Query(
      SearchRequest request,
      Space space,
      float @Nullable [] vector,
      @Nullable FilterSql predicate,
      @Nullable UUID excluded,
      String language) {
    this(
        request,
        space,
        vector,
        predicate,
        excluded == null ? List.of() : List.of(excluded),
        language,
        SearchWords.NONE);
  }

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
      case HYBRID -> wanted(request.hybrid().depth());
      case VECTOR -> grouped() ? Math.min(SearchRequest.MAX_LIMIT, 4 * depth()) : depth();
      case FULLTEXT -> depth();
    };
  }

  /// Number of chunks of a list of a hybrid search that an index search must find: one more than
  /// are merged, so that the answer can say whether there are more. It is the same for all pages,
  /// so that they are pages of one list.
  static int wanted(int depthOfList) {
    return Math.min(SearchRequest.MAX_LIMIT, depthOfList + 1);
  }
}
