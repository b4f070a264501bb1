package dev.sheaf.migration.service;

import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.Backfill.State;
import dev.sheaf.telemetry.Measurement;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;

/// Measures the number of backfills by state, and the progress of unfinished ones.
@ApplicationScoped
class BackfillMeters implements Measurement {

  private final MultiGauge backfills =
      MultiGauge.builder("sheaf.backfills")
          .description("Backfills by state")
          .register(Metrics.globalRegistry);
  private final MultiGauge done =
      MultiGauge.builder("sheaf.backfill.done")
          .description("Rows that a backfill has processed")
          .baseUnit("rows")
          .register(Metrics.globalRegistry);
  private final MultiGauge estimated =
      MultiGauge.builder("sheaf.backfill.estimated")
          .description("Estimated total number of rows of a backfill")
          .baseUnit("rows")
          .register(Metrics.globalRegistry);

  @Override
  public void measure(Connection connection) throws SQLException {
    List<Backfill> all = Backfill.all(connection);
    backfills.register(
        Stream.of(State.values())
            .<Row<?>>map(state ->
                Row.of(
                    Tags.of("state", state.toString()),
                    all.stream().filter(backfill -> backfill.state() == state).count()))
            .toList(),
        true);
    List<Backfill> open =
        all.stream()
            .filter(
                backfill -> backfill.state() != State.DONE && backfill.state() != State.CANCELLED)
            .toList();
    done.register(
        open.stream().<Row<?>>map(backfill -> Row.of(tags(backfill), backfill.rowsDone())).toList(),
        true);
    estimated.register(
        open.stream()
            .<Row<?>>mapMulti((backfill, rows) -> {
              if (backfill.rowsEstimated() != null) {
                rows.accept(Row.of(tags(backfill), backfill.rowsEstimated()));
              }
            })
            .toList(),
        true);
  }

  @Override
  public void forget() {
    backfills.register(List.of(), true);
    done.register(List.of(), true);
    estimated.register(List.of(), true);
  }

  private static Tags tags(Backfill backfill) {
    return Tags.of("backfill", backfill.name());
  }
}
