package dev.sheaf.index;

import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The result of one recall measurement.
///
/// @param efSearch candidates that the index searches examined
/// @param recall fraction of the nearest vectors that they found, from 0 to 1
/// @param low lower end of its 95% confidence interval
/// @param high upper end
/// @param sampleSize number of searches
/// @param medianMs median time of an index search, the round trip to the database included, in
///   milliseconds
@Schema(name = "Measurement")
public record MeasuredRecall(
    int efSearch, double recall, double low, double high, int sampleSize, double medianMs) {

  static MeasuredRecall of(int efSearch, RecallInterval recall, int sampleSize, double medianMs) {
    return new MeasuredRecall(
        efSearch, recall.recall(), recall.low(), recall.high(), sampleSize, medianMs);
  }

  /// Whether a recall is reached with 95% confidence, or as far as so many searches can show.
  boolean reaches(double goal) {
    return reaches(goal, recall, low, sampleSize);
  }

  static boolean reaches(double goal, double recall, double low, int sampleSize) {
    return recall >= goal && low >= Math.min(goal, RecallInterval.lowestOfAll(sampleSize));
  }

  /// The same with twice the distance, so that another measurement will most likely reach it, too.
  boolean clearlyReaches(double goal) {
    return recall >= goal
        && 2 * low - recall >= Math.min(goal, 2 * RecallInterval.lowestOfAll(sampleSize) - 1);
  }
}
