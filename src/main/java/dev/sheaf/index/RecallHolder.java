package dev.sheaf.index;

import dev.sheaf.index.SmallestEfSearch.RecallProbe;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// Chooses the `ef_search` that holds a declared recall.
///
/// It is raised when the lower end of the measured interval no longer reaches the recall. It is
/// lowered only if a clearly smaller value is clearly enough: two measurements of the same index
/// differ by chance, and must not move it up and down.
final class RecallHolder {

  /// From one value to the next, searches become a fifth slower.
  private static final double STEPS_PER_DOUBLING = 4;

  /// A smaller value must save this much.
  private static final double CLEARLY_SMALLER = 0.75;

  private final double goal;
  private final List<Integer> steps;
  private final RecallProbe probe;

  /// @param goal the declared recall
  /// @param min the smallest `ef_search` that makes a difference
  /// @param max the largest that is allowed, or `min` if that is larger
  RecallHolder(double goal, int min, int max, RecallProbe probe) {
    this.goal = goal;
    this.steps = steps(min, max);
    this.probe = probe;
  }

  private static List<Integer> steps(int min, int max) {
    var steps = new ArrayList<Integer>();
    for (int i = 0; steps.isEmpty() || steps.getLast() < max; i++) {
      int step = (int) Math.round(min * Math.pow(2, i / STEPS_PER_DOUBLING));
      steps.add(steps.isEmpty() ? step : Math.min(step, max));
    }
    return steps;
  }

  /// The smallest value that reaches the recall, or the largest that is allowed.
  MeasuredRecall choose() throws SQLException {
    return SmallestEfSearch.among(steps, measured -> measured.reaches(goal), probe);
  }

  /// The value after another measurement.
  ///
  /// @param current the value that searches use
  MeasuredRecall adjust(int current) throws SQLException {
    MeasuredRecall now = probe.measure(Math.min(current, steps.getLast()));
    if (!now.reaches(goal)) {
      List<Integer> larger = steps.stream().filter(step -> step > now.efSearch()).toList();
      return larger.isEmpty()
          ? now
          : SmallestEfSearch.among(larger, measured -> measured.reaches(goal), probe);
    }
    List<Integer> smaller =
        steps.stream().filter(step -> step <= now.efSearch() * CLEARLY_SMALLER).toList();
    return smaller.isEmpty() || !probe.measure(smaller.getLast()).clearlyReaches(goal)
        ? now
        : SmallestEfSearch.among(smaller, measured -> measured.clearlyReaches(goal), probe);
  }
}
