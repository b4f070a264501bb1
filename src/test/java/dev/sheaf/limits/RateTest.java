package dev.sheaf.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateTest {

  private final AtomicLong now = new AtomicLong();

  @Test
  void whatIsSavedUpIsSpentAndComesBackWithTime() {
    Rate rate = new Rate(2, 5, now::get);

    assertThat(taken(rate, "ann", 20)).isEqualTo(10);
    pass(Duration.ofMillis(500));
    assertThat(taken(rate, "ann", 20)).isEqualTo(1);
    pass(Duration.ofHours(1));
    assertThat(taken(rate, "ann", 20)).isEqualTo(10);
  }

  @Test
  void oneCallerTakesNothingFromAnother() {
    Rate rate = new Rate(1, 1, now::get);

    assertThat(taken(rate, "ann", 5)).isEqualTo(1);
    assertThat(taken(rate, "bob", 5)).isEqualTo(1);
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  private static int taken(Rate rate, String caller, int requests) {
    int taken = 0;
    for (int i = 0; i < requests; i++) {
      taken += rate.take(caller) ? 1 : 0;
    }
    return taken;
  }
}
