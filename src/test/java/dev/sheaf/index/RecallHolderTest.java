package dev.sheaf.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.index.SmallestEfSearch.RecallProbe;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// With a model of an index: a search misses some of its hits together, and less with a larger ef.
class RecallHolderTest {

  private static final int SEARCHES = 400;
  private static final int K = 10;
  private static final double GOAL = 0.95;

  /// The mean share of hits that searches miss, as an index of this difficulty does.
  private static double missed(double difficulty, int ef) {
    return Math.min(1, difficulty / Math.pow(ef, 1.2));
  }

  /// Measures with other questions each time, which is more noise than the service has: its
  /// questions remain the same until their vectors are deleted.
  private static RecallProbe probe(Random random, double difficulty) {
    return ef -> {
      var correct = new ArrayList<Integer>();
      for (int search = 0; search < SEARCHES; search++) {
        // Half of the searches miss twice as much, the others nothing.
        double missed = random.nextBoolean() ? 2 * missed(difficulty, ef) : 0;
        int found = 0;
        for (int hit = 0; hit < K; hit++) {
          found += random.nextDouble() < missed ? 0 : 1;
        }
        correct.add(found);
      }
      return MeasuredRecall.of(
          ef, RecallInterval.of(correct, correct.stream().map(_ -> K).toList()), SEARCHES, 1);
    };
  }

  private static RecallHolder holder(Random random, double difficulty) {
    return new RecallHolder(GOAL, K, 500, probe(random, difficulty));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void noiseMovesItRarely(long seed) throws SQLException {
    var random = new Random(seed);
    var held = new ArrayList<Integer>(List.of(holder(random, 10).choose().efSearch()));
    var chosenAnew = new ArrayList<Integer>(held);
    for (int i = 0; i < 100; i++) {
      held.add(holder(random, 10).adjust(held.getLast()).efSearch());
      chosenAnew.add(holder(random, 10).choose().efSearch());
    }

    assertThat(changes(held)).isLessThanOrEqualTo(10).isLessThan(changes(chosenAnew) / 5);
    assertThat(held).allMatch(ef -> 1 - missed(10, ef) >= GOAL);
  }

  private static long changes(List<Integer> values) {
    long changes = 0;
    for (int i = 1; i < values.size(); i++) {
      changes += values.get(i).equals(values.get(i - 1)) ? 0 : 1;
    }
    return changes;
  }

  @Test
  void itFollowsAnIndexThatBecomesHarderAndEasier() throws SQLException {
    var random = new Random(1);
    int ef = holder(random, 2).choose().efSearch();
    for (double difficulty = 2; difficulty < 30; difficulty *= 1.2) {
      int raised = holder(random, difficulty).adjust(ef).efSearch();
      assertThat(raised).isGreaterThanOrEqualTo(ef);
      assertThat(1 - missed(difficulty, raised)).isGreaterThanOrEqualTo(GOAL);
      ef = raised;
    }
    int hardest = ef;

    int eased = holder(random, 2).adjust(ef).efSearch();

    assertThat(eased).isLessThan(hardest / 4);
    assertThat(1 - missed(2, eased)).isGreaterThanOrEqualTo(GOAL);
    assertThat(holder(random, 2).adjust(eased).efSearch()).isEqualTo(eased);
  }

  @Test
  void itEndsAtTheLargestAllowed() throws SQLException {
    var random = new Random(1);

    assertThat(holder(random, 1_000).choose().efSearch()).isEqualTo(500);
    assertThat(holder(random, 1_000).adjust(100).efSearch()).isEqualTo(500);
    assertThat(holder(random, 1_000).adjust(500).reaches(GOAL)).isFalse();
    assertThat(holder(random, 1).adjust(800).efSearch()).isLessThan(500);
    assertThat(new RecallHolder(GOAL, 80, 20, probe(random, 1_000)).choose().efSearch())
        .isEqualTo(80);
  }
}
