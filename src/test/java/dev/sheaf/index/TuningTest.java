package dev.sheaf.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TuningTest {

  /// Recall grows with ef, and is 0.95 at 380.
  private static final Tuning.RecallProbe GROWING =
      ef -> new MeasuredRecall(ef, Math.min(1, ef / 400.0), 0, 1, 100, ef / 100.0);

  @Test
  void findsTheSmallestSufficientEf() throws SQLException {
    Tuning tuning = Tuning.of(0.95, 10, GROWING);

    assertThat(tuning.efSearch()).isEqualTo(380);
    assertThat(tuning.recall()).isEqualTo(0.95);
    assertThat(tuning.steps())
        .extracting(MeasuredRecall::efSearch)
        .containsExactly(1000, 504, 256, 380, 318, 349, 364, 372, 376, 378, 379);
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 80, 399})
  void findsTheMinimumIfItSuffices(int minEf) throws SQLException {
    assertThat(Tuning.of(minEf / 400.0, minEf, GROWING).efSearch()).isEqualTo(minEf);
  }

  @Test
  void failsIfNoEfSuffices() {
    assertThatExceptionOfType(Problem.class)
        .isThrownBy(() -> Tuning.of(0.9, 10, ef -> new MeasuredRecall(ef, 0.89994, 0, 1, 100, 1)))
        .satisfies(problem -> {
          assertThat(problem.type()).isEqualTo(ProblemType.RECALL_OUT_OF_REACH);
          assertThat(problem.detail())
              .isEqualTo(
                  "Recall is only 0.8999 with the largest efSearch, 1000. Raise hnsw.m or"
                      + " hnsw.efConstruction, or choose a higher precision.");
        });
  }
}
