package dev.sheaf.limits;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The heap that requests may use together: `sheaf.limits.memory`. A request reserves its share
/// before it reads a body or collects an answer, so that the heap cannot overflow. A reservation
/// that does not fit waits for `sheaf.limits.queue-for`, then the request is rejected with 503.
///
/// Small and large reservations have separate parts of the budget, so that searches go on while
/// large documents wait. Each part is fair: first come, first served. A third, small part is for
/// bodies that arrive before the caller is authenticated.
@Singleton
public class MemoryBudget {

  /// A reservation up to this share of the part for small ones comes from there. An ordinary search
  /// needs less.
  private static final int SMALL_SHARE = 4;

  /// The budget is counted in units of this many bytes.
  private static final int UNIT = 1024;

  private static final int DEFAULT_PERCENT = 60;
  private static final int SMALL_PERCENT = 15;
  private static final int ARRIVING_PERCENT = 5;

  private final LimitsConfig config;
  private final Part small;
  private final Part large;
  private final Part arriving;

  @Inject
  MemoryBudget(LimitsConfig config) {
    this(config, Runtime.getRuntime().maxMemory());
  }

  /// @param heap the maximum size of the heap in bytes
  MemoryBudget(LimitsConfig config, long heap) {
    this.config = config;
    long total = config.memory().map(MemorySize::asLongValue).orElse(heap * DEFAULT_PERCENT / 100);
    this.small = new Part(total * SMALL_PERCENT / 100);
    this.arriving = new Part(total * ARRIVING_PERCENT / 100);
    this.large = new Part(total - small.bytes() - arriving.bytes());
    RejectionMeters.count("memory", 0);
    Gauge.builder("sheaf.memory.limit", () -> total)
        .description("Heap that requests may use together")
        .baseUnit("bytes")
        .register(Metrics.globalRegistry);
    Gauge.builder("sheaf.memory.reserved", this::reserved)
        .description("Heap that requests have reserved")
        .baseUnit("bytes")
        .register(Metrics.globalRegistry);
  }

  /// The size of the largest possible reservation in bytes.
  public long largest() {
    return large.bytes();
  }

  /// The number of bytes that are reserved now.
  long reserved() {
    return small.reserved() + large.reserved() + arriving.reserved();
  }

  /// An empty account. Close it when the memory is no longer used.
  public Account open() {
    return new Account(false);
  }

  /// The same for work that lasts for long. It leaves the part for small reservations to others.
  public Account openForLong() {
    return new Account(true);
  }

  /// Reserves memory for a body that arrives before its caller is authenticated. Never waits.
  ///
  /// @return an account to close, or `null` if too many such bodies are arriving
  @Nullable Account tryOpenForArrival(long bytes) {
    int units = arriving.units(bytes);
    if (!arriving.free.tryAcquire(units)) {
      return null;
    }
    var account = new Account(false);
    account.held.add(new Reservation(arriving, units));
    return account;
  }

  /// A part of the budget.
  private static final class Part {
    private final int size;
    private final Semaphore free;

    Part(long bytes) {
      this.size = Math.toIntExact(Math.clamp(bytes / UNIT, 1, Integer.MAX_VALUE));
      this.free = new Semaphore(size, true);
    }

    long bytes() {
      return (long) size * UNIT;
    }

    long reserved() {
      return (long) (size - free.availablePermits()) * UNIT;
    }

    /// @return more than [#size] if `bytes` can never fit
    int units(long bytes) {
      return Math.toIntExact(Math.min(bytes / UNIT + 1, Integer.MAX_VALUE));
    }
  }

  /// Reserved memory, which its [Account] gives back.
  public static final class Reservation {
    private final Part part;
    private final AtomicInteger units;

    private Reservation(Part part, int units) {
      this.part = part;
      this.units = new AtomicInteger(units);
    }

    /// Gives back what is more than `bytes`.
    public void shrink(long bytes) {
      shrinkTo(part.units(bytes));
    }

    private void shrinkTo(int fewer) {
      int before = units.getAndUpdate(now -> Math.min(now, fewer));
      if (before > fewer) {
        part.free.release(before - fewer);
      }
    }
  }

  /// What one request, or one step of a background job, has reserved. Threads may share it.
  public final class Account implements AutoCloseable {

    private final Deque<Reservation> held = new ArrayDeque<>();
    private final boolean onlyLarge;
    private boolean closed;

    private Account(boolean onlyLarge) {
      this.onlyLarge = onlyLarge;
    }

    /// The size of the largest possible reservation in bytes.
    public long largest() {
      return large.bytes();
    }

    /// Waits for memory, at most `sheaf.limits.queue-for`.
    ///
    /// @throws Problem `OVERLOADED` if the memory is not available in time
    public Reservation reserve(long bytes) {
      return reserve(bytes, config.queueFor());
    }

    /// Waits for memory, at most `patience`. Two requests that hold memory and wait for more may
    /// wait for each other.
    ///
    /// @throws Problem `OVERLOADED` if the memory is not available in time
    public Reservation reserve(long bytes, Duration patience) {
      return hold(acquire(bytes, patience));
    }

    /// Reserves memory if it is available now. Only for an account that is open for long.
    public boolean tryReserve(long bytes) {
      int units = large.units(bytes);
      if (!tryAcquire(large, units, Duration.ZERO)) {
        return false;
      }
      hold(new Reservation(large, units));
      return true;
    }

    private Reservation hold(Reservation reservation) {
      boolean ended;
      synchronized (this) {
        ended = closed;
        if (!ended) {
          held.push(reservation);
        }
      }
      if (ended) {
        reservation.shrinkTo(0);
      }
      return reservation;
    }

    private Reservation acquire(long bytes, Duration patience) {
      if (!onlyLarge && bytes <= small.bytes() / SMALL_SHARE) {
        int units = small.units(bytes);
        if (tryAcquire(small, units, Duration.ZERO)) {
          return new Reservation(small, units);
        }
        if (tryAcquire(large, units, Duration.ZERO)) {
          return new Reservation(large, units);
        }
        if (tryAcquire(small, units, patience)) {
          return new Reservation(small, units);
        }
      } else {
        int units = large.units(bytes);
        if (units > large.size) {
          throw new Problem(
              ProblemType.OVERLOADED,
              "The request needs %s MB of memory, but requests may use only %s MB. Send a smaller request, or raise sheaf.limits.memory."
                  .formatted(megabytes(bytes), megabytes(large.bytes())));
        }
        if (tryAcquire(large, units, patience)) {
          return new Reservation(large, units);
        }
      }
      RejectionMeters.count("memory", 1);
      throw new Problem(
          ProblemType.OVERLOADED,
          "The requests that are running use all memory. Retry later, or raise sheaf.limits.memory.");
    }

    private boolean tryAcquire(Part part, int units, Duration patience) {
      try {
        boolean full = part.free.getQueueLength() >= config.queue();
        // Without a time, tryAcquire would overtake those that wait.
        return part.free.tryAcquire(units, full ? 0 : patience.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    /// Gives everything back. The account can be closed several times.
    @Override
    public synchronized void close() {
      closed = true;
      for (Reservation reservation = held.poll(); reservation != null; reservation = held.poll()) {
        reservation.shrinkTo(0);
      }
    }
  }

  private static long megabytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }
}
