package dev.sheaf.index;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.search.SearchRequest;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The smallest `ef_search` whose measured recall is enough, by bisection: recall grows with it.
/// The next smaller one was tried too and is not enough, unless there is none.
///
/// @param efSearch what was found and is stored
/// @param recall what it reaches
/// @param sampleSize vectors that each step searched for
/// @param steps what was tried, in this order
@Schema(name = "Tuning")
public record Tuning(int efSearch, double recall, int sampleSize, List<Measured> steps) {

  /// What recall an `ef` reaches.
  interface Measurement {
    Measured at(int ef) throws SQLException;
  }

  /// @param target the recall to reach
  /// @param least below it, nothing changes
  /// @throws Problem when even the largest does not reach it
  static Tuning of(double target, int least, Measurement measurement) throws SQLException {
    Measured best = measurement.at(SearchRequest.MAX_LIMIT);
    var steps = new ArrayList<>(List.of(best));
    if (best.recall() < target) {
      throw new Problem(
          ProblemType.RECALL_OUT_OF_REACH,
          String.format(
              Locale.ROOT,
              "with efSearch %s, the largest, recall is %.4f; give the index a larger hnsw.m or hnsw.efConstruction, or more precision",
              best.efSearch(),
              best.recall()));
    }
    int tooSmall = least - 1;
    while (best.efSearch() - tooSmall > 1) {
      Measured step = measurement.at((tooSmall + best.efSearch()) / 2);
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
