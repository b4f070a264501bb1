package dev.sheaf.search;

/// How much memory the answer of a search needs.
final class SearchMemory {

  /// A text is in memory as bytes of the result, and as a string of up to two bytes for a byte.
  static final int COST = 3;

  private static final long BYTES_PER_HIT = 500;

  private static final int BYTES_PER_MATCH = 32;

  /// A word of an explanation.
  private static final int BYTES_PER_WORD = 200;

  /// A number of a vector, in the result and in the hit.
  private static final int BYTES_PER_NUMBER = 2 * Float.BYTES;

  private SearchMemory() {}

  /// What a search needs if the texts of its hits are short.
  static long before(SearchRequest request, int dimensions) {
    long hits = (long) request.limit() * request.groupSize();
    long texts = request.returnsTexts() ? COST * SearchSql.fewBytes(request) : 0;
    return texts + hits * perHit(request, dimensions);
  }

  /// What its hits need until they are written. Long texts have a reservation of their own.
  static long after(SearchRequest request, int dimensions, Planner.Outcome outcome) {
    return COST * Math.min(outcome.bytes(), SearchSql.fewBytes(request))
        + outcome.hits().size() * perHit(request, dimensions);
  }

  private static long perHit(SearchRequest request, int dimensions) {
    return BYTES_PER_HIT
        + (request.matches() ? SearchRequest.MAX_MATCHES * BYTES_PER_MATCH : 0)
        + (request.explain() && request.mode() != Mode.VECTOR
            ? (long) SearchWords.MAX * BYTES_PER_WORD
            : 0)
        + (request.select().contains(ReturnField.VECTOR)
            ? (long) dimensions * BYTES_PER_NUMBER
            : 0);
  }
}
