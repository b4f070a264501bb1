package dev.sheaf.embedding;

import java.sql.ResultSet;
import java.sql.SQLException;

/// The embeddings of a collection by one model: their tables, model, metric and precision.
///
/// @param id names the partition `embedding_<id>`
/// @param collectionId names the partitions `document_<id>` and `chunk_<id>`
/// @param model the name of the embedding model
/// @param dimensions the number of dimensions of every vector
/// @param precision of the index that searches use
/// @param storage precision of the stored vectors
/// @param indexMethod of the index, with which its name ends
public record Space(
    long id,
    long collectionId,
    String model,
    int dimensions,
    Metric metric,
    Precision precision,
    VectorStorage storage,
    IndexMethod indexMethod) {

  /// The maximum number of dimensions that pgvector stores.
  public static final int MAX_DIMENSIONS = 16_000;

  /// Reads a space from a row whose first columns are those of the record, in order.
  ///
  /// @throws IllegalArgumentException if a newer version has stored it
  public static Space read(ResultSet row) throws SQLException {
    return new Space(
        row.getLong(1),
        row.getLong(2),
        row.getString(3),
        row.getInt(4),
        Metric.of(row.getString(5)),
        Precision.of(row.getString(6)),
        VectorStorage.of(row.getString(7)),
        IndexMethod.of(row.getString(8)));
  }

  /// The partition that contains the vectors.
  public String embeddingTable() {
    return "embedding_" + id;
  }

  /// The index on the vectors. A small space has none.
  public String indexName() {
    return embeddingTable() + "_" + indexMethod;
  }

  /// The replacement of the index, while it is being built.
  public String nextIndexName() {
    return indexName() + "_next";
  }

  /// The replaced index, until no search uses it.
  public String oldIndexName() {
    return indexName() + "_old";
  }

  /// The partition that contains the chunks.
  public String chunkTable() {
    return "chunk_" + collectionId;
  }

  /// The partition that contains the documents.
  public String documentTable() {
    return "document_" + collectionId;
  }
}
