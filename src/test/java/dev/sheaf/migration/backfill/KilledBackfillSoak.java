package dev.sheaf.migration.backfill;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Backfill.State;
import dev.sheaf.testing.SheafCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The process that runs a backfill is killed at random points, several times. In the end, every
/// row was changed exactly once.
///
/// 20,000 rows and a few kills without other options; 2,000,000 rows and ten kills in `make soak`.
class KilledBackfillSoak {

  private static final int ROWS = Integer.getInteger("sheaf.soak.rows", 20_000);
  private static final int KILLS = Integer.getInteger("sheaf.soak.backfill-kills", 3);

  /// The seed, to repeat a failed run as far as a race can be repeated.
  private static final long SEED = Long.getLong("sheaf.soak.seed", System.nanoTime());

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final Random random = new Random(SEED);

  @TempDir private Path root;

  @Test
  void everyRowIsDoneOnce() throws Exception {
    try (Shop shop = Shop.open(root, ROWS)) {
      shop.up();
      int killed = 0;
      // Nobody gets to the end before the last kill.
      RowLock lock = RowLock.onRow(shop, ROWS);
      for (int kill = 0; kill < KILLS; kill++) {
        long target = (long) ((kill + random.nextDouble()) * ROWS / (KILLS + 1));
        Duration delay = Duration.ofMillis(random.nextInt(20));
        try (SheafCommand worker = start(shop)) {
          await("row %s, -Dsheaf.soak.seed=%s".formatted(target, SEED))
              .atMost(PATIENCE)
              .pollInterval(Duration.ofMillis(5))
              .until(() -> !worker.isRunning() || shop.backfill().rowsDone() > target);
          killed += worker.killAfter(delay) ? 1 : 0;
        }
      }
      // The progress at the last kill.
      assertThat(shop.backfill().state()).isEqualTo(State.RUNNING);
      lock.close();

      try (SheafCommand last = start(shop)) {
        assertThat(last.await()).as("%s", last.said()).isZero();
        assertThat(last.said().getLast()).isEqualTo("core/002_touched  done");
      }

      assertThat(killed).as("-Dsheaf.soak.seed=%s", SEED).isEqualTo(KILLS);
      assertThat(shop.touched()).as("-Dsheaf.soak.seed=%s", SEED).containsExactly("1: " + ROWS);
      assertThat(shop.backfill().rowsDone()).isEqualTo(ROWS);
    }
  }

  private static SheafCommand start(Shop shop) throws IOException {
    return SheafCommand.start(
        shop.database(),
        Map.of(
            "sheaf.backfill.lease", "1s",
            "sheaf.backfill.check-every", "100ms",
            "sheaf.backfill.rest", "0.5",
            // Small batches, so that kills hit many of them.
            "sheaf.backfill.max-batch", Integer.toString(Math.max(50, ROWS / 500))),
        "backfill",
        "run");
  }
}
