package dev.sheaf.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TokenBucketsTest {

  private final AtomicLong now = new AtomicLong();

  @Test
  void whatIsSavedUpIsSpentAndComesBackWithTime() {
    TokenBuckets buckets = new TokenBuckets(2, 10, now::get);

    assertThat(taken(buckets, "ann", 20)).isEqualTo(10);
    pass(Duration.ofMillis(500));
    assertThat(taken(buckets, "ann", 20)).isEqualTo(1);
    pass(Duration.ofHours(1));
    assertThat(taken(buckets, "ann", 20)).isEqualTo(10);
  }

  @Test
  void oneCallerTakesNothingFromAnother() {
    TokenBuckets buckets = new TokenBuckets(1, 1, now::get);

    assertThat(taken(buckets, "ann", 5)).isEqualTo(1);
    assertThat(taken(buckets, "bob", 5)).isEqualTo(1);
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  private static int taken(TokenBuckets buckets, String caller, int requests) {
    int taken = 0;
    for (int i = 0; i < requests; i++) {
      taken += buckets.tryConsume(caller) ? 1 : 0;
    }
    return taken;
  }
}
