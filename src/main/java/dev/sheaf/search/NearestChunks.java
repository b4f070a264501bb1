package dev.sheaf.search;

import java.util.List;

/// The parts of a search that find the nearest chunks.
final class NearestChunks extends StatementPart {

  NearestChunks(SearchShape shape, List<Placeholder> placeholders) {
    super(shape, placeholders);
  }

  /// An SQL query for the nearest chunks.
  String ranked() {
    return switch (shape.plan()) {
      case SearchPlan.ExactScan exact ->
          """
          SELECT e.document_id, e.ordinal, %s AS key
            FROM %s e%s
          %s
          %s\
          """
              .formatted(
                  distance(),
                  space.embeddingTable(),
                  shape.filter() == null ? "" : documentJoin("e"),
                  where(filterCondition(), exclusionCondition()),
                  exact.isBounded() ? " LIMIT " + (exact.bound() + 1) : "");
      case SearchPlan.IndexScan index ->
          """
          SELECT e.document_id, e.ordinal, %s AS key
            FROM %s e%s
          %s
           ORDER BY (%s) %s %s
           LIMIT %s\
          """
              .formatted(
                  distance(),
                  space.embeddingTable(),
                  filterOfCandidates(),
                  where(exclusionCondition(), null),
                  space.precision().element("e.vector", space.dimensions()),
                  space.precision().operator(space.metric()),
                  "(SELECT "
                      + space.precision().element(vectorParameter(), space.dimensions())
                      + ")",
                  index.candidates());
      case SearchPlan.Merge _ -> ranked(Placeholder.NEAREST);
      case SearchPlan.FulltextScan _ ->
          throw new IllegalStateException("a full-text scan has no vectors");
    };
  }

  /// The document of each candidate is looked up through `document_pkey`. `OFFSET 0` enforces this:
  /// without it, the planner may underestimate the matching documents, and join all of them with
  /// every candidate.
  private String filterOfCandidates() {
    if (shape.filter() == null) {
      return "";
    }
    placeholder(Placeholder.FILTER);
    return """

    CROSS JOIN LATERAL (
          SELECT FROM %s d
           WHERE d.collection_id = %s AND d.id = e.document_id AND %s
          OFFSET 0) d\
    """
        .formatted(space.documentTable(), space.collectionId(), shape.filter());
  }

  /// An SQL query for all chunks of some documents, with the distances of their vectors.
  String ofDocuments() {
    return """
    SELECT e.document_id, e.ordinal, %s AS key
      FROM %s e
     WHERE e.document_id = ANY (%s::uuid[])\
    """
        .formatted(distance(), space.embeddingTable(), placeholder(Placeholder.DOCUMENTS));
  }

  /// An SQL query for the number of vectors that an exact scan compares.
  String count() {
    return "SELECT count(*)\n  FROM %s e%s\n%s"
        .formatted(
            space.embeddingTable(),
            shape.filter() == null ? "" : documentJoin("e"),
            where(filterCondition(), exclusionCondition()));
  }

  /// The best chunks of each document. The index may have missed some of them, so a vector search
  /// reads all chunks of the document through the primary key of the embeddings.
  String ofGroup() {
    return shape.mode() == Mode.VECTOR && !shape.isMerge()
        ? """
        SELECT e.ordinal, (%s) + 0 AS key
                FROM %s e
               WHERE e.document_id = g.document_id\
        """
            .formatted(distance(), space.embeddingTable())
        : """
        SELECT r.ordinal, r.key
                FROM ranked r
               WHERE r.document_id = g.document_id\
        """;
  }
}
