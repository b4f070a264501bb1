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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The heap that requests may use together: `sheaf.limits.memory`. A request reserves its share
/// before it reads a body or collects an answer, so that the heap cannot overflow. A reservation
/// that does not fit waits for `sheaf.limits.queue-for`, then the request is rejected with 503.
///
/// Small and large reservations have separate parts of the budget, so that searches go on while
/// large documents wait. The callers share each [MemoryPart] fairly, and some of the part for small
/// reservations is kept for callers that hold little: a search of a caller goes on while another
/// caller fills the memory. A third, small part is for bodies that arrive before the caller is
/// authenticated.
@Singleton
public class MemoryBudget {

  /// A reservation up to this share of the part for small ones comes from there. An ordinary search
  /// needs less.
  private static final int SMALL_SHARE = 4;

  /// This percentage of the part for small reservations is kept for callers that hold at most
  /// [#LITTLE_PERCENT] of it: an ordinary search, or a few.
  private static final int KEPT_PERCENT = 25;

  private static final int LITTLE_PERCENT = 6;

  private static final int DEFAULT_PERCENT = 60;
  private static final int SMALL_PERCENT = 15;
  private static final int ARRIVING_PERCENT = 5;

  private final LimitsConfig config;
  private final MemoryPart small;
  private final MemoryPart large;
  private final MemoryPart arriving;

  @Inject
  MemoryBudget(LimitsConfig config) {
    this(config, Runtime.getRuntime().maxMemory());
  }

  /// @param heap the maximum size of the heap in bytes
  MemoryBudget(LimitsConfig config, long heap) {
    this.config = config;
    long total = config.memory().map(MemorySize::asLongValue).orElse(heap * DEFAULT_PERCENT / 100);
    long ofSmall = total * SMALL_PERCENT / 100;
    this.small =
        new MemoryPart(ofSmall, ofSmall * KEPT_PERCENT / 100, ofSmall * LITTLE_PERCENT / 100);
    this.arriving = new MemoryPart(total * ARRIVING_PERCENT / 100, 0, 0);
    this.large = new MemoryPart(total - small.bytes() - arriving.bytes(), 0, 0);
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
    return new Account(new Object(), false);
  }

  /// The same for a request of a caller, which shares the memory with its other requests.
  public Account open(String caller) {
    return new Account(caller, false);
  }

  /// The same for work that lasts for long. It leaves the part for small reservations to others.
  public Account openForLong() {
    return new Account(new Object(), true);
  }

  /// Reserves memory for a body that arrives before its caller is authenticated. Never waits.
  ///
  /// @return an account to close, or `null` if too many such bodies are arriving
  @Nullable Account tryOpenForArrival(long bytes) {
    var account = new Account(new Object(), false);
    int units = MemoryPart.units(bytes);
    if (!account.tryAcquire(arriving, units, Duration.ZERO)) {
      return null;
    }
    account.hold(new Reservation(arriving, account.owner, units));
    return account;
  }

  /// Reserved memory, which its [Account] gives back.
  public static final class Reservation {
    private final MemoryPart part;
    private final Object owner;
    private final AtomicInteger units;

    private Reservation(MemoryPart part, Object owner, int units) {
      this.part = part;
      this.owner = owner;
      this.units = new AtomicInteger(units);
    }

    /// Gives back what is more than `bytes`.
    public void shrink(long bytes) {
      shrinkTo(MemoryPart.units(bytes));
    }

    private void shrinkTo(int fewer) {
      int before = units.getAndUpdate(now -> Math.min(now, fewer));
      if (before > fewer) {
        part.release(owner, before - fewer);
      }
    }
  }

  /// What one request, or one step of a background job, has reserved. Threads may share it.
  public final class Account implements AutoCloseable {

    private final Deque<Reservation> held = new ArrayDeque<>();
    private final Object owner;
    private final boolean onlyLarge;
    private boolean closed;

    private Account(Object owner, boolean onlyLarge) {
      this.owner = owner;
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
      int units = MemoryPart.units(bytes);
      if (!tryAcquire(large, units, Duration.ZERO)) {
        return false;
      }
      hold(new Reservation(large, owner, units));
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
        int units = MemoryPart.units(bytes);
        if (tryAcquire(small, units, Duration.ZERO)) {
          return new Reservation(small, owner, units);
        }
        if (tryAcquire(large, units, Duration.ZERO)) {
          return new Reservation(large, owner, units);
        }
        if (tryAcquire(small, units, patience)) {
          return new Reservation(small, owner, units);
        }
      } else {
        int units = MemoryPart.units(bytes);
        if (!large.canFit(bytes)) {
          throw new Problem(
              ProblemType.OVERLOADED,
              "The request needs %s MB of memory, but requests may use only %s MB. Send a smaller request, or raise sheaf.limits.memory."
                  .formatted(megabytes(bytes), megabytes(large.bytes())));
        }
        if (tryAcquire(large, units, patience)) {
          return new Reservation(large, owner, units);
        }
      }
      RejectionMeters.count("memory", 1);
      throw new Problem(
          ProblemType.OVERLOADED,
          "The requests that are running use all memory. Retry later, or raise sheaf.limits.memory.");
    }

    private boolean tryAcquire(MemoryPart part, int units, Duration patience) {
      try {
        return part.tryAcquire(
            owner, units, patience.toMillis(), TimeUnit.MILLISECONDS, config.queue());
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
