package dev.sheaf.index;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.search.SearchRequest;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The smallest `ef_search` that reaches a recall, found by bisection, because recall grows with
/// `ef_search`. The next smaller value was measured too, unless there is none, and does not reach
/// it.
///
/// @param efSearch the value that was found and stored
/// @param recall the recall that it reaches
/// @param sampleSize number of searches in each step
/// @param steps all measurements, in order
@Schema(name = "Tuning")
public record Tuning(int efSearch, double recall, int sampleSize, List<MeasuredRecall> steps) {

  /// Measures the recall that an `ef` reaches.
  interface RecallProbe {
    MeasuredRecall measure(int ef) throws SQLException;
  }

  /// @param target the recall to reach
  /// @param minEf the smallest value that makes a difference
  /// @throws Problem if the largest `ef` does not reach the target
  static Tuning of(double target, int minEf, RecallProbe probe) throws SQLException {
    MeasuredRecall best = probe.measure(SearchRequest.MAX_LIMIT);
    var steps = new ArrayList<>(List.of(best));
    if (best.recall() < target) {
      throw new Problem(
          ProblemType.RECALL_OUT_OF_REACH,
          String.format(
              Locale.ROOT,
              "Recall is only %.4f with the largest efSearch, %s. Raise hnsw.m or hnsw.efConstruction, or choose a higher precision.",
              best.recall(),
              best.efSearch()));
    }
    int tooSmall = minEf - 1;
    while (best.efSearch() - tooSmall > 1) {
      MeasuredRecall step = probe.measure((tooSmall + best.efSearch()) / 2);
      steps.add(step);
      if (step.recall() >= target) {
        best = step;
      } else {
        tooSmall = step.efSearch();
      }
    }
    return new Tuning(best.efSearch(), best.recall(), best.sampleSize(), steps);
  }
}
