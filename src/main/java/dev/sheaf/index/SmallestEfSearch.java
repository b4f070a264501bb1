package dev.sheaf.index;

import java.sql.SQLException;
import java.util.List;
import java.util.function.Predicate;

/// Finds the smallest `ef_search` with enough recall. Recall grows with `ef_search`, and so does
/// the time of a search: so the value is doubled until it is enough, and then found by bisection.
final class SmallestEfSearch {

  private SmallestEfSearch() {}

  /// Measures the recall that an `ef` reaches.
  interface RecallProbe {
    MeasuredRecall measure(int ef) throws SQLException;
  }

  /// The measurement with the smallest candidate that is enough, or with the largest if none is.
  ///
  /// @param candidates at least one, in ascending order
  static MeasuredRecall among(
      List<Integer> candidates, Predicate<MeasuredRecall> enough, RecallProbe probe)
      throws SQLException {
    int last = candidates.size() - 1;
    int tooSmall = -1;
    int next = 0;
    MeasuredRecall best = probe.measure(candidates.getFirst());
    while (!enough.test(best) && next < last) {
      tooSmall = next;
      while (next < last && candidates.get(next) < 2 * candidates.get(tooSmall)) {
        next++;
      }
      best = probe.measure(candidates.get(next));
    }
    if (!enough.test(best)) {
      return best;
    }
    while (next - tooSmall > 1) {
      int middle = (tooSmall + next) / 2;
      MeasuredRecall step = probe.measure(candidates.get(middle));
      if (enough.test(step)) {
        best = step;
        next = middle;
      } else {
        tooSmall = middle;
      }
    }
    return best;
  }
}
