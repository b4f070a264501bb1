package dev.sheaf.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class FailedBuildsTest {

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5);
  private final FailedBuilds<String> failures = new FailedBuilds<>(clock::get);

  @Test
  void aFailedBuildPausesLongerEachTimeAndNoOtherDoes() {
    assertThat(failures.isPaused("one")).isFalse();

    for (int seconds : new int[] {10, 20, 40}) {
      assertThat(failures.add("one")).isEqualTo(Duration.ofSeconds(seconds));
      clock.addAndGet(Duration.ofSeconds(seconds).toNanos() - 1);
      assertThat(failures.isPaused("one")).isTrue();
      assertThat(failures.isPaused("other")).isFalse();
      clock.incrementAndGet();
      assertThat(failures.isPaused("one")).isFalse();
    }
  }

  @Test
  void aBuildThatSucceedsBeginsAgain() {
    failures.add("one");
    failures.add("one");

    failures.remove("one");

    assertThat(failures.isPaused("one")).isFalse();
    assertThat(failures.add("one")).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void aPauseHasALimit() {
    Duration pause = Duration.ZERO;
    for (int i = 0; i < 100; i++) {
      pause = failures.add("one");
    }
    assertThat(pause).isEqualTo(Duration.ofMinutes(30));
  }
}
