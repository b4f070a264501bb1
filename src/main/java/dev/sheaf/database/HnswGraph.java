package dev.sheaf.database;

/// The memory that the graph of an HNSW index of pgvector takes while the index is built. When the
/// graph no longer fits into `maintenance_work_mem`, the rest of the build is many times slower.
public final class HnswGraph {

  private static final int ELEMENT = 242;
  private static final int NEIGHBOR = 16;

  private HnswGraph() {}

  /// Bytes of one vector in the graph.
  ///
  /// Source: `HnswElementData` and `HnswNeighborArray` in pgvector's `hnsw.h`. An element has 2m
  /// neighbors of 16 bytes on the lowest layer, m neighbors on each higher layer, which every m-th
  /// vector reaches, and its value. The overhead of an element was measured with pgvector 0.8.0,
  /// from the number of tuples after which a build reports that the graph no longer fits. The sum
  /// is within 1 % of the measurement for m of 8, 16 and 32, and for vector, halfvec and bit.
  ///
  /// @param value bytes of the indexed value
  /// @param m links of each node, at least 2
  public static long bytes(int value, int m) {
    return ELEMENT + 2L * m * NEIGHBOR + m * NEIGHBOR / (m - 1) + value;
  }
}
