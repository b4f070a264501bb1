package dev.sheaf.ingestion;

import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.telemetry.Measurement;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The metrics of jobs: their number by state, and the age of the oldest unfinished one.
@ApplicationScoped
class JobMeters implements Measurement {

  /// By state: the number of jobs, and the age of the oldest unfinished job in seconds.
  private static final String STATES =
      """
      SELECT s.state, count(j.id), extract(epoch FROM now() - min(j.created_at) FILTER (WHERE j.finished_at IS NULL))
        FROM unnest(?) AS s (state)
        LEFT JOIN ingestion_job j ON j.state = s.state
       GROUP BY s.state
      """;

  private final ModuleSwitches modules;
  private final MultiGauge jobs =
      MultiGauge.builder("sheaf.jobs")
          .description("Stored jobs of all replicas")
          .register(Metrics.globalRegistry);
  private final MultiGauge oldest =
      MultiGauge.builder("sheaf.jobs.oldest")
          .description("Age of the oldest unfinished job; 0 without any")
          .baseUnit("seconds")
          .register(Metrics.globalRegistry);

  JobMeters(ModuleSwitches modules) {
    this.modules = modules;
  }

  @Override
  public void measure(Connection connection) throws SQLException {
    if (!modules.isOn(IngestionResource.MODULE)) {
      return;
    }
    List<Row<?>> counts = new ArrayList<>();
    List<Row<?>> ages = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(STATES)) {
      select.setArray(
          1,
          connection.createArrayOf(
              "text", Stream.of(JobState.values()).map(JobState::value).toArray()));
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          JobState state = JobState.of(row.getString(1));
          Tags tags = Tags.of("state", state.value());
          counts.add(Row.of(tags, row.getLong(2)));
          if (!state.isFinished()) {
            ages.add(Row.of(tags, row.getDouble(3)));
          }
        }
      }
    }
    jobs.register(counts, true);
    oldest.register(ages, true);
  }

  @Override
  public void forget() {
    jobs.register(List.of(), true);
    oldest.register(List.of(), true);
  }
}
