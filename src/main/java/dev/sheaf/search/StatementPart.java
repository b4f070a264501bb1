package dev.sheaf.search;

import dev.sheaf.embedding.Space;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A part of a [SearchText]. Its methods add a placeholder at the moment at which they write it, so
/// the parts are written in their order in the text.
abstract sealed class StatementPart permits NearestChunks, MatchingChunks, FusedChunks, HitRows {

  final SearchShape shape;
  final Space space;
  private final List<Placeholder> placeholders;

  /// @param placeholders of the text, in order, to which this part adds its own
  StatementPart(SearchShape shape, List<Placeholder> placeholders) {
    this.shape = shape;
    this.space = shape.space();
    this.placeholders = placeholders;
  }

  final String placeholder(Placeholder placeholder) {
    placeholders.add(placeholder);
    return "?";
  }

  final String tsquery(Placeholder placeholder) {
    return placeholder(placeholder) + "::tsquery";
  }

  final String number(Placeholder placeholder) {
    return placeholder(placeholder) + "::float8";
  }

  final String vectorParameter() {
    return placeholder(Placeholder.VECTOR);
  }

  /// Chunks that were ranked before.
  final String ranked(Placeholder placeholder) {
    return "SELECT * FROM unnest(%s::uuid[], ?::int[], ?::float8[]) AS r (document_id, ordinal, key)"
        .formatted(placeholder(placeholder));
  }

  /// The distance of an embedding `e` from the vector.
  final String distance() {
    return "e.vector %s %s"
        .formatted(space.metric().operator(), space.storage().comparable(vectorParameter()));
  }

  /// @param row a chunk or an embedding
  final String documentJoin(String row) {
    return "\n      JOIN %s d ON d.collection_id = %s AND d.id = %s.document_id"
        .formatted(space.documentTable(), space.collectionId(), row);
  }

  /// The key of chunks begins with the collection. Without it, a look-up reads the whole index.
  final String documentOfChunk() {
    return documentJoin("c") + " AND c.collection_id = " + space.collectionId();
  }

  final @Nullable String filterCondition() {
    if (shape.filter() != null) {
      placeholder(Placeholder.FILTER);
    }
    return shape.filter();
  }

  final @Nullable String exclusionCondition() {
    if (!shape.excluding()) {
      return null;
    }
    placeholder(Placeholder.EXCLUDED);
    return "e.document_id <> ALL (?::uuid[])";
  }

  static String where(@Nullable String first, @Nullable String second) {
    if (first == null) {
      return second == null ? "" : "WHERE " + second;
    }
    return "WHERE " + first + (second == null ? "" : " AND " + second);
  }
}
