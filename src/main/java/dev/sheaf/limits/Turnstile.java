package dev.sheaf.limits;

import dev.sheaf.api.Problem;
import dev.sheaf.api.ProblemType;
import dev.sheaf.schema.RefusedStart;
import dev.sheaf.schema.SchemaException;
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
public class Turnstile {

  private final LimitsConfig config;
  private final int pool;
  private final Map<Work, Semaphore> places = new EnumMap<>(Work.class);

  Turnstile(
      LimitsConfig config, @ConfigProperty(name = "quarkus.datasource.jdbc.max-size") int pool) {
    this.config = config;
    this.pool = pool;
    for (Work work : Work.values()) {
      int limit = work.places(config, pool);
      // First come, first served.
      var place = new Semaphore(limit, true);
      places.put(work, place);
      Refusals.count(work.plural(), 0);
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
    RefusedStart.unless("limits", this::requireRoom);
  }

  private void requireRoom() {
    int taken = 0;
    for (Work work : Work.values()) {
      taken += work.places(config, pool) * work.connections();
    }
    if (taken >= pool) {
      throw new SchemaException(
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
  public Place enter(Work work) throws InterruptedException {
    Semaphore place = Objects.requireNonNull(places.get(work));
    boolean full = place.getQueueLength() >= config.queue();
    if (!place.tryAcquire(full ? 0 : config.queueFor().toMillis(), TimeUnit.MILLISECONDS)) {
      Refusals.count(work.plural(), 1);
      throw new Problem(
          ProblemType.OVERLOADED,
          "as many %1$s as may are under way already, and others wait; try again later, or raise sheaf.limits.%1$s"
              .formatted(work.plural()));
    }
    return place::release;
  }
}
