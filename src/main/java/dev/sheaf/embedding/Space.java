package dev.sheaf.embedding;

/// Where the embeddings of a collection live, and what they are made of.
///
/// @param id names the partition `embedding_<id>`
/// @param collectionId names the partitions `document_<id>` and `chunk_<id>`
/// @param model the name of the embedding model
/// @param dimensions the width of every vector
/// @param precision of the index that serves
public record Space(
    long id, long collectionId, String model, int dimensions, Metric metric, Precision precision) {

  /// The widest vector that pgvector stores.
  public static final int MAX_DIMENSIONS = 16_000;

  /// The table that holds the vectors.
  public String embeddingTable() {
    return "embedding_" + id;
  }

  /// The index over them, which exists when the space has grown enough.
  public String indexName() {
    return embeddingTable() + "_hnsw";
  }

  /// The index that is to take its place, while it is being built.
  public String nextIndexName() {
    return indexName() + "_next";
  }

  /// The index whose place was taken, until no search knows it any more.
  public String oldIndexName() {
    return indexName() + "_old";
  }

  /// The table that holds the chunks.
  public String chunkTable() {
    return "chunk_" + collectionId;
  }

  /// The table that holds the documents.
  public String documentTable() {
    return "document_" + collectionId;
  }
}
