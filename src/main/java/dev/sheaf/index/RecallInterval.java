package dev.sheaf.index;

import java.util.List;

/// A recall with its 95% confidence interval: if indexes were measured again and again with other
/// vectors, 95% of the intervals would contain the recall of all such vectors.
///
/// The interval is Wilson's for a proportion, which is right near 1 too, with the number of
/// independent trials that the differences between the searches show (the design effect of a sample
/// of clusters): the hits of one search are often missed together. It is never less than the number
/// of searches, nor more than that of the hits.
///
/// @param recall fraction of the expected hits that were found
/// @param low lower end
/// @param high upper end
record RecallInterval(double recall, double low, double high) {

  /// The standard normal quantile of 95%, on two sides.
  private static final double Z = 1.96;

  /// The ends are rounded outwards.
  private static final double ROUNDING = 10_000;

  /// The lower end if so many searches found all hits.
  static double lowestOfAll(int searches) {
    return Math.floor(searches / (searches + Z * Z) * ROUNDING) / ROUNDING;
  }

  /// @param correct hits that each search found
  /// @param expected hits that each search should have found
  static RecallInterval of(List<Integer> correct, List<Integer> expected) {
    int searches = expected.size();
    double hits = expected.stream().mapToInt(Integer::intValue).sum();
    if (hits == 0) {
      return new RecallInterval(1, 0, 1);
    }
    double recall = correct.stream().mapToInt(Integer::intValue).sum() / hits;
    double squares = 0;
    for (int i = 0; i < searches; i++) {
      double difference = correct.get(i) - recall * expected.get(i);
      squares += difference * difference;
    }
    double variance = squares / (hits * hits) * searches / Math.max(1, searches - 1);
    double trials =
        variance == 0
            ? searches
            : Math.clamp(recall * (1 - recall) / variance, Math.min(searches, hits), hits);
    double center = recall + Z * Z / (2 * trials);
    double half = Z * Math.sqrt(recall * (1 - recall) / trials + Z * Z / (4 * trials * trials));
    double scale = 1 + Z * Z / trials;
    return new RecallInterval(
        recall,
        Math.max(0, Math.floor(Math.min(recall, (center - half) / scale) * ROUNDING) / ROUNDING),
        Math.min(1, Math.ceil(Math.max(recall, (center + half) / scale) * ROUNDING) / ROUNDING));
  }
}
