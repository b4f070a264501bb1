package dev.sheaf.testing;

import java.sql.SQLException;

/// Finds incomplete documents, which no fault may leave behind.
public final class HalfDocuments {

  private static final String SQL =
      """
      SELECT (SELECT count(*) FROM chunk c
               WHERE NOT EXISTS (SELECT FROM document d
                                  WHERE d.collection_id = c.collection_id AND d.id = c.document_id))
           + (SELECT count(*) FROM chunk c
               WHERE NOT EXISTS (SELECT FROM embedding e
                                  WHERE e.document_id = c.document_id AND e.ordinal = c.ordinal))
           + (SELECT count(*) FROM embedding e
               WHERE NOT EXISTS (SELECT FROM chunk c
                                  WHERE c.document_id = e.document_id AND c.ordinal = e.ordinal))
           + (SELECT count(*) FROM document d
               WHERE (SELECT count(*) FROM chunk c WHERE c.document_id = d.id)
                  IS DISTINCT FROM
                     (SELECT max(ordinal) + 1 FROM chunk c WHERE c.document_id = d.id))
      """;

  private HalfDocuments() {}

  /// Chunks without their document or without their embedding, embeddings without their chunk,
  /// documents without a chunk, and gaps in the numbering of chunks.
  public static long count(TestDatabase database) throws SQLException {
    return Long.parseLong(database.query(SQL).getFirst());
  }
}
