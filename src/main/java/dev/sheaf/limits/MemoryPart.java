package dev.sheaf.limits;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A part of the [MemoryBudget], which its owners share fairly: of those that wait, the one that
/// holds least is next, whoever came first. Nobody overtakes it, so large reservations do not
/// starve.
///
/// Some of a part can be kept for owners that hold little. However much others hold and wait for,
/// such an owner waits only for its like.
final class MemoryPart {

  /// The memory is counted in units of this many bytes.
  private static final int UNIT = 1024;

  private final int size;
  private final int kept;
  private final int little;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Object, Integer> heldByOwner = new HashMap<>();

  /// In the order of their arrival.
  private final List<Waiter> waiters = new ArrayList<>();

  private int held;

  /// @param kept the bytes that are kept for owners that hold at most `little` bytes
  MemoryPart(long bytes, long kept, long little) {
    this.size = Math.toIntExact(Math.clamp(bytes / UNIT, 1, Integer.MAX_VALUE));
    this.kept = Math.toIntExact(Math.min(kept / UNIT, size));
    this.little = Math.toIntExact(Math.min(little / UNIT, size));
  }

  private static final class Waiter {
    private final Object owner;
    private final int units;
    private final Condition granted;
    private boolean isGranted;

    Waiter(Object owner, int units, Condition granted) {
      this.owner = owner;
      this.units = units;
      this.granted = granted;
    }
  }

  long bytes() {
    return (long) size * UNIT;
  }

  long reserved() {
    lock.lock();
    try {
      return (long) held * UNIT;
    } finally {
      lock.unlock();
    }
  }

  /// The number of reservations that wait.
  int waiting() {
    lock.lock();
    try {
      return waiters.size();
    } finally {
      lock.unlock();
    }
  }

  /// Whether so many bytes can ever be reserved.
  boolean canFit(long bytes) {
    return units(bytes) <= size;
  }

  /// The units that contain so many bytes.
  static int units(long bytes) {
    return Math.toIntExact(Math.min(bytes / UNIT + 1, Integer.MAX_VALUE));
  }

  /// Reserves memory. Give it back with [#release].
  ///
  /// @param queue how many reservations may wait
  /// @return `false` if the memory is not available in time, or the queue is full
  boolean tryAcquire(Object owner, int units, long time, TimeUnit unit, int queue)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      var waiter = new Waiter(owner, units, lock.newCondition());
      boolean isFull = waiters.size() >= queue;
      waiters.add(waiter);
      try {
        grant();
        long left = isFull ? 0 : unit.toNanos(time);
        while (!waiter.isGranted && left > 0) {
          left = waiter.granted.awaitNanos(left);
        }
        return waiter.isGranted;
      } catch (InterruptedException e) {
        if (waiter.isGranted) {
          change(owner, -units);
        }
        throw e;
      } finally {
        waiters.remove(waiter);
        // Others may have waited behind this one only.
        grant();
      }
    } finally {
      lock.unlock();
    }
  }

  void release(Object owner, int units) {
    lock.lock();
    try {
      change(owner, -units);
      grant();
    } finally {
      lock.unlock();
    }
  }

  private void grant() {
    for (Waiter next = next(); next != null; next = next()) {
      waiters.remove(next);
      change(next.owner, next.units);
      next.isGranted = true;
      next.granted.signal();
    }
  }

  private @Nullable Waiter next() {
    Waiter first = null;
    for (Waiter waiter : waiters) {
      if (first == null || held(waiter.owner) < held(first.owner)) {
        first = waiter;
      }
    }
    if (first == null || first.units <= size - kept - held) {
      return first;
    }
    for (Waiter waiter : waiters) {
      if (held(waiter.owner) + waiter.units <= little && waiter.units <= size - held) {
        return waiter;
      }
    }
    return null;
  }

  private int held(Object owner) {
    return heldByOwner.getOrDefault(owner, 0);
  }

  private void change(Object owner, int units) {
    held += units;
    heldByOwner.merge(
        owner, units, (before, change) -> before + change == 0 ? null : before + change);
  }
}
