package dev.sheaf.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TransferRateTest {

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final TransferRate rate =
      new TransferRate("sheaf.limits.transfer-rate", 1_000, Duration.ofSeconds(5));

  /// The times at which a client that sends a byte each second is late.
  @Test
  void aByteNowAndThenIsTooSlow() {
    long late = 0;
    int seconds = 0;
    while (!rate.isTooLate(late)) {
      late = rate.late(late, SECOND, 1);
      seconds++;
    }

    assertThat(seconds).isEqualTo(6);
  }

  /// However long it lasts, and whatever was transferred before.
  @Test
  void whatIsFastEnoughIsNeverLate() {
    long late = 0;
    for (int seconds = 0; seconds < 100_000; seconds++) {
      late = rate.late(late, SECOND, 1_000);
    }
    assertThat(late).isZero();

    late = rate.late(late, 0, 1_000_000_000);
    assertThat(rate.isTooLate(rate.late(late, 6 * SECOND, 0))).isTrue();
  }

  @Test
  void aPauseIsMadeUpFor() {
    long late = rate.late(0, 4 * SECOND, 0);

    assertThat(rate.late(late, SECOND, 3_000)).isEqualTo(2 * SECOND);
    assertThat(rate.isTooLate(rate.late(late, 2 * SECOND, 0))).isTrue();
  }
}
