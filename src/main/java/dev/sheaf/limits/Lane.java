package dev.sheaf.limits;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The permits of one kind of work. Whoever comes first is first, but one owner, such as a
/// collection, has at most its share of the permits and of the queue: if all of its operations
/// hang, those of others go on.
final class Lane {

  private final int permits;
  private final int permitsOfOne;
  private final int queue;
  private final int queueOfOne;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Integer> heldByOwner = new HashMap<>();
  private final Map<String, Integer> waitingByOwner = new HashMap<>();
  private final Deque<Waiter> waiters = new ArrayDeque<>();
  private int held;

  /// @param queue how many operations may wait
  /// @param share the percentage of the permits, and of the queue, for one owner. If there are
  ///   several permits, at least one is left for others, unless the share is 100
  Lane(int permits, int queue, int share) {
    this.permits = permits;
    this.permitsOfOne = shareOf(permits, share);
    this.queue = queue;
    this.queueOfOne = shareOf(queue, share);
  }

  private static int shareOf(int all, int percent) {
    int part = Math.ceilDiv(all * percent, 100);
    return percent < 100 && part == all ? Math.max(1, all - 1) : part;
  }

  private static final class Waiter {
    private final @Nullable String owner;
    private final Condition granted;
    private boolean isGranted;

    Waiter(@Nullable String owner, Condition granted) {
      this.owner = owner;
      this.granted = granted;
    }
  }

  /// The number of permits that are in use.
  int held() {
    lock.lock();
    try {
      return held;
    } finally {
      lock.unlock();
    }
  }

  /// The number of operations that wait.
  int waiting() {
    lock.lock();
    try {
      return waiters.size();
    } finally {
      lock.unlock();
    }
  }

  /// Waits for a permit. Give it back with [#release].
  ///
  /// @param owner has only its share; `null` has no such limit
  /// @return `false` if no permit is available in time, or the queue is full
  boolean tryAcquire(@Nullable String owner, long time, TimeUnit unit) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      // Waiters that could have a permit have one already.
      if (isFree(owner)) {
        take(owner);
        return true;
      }
      if (waiters.size() >= queue
          || (owner != null && count(waitingByOwner, owner) >= queueOfOne)) {
        return false;
      }
      return await(new Waiter(owner, lock.newCondition()), unit.toNanos(time));
    } finally {
      lock.unlock();
    }
  }

  private boolean await(Waiter waiter, long nanos) throws InterruptedException {
    waiters.add(waiter);
    change(waitingByOwner, waiter.owner, 1);
    long left = nanos;
    try {
      while (!waiter.isGranted && left > 0) {
        left = waiter.granted.awaitNanos(left);
      }
      return waiter.isGranted;
    } catch (InterruptedException e) {
      if (waiter.isGranted) {
        giveBack(waiter.owner);
      }
      throw e;
    } finally {
      waiters.remove(waiter);
      change(waitingByOwner, waiter.owner, -1);
    }
  }

  void release(@Nullable String owner) {
    lock.lock();
    try {
      giveBack(owner);
    } finally {
      lock.unlock();
    }
  }

  private void giveBack(@Nullable String owner) {
    held--;
    change(heldByOwner, owner, -1);
    Iterator<Waiter> waiting = waiters.iterator();
    while (held < permits && waiting.hasNext()) {
      Waiter waiter = waiting.next();
      if (!waiter.isGranted && isFree(waiter.owner)) {
        take(waiter.owner);
        waiter.isGranted = true;
        waiter.granted.signal();
      }
    }
  }

  private boolean isFree(@Nullable String owner) {
    return held < permits && (owner == null || count(heldByOwner, owner) < permitsOfOne);
  }

  private void take(@Nullable String owner) {
    held++;
    change(heldByOwner, owner, 1);
  }

  private static int count(Map<String, Integer> counts, String owner) {
    return counts.getOrDefault(owner, 0);
  }

  private static void change(Map<String, Integer> counts, @Nullable String owner, int by) {
    if (owner != null) {
      counts.merge(owner, by, (before, change) -> before + change == 0 ? null : before + change);
    }
  }
}
