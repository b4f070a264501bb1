package dev.sheaf.limits;

/// How much memory a request with a JSON body needs until its end. Measured: see ADR 22.
final class BodyCost {

  /// The buffers of a request and its response.
  private static final long FIXED = 32 * 1024;

  /// A text is in memory as the parser's segments, as a string of up to two bytes for each byte of
  /// the body, as chunks, and in the buffers of the connection to PostgreSQL.
  private static final int PER_BYTE = 5;

  /// A tree of JSON needs many times its text, but `BoundedJson` limits the number of its nodes.
  private static final int TREE_PER_BYTE = 30;

  private static final long MAX_TREE = 3 * 1024 * 1024;

  private BodyCost() {}

  static long of(long bytes) {
    return FIXED + PER_BYTE * bytes + Math.min(TREE_PER_BYTE * bytes, MAX_TREE);
  }

  /// The size of the largest body that costs at most `memory`.
  static long largestBody(long memory) {
    return Math.max(0, (memory - FIXED - MAX_TREE) / PER_BYTE);
  }
}
