package dev.sheaf.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.embedding.IndexMethod;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorStorage;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoadDetectorTest {

  /// A row takes 100 bytes.
  private static final Space SPACE =
      new Space(
          1, 1, "none", 7, Metric.COSINE, Precision.HALF, VectorStorage.FULL, IndexMethod.HNSW);

  private final AtomicLong seconds = new AtomicLong();
  private final LoadDetector detector =
      new LoadDetector(10, Duration.ofSeconds(60), () -> seconds.get() * 1_000_000_000);

  @Test
  void aSpaceIsLoadingUntilItsGrowthSlowsDown() {
    assertThat(at(0, 0)).isTrue();
    assertThat(at(5, 51)).isTrue();
    assertThat(at(10, 102)).isTrue();
    assertThat(at(15, 152)).isFalse();
    assertThat(at(20, 152)).isFalse();
  }

  @Test
  void noSpaceIsLoadingForLongerThanTheLimit() {
    assertThat(at(0, 0)).isTrue();
    assertThat(at(59, 10_000)).isTrue();
    assertThat(at(60, 20_000)).isFalse();
  }

  @Test
  void aRemovedSpaceStartsAgain() {
    at(0, 100);
    detector.remove(SPACE.id());

    assertThat(at(100, 100)).isTrue();
    assertThat(at(105, 100)).isFalse();
  }

  private boolean at(long second, long rows) {
    seconds.set(second);
    return detector.isLoading(SPACE, rows * 100);
  }
}
