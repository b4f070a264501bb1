package dev.sheaf.schema.backfill;

import dev.sheaf.schema.Backfill;
import dev.sheaf.schema.SchemaException;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import org.jboss.logging.Logger;

/// Measures how far backfills have come that are not at their end.
@ApplicationScoped
class BackfillMeters {

  private static final Logger LOG = Logger.getLogger(BackfillMeters.class);

  private final BackfillService service;
  private final BackfillConfig config;
  private final MultiGauge done =
      MultiGauge.builder("sheaf.backfill.done")
          .description("Rows that a backfill has passed")
          .baseUnit("rows")
          .register(Metrics.globalRegistry);
  private final MultiGauge estimated =
      MultiGauge.builder("sheaf.backfill.estimated")
          .description("Rows that it will have passed in the end")
          .baseUnit("rows")
          .register(Metrics.globalRegistry);

  BackfillMeters(BackfillService service, BackfillConfig config) {
    this.service = service;
    this.config = config;
  }

  @Scheduled(every = "${sheaf.metrics.every:15s}")
  void measure() {
    if (!config.enabled()) {
      return;
    }
    List<Backfill> open = List.of();
    try {
      open =
          service.backfills().list().stream()
              .filter(backfill -> backfill.finishedAt() == null)
              .toList();
    } catch (SchemaException e) {
      // Without an answer, none is better than an old one.
      LOG.warnf("Backfills not measured: reason=%s", e.problem());
    }
    done.register(open.stream().<Row<?>>map(b -> Row.of(tags(b), b.rowsDone())).toList(), true);
    estimated.register(
        open.stream()
            .filter(b -> b.rowsEstimated() != null)
            .<Row<?>>map(b -> Row.of(tags(b), b.rowsEstimated()))
            .toList(),
        true);
  }

  private static Tags tags(Backfill backfill) {
    return Tags.of("backfill", backfill.name(), "state", backfill.state().toString());
  }
}
