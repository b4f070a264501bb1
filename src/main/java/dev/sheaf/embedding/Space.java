package dev.sheaf.embedding;

/// The embeddings of a collection by one model: their tables, model, metric and precision.
///
/// @param id names the partition `embedding_<id>`
/// @param collectionId names the partitions `document_<id>` and `chunk_<id>`
/// @param model the name of the embedding model
/// @param dimensions the number of dimensions of every vector
/// @param precision of the index that searches use
public record Space(
    long id, long collectionId, String model, int dimensions, Metric metric, Precision precision) {

  /// The maximum number of dimensions that pgvector stores.
  public static final int MAX_DIMENSIONS = 16_000;

  /// The partition that contains the vectors.
  public String embeddingTable() {
    return "embedding_" + id;
  }

  /// The HNSW index on the vectors. A small space has none.
  public String indexName() {
    return embeddingTable() + "_hnsw";
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
