package dev.sheaf.limits;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaneTest {

  @ParameterizedTest
  @CsvSource({"14,75,11", "4,75,3", "2,75,1", "1,75,1", "3,75,2", "10,50,5", "10,100,10", "10,1,1"})
  void oneOwnerHasItsShare(int permits, int share, int expected) throws InterruptedException {
    var lane = new Lane(permits, 0, share);

    int granted = 0;
    while (lane.tryAcquire("one", 0, TimeUnit.NANOSECONDS)) {
      granted++;
    }

    assertThat(granted).isEqualTo(expected);
    for (int i = expected; i < permits; i++) {
      assertThat(lane.tryAcquire("other " + i, 0, TimeUnit.NANOSECONDS)).isTrue();
    }
    assertThat(lane.tryAcquire(null, 0, TimeUnit.NANOSECONDS)).isFalse();
    assertThat(lane.held()).isEqualTo(permits);
  }

  @Test
  void whoCannotHaveAPermitDoesNotBlockTheNext() throws Exception {
    var lane = new Lane(2, 10, 50);
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      assertThat(acquire(lane, "greedy")).isTrue();
      assertThat(acquire(lane, "other")).isTrue();
      Future<Boolean> greedy = clients.submit(() -> acquire(lane, "greedy"));
      await().until(() -> lane.waiting() == 1);
      Future<Boolean> modest = clients.submit(() -> acquire(lane, "modest"));
      await().until(() -> lane.waiting() == 2);

      lane.release("other");

      assertThat(modest.get()).isTrue();
      assertThat(greedy.isDone()).isFalse();
      lane.release("greedy");
      assertThat(greedy.get()).isTrue();
    }
  }

  @Test
  void oneOwnerHasItsShareOfTheQueue() throws Exception {
    var lane = new Lane(1, 4, 75);
    assertThat(acquire(lane, "holder")).isTrue();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> waiting = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        waiting.add(clients.submit(() -> acquire(lane, "greedy")));
      }
      await().until(() -> lane.waiting() == 3);

      assertThat(lane.tryAcquire("greedy", 1, TimeUnit.MINUTES)).isFalse();
      waiting.add(clients.submit(() -> acquire(lane, "modest")));
      await().until(() -> lane.waiting() == 4);
      assertThat(lane.tryAcquire("another", 1, TimeUnit.MINUTES)).isFalse();

      lane.release("holder");
      for (int i = 0; i < 3; i++) {
        assertThat(waiting.get(i).get()).isTrue();
        lane.release("greedy");
      }
      assertThat(waiting.get(3).get()).isTrue();
      lane.release("modest");
    }
    assertThat(lane.held()).isZero();
  }

  @Test
  void anInterruptedWaiterKeepsNothing() throws Exception {
    var lane = new Lane(1, 10, 100);
    assertThat(acquire(lane, null)).isTrue();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> waiting = clients.submit(() -> acquire(lane, "one"));
      await().until(() -> lane.waiting() == 1);
      waiting.cancel(true);
      await().until(() -> lane.waiting() == 0);
    }
    lane.release(null);
    assertThat(lane.held()).isZero();
    assertThat(lane.tryAcquire("one", 0, TimeUnit.NANOSECONDS)).isTrue();
  }

  /// Against a count beside it.
  @Test
  void neverMoreThanThePermitsAreOut() throws Exception {
    var lane = new Lane(5, 100, 60);
    var all = new AtomicInteger();
    Map<String, AtomicInteger> each = new ConcurrentHashMap<>();
    List<Future<Integer>> clients = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
      for (int i = 0; i < 16; i++) {
        var random = new Random(i);
        clients.add(
            threads.submit(() -> {
              int granted = 0;
              for (int n = 0; n < 2_000; n++) {
                String owner = "owner " + random.nextInt(3);
                AtomicInteger own = each.computeIfAbsent(owner, _ -> new AtomicInteger());
                if (!lane.tryAcquire(owner, random.nextInt(200), TimeUnit.MICROSECONDS)) {
                  continue;
                }
                granted++;
                assertThat(all.incrementAndGet()).isLessThanOrEqualTo(5);
                assertThat(own.incrementAndGet()).isLessThanOrEqualTo(3);
                Thread.onSpinWait();
                own.decrementAndGet();
                all.decrementAndGet();
                lane.release(owner);
              }
              return granted;
            }));
      }
    }
    int granted = 0;
    for (Future<Integer> client : clients) {
      granted += client.get();
    }
    assertThat(granted).isPositive();
    assertThat(lane.held()).isZero();
    assertThat(lane.waiting()).isZero();
  }

  private static boolean acquire(Lane lane, @Nullable String owner) throws InterruptedException {
    return lane.tryAcquire(owner, 1, TimeUnit.MINUTES);
  }
}
