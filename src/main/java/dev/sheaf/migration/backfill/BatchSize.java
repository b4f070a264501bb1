package dev.sheaf.migration.backfill;

import java.time.Duration;

/// How many rows the next batch takes, so that it lasts as long as it should: grows slowly, shrinks
/// at once.
///
/// A batch costs something whatever its size, on a busy server or far from it more than it should
/// last. Fewer rows would not make it shorter then, and would never come to an end; so a small
/// batch may take several times as long.
final class BatchSize {

  private static final double MOST_GROWTH = 1.5;
  private static final double MOST_SHRINKING = 0.25;

  /// Rows of a small batch.
  private static final int SMALL = 100;

  /// How many times as long it may take.
  private static final int LENIENCE = 10;

  private final Duration target;
  private final int most;
  private int rows;

  /// @param rows of the first batch
  /// @param most rows of any
  BatchSize(Duration target, int rows, int most) {
    this.target = target;
    this.most = most;
    this.rows = Math.clamp(rows, 1, most);
  }

  int rows() {
    return rows;
  }

  /// Learns from a batch of full size.
  void took(Duration time) {
    double factor = (double) target.toNanos() / Math.max(1, time.toNanos());
    int before = rows;
    scale(Math.clamp(factor, MOST_SHRINKING, MOST_GROWTH));
    if (time.compareTo(target.multipliedBy(LENIENCE)) <= 0) {
      rows = Math.max(rows, Math.min(before, SMALL));
    }
  }

  /// Learns that a batch was in somebody's way.
  void disturbed() {
    scale(0.5);
  }

  private void scale(double factor) {
    // Rounded up, so that a single row can become two again.
    rows = Math.clamp((long) Math.ceil(rows * factor), 1, most);
  }
}
