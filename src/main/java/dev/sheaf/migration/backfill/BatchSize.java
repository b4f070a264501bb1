package dev.sheaf.migration.backfill;

import java.time.Duration;

/// Adapts the number of rows of a batch to its target duration. The number grows slowly and shrinks
/// fast.
///
/// Every batch has fixed costs. On a busy or distant server, they can exceed the target duration.
/// Then fewer rows would not make the batch shorter, and the backfill would not advance. Therefore
/// a small batch may take several times the target duration.
final class BatchSize {

  private static final double MAX_GROWTH = 1.5;
  private static final double MAX_SHRINKING = 0.25;

  /// Batches up to this number of rows may take longer than the target duration.
  private static final int SMALL_BATCH = 100;

  /// The multiple of the target duration that a small batch may take.
  private static final int SMALL_BATCH_FACTOR = 10;

  private final Duration target;
  private final int max;
  private int rows;

  /// @param target target duration of a batch
  /// @param rows rows of the first batch
  /// @param max maximum rows of a batch
  BatchSize(Duration target, int rows, int max) {
    this.target = target;
    this.max = max;
    this.rows = Math.clamp(rows, 1, max);
  }

  int rows() {
    return rows;
  }

  /// Adapts the number of rows after a full batch that took `time`.
  void adjustTo(Duration time) {
    double factor = (double) target.toNanos() / Math.max(1, time.toNanos());
    int before = rows;
    scale(Math.clamp(factor, MAX_SHRINKING, MAX_GROWTH));
    if (time.compareTo(target.multipliedBy(SMALL_BATCH_FACTOR)) <= 0) {
      rows = Math.max(rows, Math.min(before, SMALL_BATCH));
    }
  }

  /// Halves the number of rows, after a batch that blocked another session.
  void halve() {
    scale(0.5);
  }

  private void scale(double factor) {
    // Rounded up, so that one row can grow to two.
    rows = Math.clamp((long) Math.ceil(rows * factor), 1, max);
  }
}
