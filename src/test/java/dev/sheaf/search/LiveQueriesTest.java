package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.search.LiveQueries.Reservoir;
import org.junit.jupiter.api.Test;

class LiveQueriesTest {

  @Test
  void keepsAllOfFew() {
    var reservoir = new Reservoir(3);
    reservoir.add(new float[] {0});
    reservoir.add(new float[] {1});

    assertThat(reservoir.vectors()).containsExactly(new float[] {0}, new float[] {1});
  }

  @Test
  void keepsEachOfManyWithEqualProbability() {
    long early = 0;
    for (int draw = 0; draw < 1_000; draw++) {
      var reservoir = new Reservoir(10);
      for (int i = 0; i < 100; i++) {
        reservoir.add(new float[] {i});
      }
      assertThat(reservoir.vectors()).hasSize(10).doesNotHaveDuplicates();
      early += reservoir.vectors().stream().filter(vector -> vector[0] < 50).count();
    }

    // Half of 10,000, give or take ten standard deviations.
    assertThat(early).isBetween(4_500L, 5_500L);
  }
}
