package dev.sheaf.limits;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.StartupFailure;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Lets work in while there is room for it.
@ApplicationScoped
public class ConcurrencyLimiter {

  private final LimitsConfig config;
  private final int pool;
  private final Map<WorkKind, Semaphore> places = new EnumMap<>(WorkKind.class);

  ConcurrencyLimiter(
      LimitsConfig config, @ConfigProperty(name = "quarkus.datasource.jdbc.max-size") int pool) {
    this.config = config;
    this.pool = pool;
    for (WorkKind work : WorkKind.values()) {
      int limit = work.places(config, pool);
      // First come, first served.
      var place = new Semaphore(limit, true);
      places.put(work, place);
      RejectionMeters.count(work.plural(), 0);
      Gauge.builder("sheaf.work.limit", () -> limit)
          .description("How much of a kind of work may be under way at once")
          .tag("work", work.plural())
          .register(Metrics.globalRegistry);
      Gauge.builder("sheaf.work.busy", () -> limit - place.availablePermits())
          .description("How much of it is")
          .tag("work", work.plural())
          .register(Metrics.globalRegistry);
    }
  }

  void start(@Observes StartupEvent event) {
    StartupFailure.unless("limits", this::requireRoom);
  }

  private void requireRoom() {
    int taken = 0;
    for (WorkKind work : WorkKind.values()) {
      taken += work.places(config, pool) * work.connections();
    }
    if (taken >= pool) {
      throw new OperatorException(
          "sheaf.limits lets work take %s connections, and the pool has %s".formatted(taken, pool),
          "lower sheaf.limits.*, or raise quarkus.datasource.jdbc.max-size");
    }
  }

  /// A place for one piece of work, to be closed when that is done.
  public interface Place extends AutoCloseable {
    @Override
    void close();
  }

  /// Waits for a place.
  ///
  /// @throws Problem `OVERLOADED` when there is none in time, or too many wait already
  public Place enter(WorkKind work) throws InterruptedException {
    Semaphore place = Objects.requireNonNull(places.get(work));
    boolean full = place.getQueueLength() >= config.queue();
    if (!place.tryAcquire(full ? 0 : config.queueFor().toMillis(), TimeUnit.MILLISECONDS)) {
      RejectionMeters.count(work.plural(), 1);
      throw new Problem(
          ProblemType.OVERLOADED,
          "as many %1$s as may are under way already, and others wait; try again later, or raise sheaf.limits.%1$s"
              .formatted(work.plural()));
    }
    return place::release;
  }
}
