package dev.sheaf.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.index.SmallestEfSearch.RecallProbe;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TuningTest {

  /// Recall grows with ef; its lower end is 0.95 at 380.
  private static final RecallProbe GROWING =
      ef ->
          new MeasuredRecall(
              ef, Math.min(1, (ef + 8) / 400.0), Math.min(1, ef / 400.0), 1, 1_000, 1);

  private static Tuning tune(double target, int minEf, RecallProbe probe) throws SQLException {
    return Tuning.of(target, minEf, QuestionSource.REQUEST, probe);
  }

  @Test
  void findsTheSmallestEfWhoseLowerEndSuffices() throws SQLException {
    Tuning tuning = tune(0.95, 10, GROWING);

    assertThat(tuning.efSearch()).isEqualTo(380);
    assertThat(tuning.low()).isEqualTo(0.95);
    assertThat(tuning.recall()).isEqualTo(0.97);
    assertThat(tuning.sampleSize()).isEqualTo(1_000);
    assertThat(tuning.steps())
        .extracting(MeasuredRecall::efSearch)
        .startsWith(10, 20, 40, 80, 160, 320, 640)
        .contains(379, 380)
        .hasSizeLessThan(17);
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 80, 399})
  void findsTheMinimumIfItSuffices(int minEf) throws SQLException {
    assertThat(tune(minEf / 400.0, minEf, GROWING).efSearch()).isEqualTo(minEf);
  }

  /// With few questions, the lower end cannot be near 1, whatever the index finds.
  @ParameterizedTest
  @CsvSource({"0.999, 400, 0.9904, 392", "1, 400, 0.9904, 392", "0.95, 13, 0.7718, 392"})
  void fewQuestionsShowWhatTheyCan(double target, int questions, double low, int ef)
      throws SQLException {
    assertThat(RecallInterval.lowestOfAll(questions)).isEqualTo(low);
    Tuning tuning =
        tune(
            target,
            10,
            e -> {
              double recall = Math.min(1, (e + 8) / 400.0);
              return new MeasuredRecall(e, recall, recall - 1 + low, 1, questions, 1);
            });

    assertThat(tuning.efSearch()).isEqualTo(ef);
    assertThat(tuning.recall()).isEqualTo(1);
    assertThat(tuning.low()).isEqualTo(low);
  }

  @Test
  void failsIfNoEfSuffices() {
    assertThatExceptionOfType(Problem.class)
        .isThrownBy(() -> tune(0.9, 10, ef -> new MeasuredRecall(ef, 0.90994, 0.88, 1, 100, 1)))
        .satisfies(problem -> {
          assertThat(problem.type()).isEqualTo(ProblemType.RECALL_OUT_OF_REACH);
          assertThat(problem.detail())
              .isEqualTo(
                  "Recall is only 0.9099 with the largest efSearch, 1000, and with 95% confidence at"
                      + " least 0.8800. Raise hnsw.m or hnsw.efConstruction, choose a higher"
                      + " precision, or tune with more questions than 100.");
        });
  }
}
