package dev.sheaf.migration.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BatchSizeTest {

  private static final Duration TARGET = Duration.ofMillis(100);

  @Test
  void growsSlowlyUpToTheLimit() {
    BatchSize size = new BatchSize(TARGET, 200, 500);

    size.adjustTo(Duration.ofMillis(1));
    assertThat(size.rows()).isEqualTo(300);
    size.adjustTo(Duration.ofMillis(1));
    assertThat(size.rows()).isEqualTo(450);
    size.adjustTo(Duration.ofMillis(1));
    assertThat(size.rows()).isEqualTo(500);
  }

  @Test
  void shrinksFastButNotBelowOneRow() {
    BatchSize size = new BatchSize(TARGET, 200, 500);

    size.adjustTo(Duration.ofMillis(200));
    assertThat(size.rows()).isEqualTo(100);
    size.adjustTo(Duration.ofMinutes(1));
    assertThat(size.rows()).isEqualTo(25);
    for (int i = 0; i < 10; i++) {
      size.adjustTo(Duration.ofMinutes(1));
    }
    assertThat(size.rows()).isOne();
    size.adjustTo(Duration.ofMillis(1));
    assertThat(size.rows()).isEqualTo(2);
  }

  @Test
  void staysWhereABatchTakesAsLongAsItShould() {
    BatchSize size = new BatchSize(TARGET, 200, 500);

    size.adjustTo(TARGET);

    assertThat(size.rows()).isEqualTo(200);
  }

  @Test
  void aSmallBatchWithFixedCostsStays() {
    BatchSize size = new BatchSize(TARGET, 200, 500);

    for (int i = 0; i < 10; i++) {
      size.adjustTo(Duration.ofMillis(900));
    }
    assertThat(size.rows()).isEqualTo(100);

    size.adjustTo(Duration.ofMillis(1100));
    assertThat(size.rows()).isEqualTo(25);
    size.adjustTo(Duration.ofMillis(900));
    assertThat(size.rows()).isEqualTo(25);
  }

  @Test
  void halvesAfterBlockingOthers() {
    BatchSize size = new BatchSize(TARGET, 200, 500);

    size.halve();

    assertThat(size.rows()).isEqualTo(100);
  }
}
