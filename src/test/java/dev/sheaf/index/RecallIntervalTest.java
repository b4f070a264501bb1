package dev.sheaf.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecallIntervalTest {

  private static final int SAMPLES = 2_000;

  /// The values are those of R's `prop.test(95, 100, correct = FALSE)`.
  @Test
  void isWilsonsForSearchesOfOneHit() {
    RecallInterval interval =
        RecallInterval.of(
            Stream.concat(Collections.nCopies(95, 1).stream(), Collections.nCopies(5, 0).stream())
                .toList(),
            Collections.nCopies(100, 1));

    assertThat(interval.recall()).isEqualTo(0.95);
    assertThat(interval.low()).isEqualTo(0.8882, within(0.0005));
    assertThat(interval.high()).isEqualTo(0.9785, within(0.0005));
  }

  @Test
  void doesNotTakeHitsOfOneSearchForIndependentIfAllAreFound() {
    RecallInterval ofAll =
        RecallInterval.of(Collections.nCopies(100, 10), Collections.nCopies(100, 10));

    assertThat(ofAll.high()).isOne();
    assertThat(ofAll.low()).isEqualTo(0.963, within(0.0005));
  }

  @Test
  void ofNothingIsEverything() {
    assertThat(RecallInterval.of(List.of(), List.of())).isEqualTo(new RecallInterval(1, 0, 1));
    assertThat(RecallInterval.of(List.of(0), List.of(0))).isEqualTo(new RecallInterval(1, 0, 1));
  }

  /// Searches of different difficulty, where each hit is found with the probability of its search.
  @ParameterizedTest
  @CsvSource({"0.5, 0.3", "0.75, 0.2", "0.9, 0.1", "0.95, 0.05", "0.98, 0.02", "0.95, 0"})
  void containsTheRecallOf95PercentOfSamples(double recall, double spread) {
    var random = new Random(5);
    int right = 0;
    for (int i = 0; i < SAMPLES; i++) {
      List<Integer> correct =
          Stream.generate(
                  () -> {
                    double found = recall + (random.nextBoolean() ? spread : -spread);
                    return (int) random.doubles(10).filter(each -> each < found).count();
                  })
              .limit(100)
              .toList();
      RecallInterval interval = RecallInterval.of(correct, Collections.nCopies(100, 10));
      right += interval.low() <= recall && recall <= interval.high() ? 1 : 0;
    }

    assertThat((double) right / SAMPLES).isGreaterThan(0.93);
  }
}
