package dev.sheaf.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTest {

  @Test
  void doublesUpToTheLimit() {
    Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));

    assertThat(IntStream.rangeClosed(1, 6).mapToObj(backoff::pause))
        .extracting(Duration::toMillis)
        .containsExactly(100L, 200L, 400L, 800L, 1000L, 1000L);
  }

  @Test
  void neverOverflows() {
    Backoff backoff = new Backoff(Duration.ofDays(20), Duration.ofDays(1000));

    assertThat(IntStream.rangeClosed(1, 10_000).mapToObj(backoff::pause))
        .allSatisfy(
            pause -> assertThat(pause).isBetween(Duration.ofDays(20), Duration.ofDays(1000)));
  }

  @Test
  void jitterKeepsTheUpperHalf() {
    assertThat(IntStream.range(0, 1000).mapToObj(_ -> Backoff.jittered(Duration.ofMillis(100))))
        .allSatisfy(
            pause -> assertThat(pause).isBetween(Duration.ofMillis(50), Duration.ofMillis(100)));
  }
}
