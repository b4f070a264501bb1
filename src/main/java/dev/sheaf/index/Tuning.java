package dev.sheaf.index;

import dev.sheaf.index.SmallestEfSearch.RecallProbe;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.search.SearchRequest;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/// The smallest `ef_search` that reaches a recall. The next smaller value was measured too, unless
/// there is none, and does not reach it.
///
/// @param efSearch the value that was found and stored
/// @param recall the recall that it reaches
/// @param low lower end of its 95% confidence interval, at least the requested recall, or as near
///   as so many questions can show
/// @param high upper end
/// @param questions where the questions come from
/// @param sampleSize number of searches in each step
/// @param steps all measurements, in order
@Schema(name = "Tuning")
public record Tuning(
    int efSearch,
    double recall,
    double low,
    double high,
    QuestionSource questions,
    int sampleSize,
    List<MeasuredRecall> steps) {

  /// @param target the recall to reach
  /// @param minEf the smallest value that makes a difference
  /// @throws Problem if the largest `ef` does not reach the target
  static Tuning of(double target, int minEf, QuestionSource questions, RecallProbe probe)
      throws SQLException {
    var steps = new ArrayList<MeasuredRecall>();
    MeasuredRecall best =
        SmallestEfSearch.among(
            IntStream.rangeClosed(minEf, SearchRequest.MAX_LIMIT).boxed().toList(),
            measured -> measured.reaches(target),
            ef -> {
              MeasuredRecall step = probe.measure(ef);
              steps.add(step);
              return step;
            });
    if (!best.reaches(target)) {
      throw new Problem(
          ProblemType.RECALL_OUT_OF_REACH,
          String.format(
              Locale.ROOT,
              "Recall is only %.4f with the largest efSearch, %s, and with 95%% confidence at least"
                  + " %.4f. Raise hnsw.m or hnsw.efConstruction, choose a higher precision, or tune"
                  + " with more questions than %s.",
              best.recall(),
              best.efSearch(),
              best.low(),
              best.sampleSize()));
    }
    return new Tuning(
        best.efSearch(),
        best.recall(),
        best.low(),
        best.high(),
        questions,
        best.sampleSize(),
        List.copyOf(steps));
  }
}
