package dev.sheaf.limits;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class MemoryPartTest {

  private static final int KB = 1024;

  private final MemoryPart part = new MemoryPart(100 * KB, 25 * KB, 5 * KB);

  @Test
  void whoFillsItLeavesTheRestToThoseThatHoldLittle() throws Exception {
    assertThat(acquire("greedy", 75)).isTrue();
    assertThat(acquire("greedy", 1)).isFalse();
    assertThat(acquire("other", 6)).isFalse();
    for (int owner = 0; owner < 5; owner++) {
      assertThat(acquire("other" + owner, 4)).isTrue();
      assertThat(acquire("other" + owner, 1)).isTrue();
      assertThat(acquire("other" + owner, 1)).isFalse();
    }
    assertThat(acquire("another", 1)).isFalse();
    assertThat(part.reserved()).isEqualTo(100 * KB);

    part.release("other0", 5);

    assertThat(acquire("another", 5)).isTrue();
  }

  @Test
  void theOwnerThatHoldsLeastIsNext() throws Exception {
    var order = new ArrayList<String>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      assertThat(acquire("greedy", 40)).isTrue();
      assertThat(acquire("modest", 30)).isTrue();
      List<Future<?>> waiting = new ArrayList<>();
      int arrived = 0;
      for (String owner : List.of("greedy", "modest", "new")) {
        waiting.add(
            threads.submit(() -> {
              assertThat(part.tryAcquire(owner, 30, 1, TimeUnit.MINUTES, 10)).isTrue();
              synchronized (order) {
                order.add(owner);
              }
              return null;
            }));
        int count = ++arrived;
        await().until(() -> part.waiting() == count);
      }
      // A small reservation does not overtake those that wait.
      assertThat(acquire("modest", 5)).isFalse();

      part.release("greedy", 25);
      await().until(() -> order.size() == 1);
      part.release("new", 30);
      await().until(() -> order.size() == 2);
      part.release("modest", 30);
      for (Future<?> owner : waiting) {
        owner.get();
      }
    }
    assertThat(order).containsExactly("new", "greedy", "modest");
  }

  /// No more is held at any time than there is, and at the end nothing.
  @Test
  void whatIsHeldFits() throws Exception {
    var held = new AtomicInteger();
    var granted = new AtomicInteger();
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<?>> owners = new ArrayList<>();
      for (int thread = 0; thread < 8; thread++) {
        var random = new Random(thread);
        String owner = "owner" + thread % 3;
        owners.add(
            threads.submit(() -> {
              for (int i = 0; i < 2_000; i++) {
                int units = 1 + random.nextInt(60);
                if (part.tryAcquire(owner, units, random.nextInt(3), TimeUnit.MILLISECONDS, 4)) {
                  granted.incrementAndGet();
                  assertThat(held.addAndGet(units)).isLessThanOrEqualTo(100);
                  LockSupport.parkNanos(1_000);
                  held.addAndGet(-units);
                  part.release(owner, units);
                }
              }
              return null;
            }));
      }
      for (Future<?> owner : owners) {
        owner.get();
      }
    }
    assertThat(granted).hasPositiveValue();
    assertThat(part.reserved()).isZero();
    assertThat(acquire("anybody", 75)).isTrue();
  }

  private boolean acquire(String owner, int units) throws InterruptedException {
    return part.tryAcquire(owner, units, 0, TimeUnit.MILLISECONDS, 10);
  }
}
