package dev.sheaf.limits;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.StartupFailure;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Limits how many operations of each [WorkKind] run concurrently.
@Singleton
public class ConcurrencyLimiter {

  private final LimitsConfig config;
  private final int pool;
  private final Map<WorkKind, Lane> lanes = new EnumMap<>(WorkKind.class);

  /// @param pool the number of connections in the pool
  public ConcurrencyLimiter(
      LimitsConfig config, @ConfigProperty(name = "quarkus.datasource.jdbc.max-size") int pool) {
    this.config = config;
    this.pool = pool;
    for (WorkKind work : WorkKind.values()) {
      int limit = work.maxConcurrent(config, pool);
      var lane = new Lane(limit, config.queue(), config.collectionShare());
      lanes.put(work, lane);
      RejectionMeters.count(work.plural(), 0);
      Gauge.builder("sheaf.work.limit", () -> limit)
          .description("How many operations of a kind may run concurrently")
          .tag("work", work.plural())
          .register(Metrics.globalRegistry);
      Gauge.builder("sheaf.work.busy", lane::held)
          .description("How many operations of a kind are running")
          .tag("work", work.plural())
          .register(Metrics.globalRegistry);
    }
  }

  void start(@Observes StartupEvent event) {
    StartupFailure.exitIfFails("limits", this::requireFreeConnections);
  }

  private void requireFreeConnections() {
    int needed = 0;
    for (WorkKind work : WorkKind.values()) {
      needed += work.maxConcurrent(config, pool) * work.connections();
    }
    if (needed >= pool) {
      throw new OperatorException(
          "sheaf.limits allows work to use %s connections, but the pool has only %s and background work needs some"
              .formatted(needed, pool),
          "lower sheaf.limits.*, or raise quarkus.datasource.jdbc.max-size");
    }
  }

  /// The permission to run one operation. Close it when the operation ends.
  public interface Permit extends AutoCloseable {
    @Override
    void close();
  }

  /// Waits for a permit, at most `sheaf.limits.queue-for`.
  ///
  /// @throws Problem `OVERLOADED` if no permit is available in time, or the queue is full
  public Permit acquire(WorkKind work) throws InterruptedException {
    return acquire(work, null);
  }

  /// The same for an owner, which gets at most its share of the permits:
  /// `sheaf.limits.collection-share`.
  ///
  /// @param owner the name of a collection, or a caller; `null` for work without an owner
  public Permit acquire(WorkKind work, @Nullable String owner) throws InterruptedException {
    return acquire(work, owner, config.queueFor());
  }

  /// The same, but waits for a permit at most `patience`.
  public Permit acquire(WorkKind work, @Nullable String owner, Duration patience)
      throws InterruptedException {
    Lane lane = lane(work);
    String sharing = work.isShared() ? owner : null;
    if (!lane.tryAcquire(sharing, patience.toMillis(), TimeUnit.MILLISECONDS)) {
      RejectionMeters.count(work.plural(), 1);
      throw new Problem(
          ProblemType.OVERLOADED,
          "Too many %1$s are already running. Retry later, or raise sheaf.limits.%1$s."
              .formatted(work.plural()));
    }
    return () -> lane.release(sharing);
  }

  /// Whether operations of this kind wait for a permit.
  public boolean isContended(WorkKind work) {
    return lane(work).waiting() > 0;
  }

  private Lane lane(WorkKind work) {
    return Objects.requireNonNull(lanes.get(work));
  }
}
