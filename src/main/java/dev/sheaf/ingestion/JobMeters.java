package dev.sheaf.ingestion;

import dev.sheaf.schema.ModuleSwitches;
import io.agroal.api.AgroalDataSource;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/// Measures how many jobs are waiting or at work, in all replicas together, and for how long the
/// oldest has been.
@ApplicationScoped
class JobMeters {

  private static final Logger LOG = Logger.getLogger(JobMeters.class);

  private static final String UNFINISHED =
      """
      SELECT s.state, count(j.id), COALESCE(extract(epoch FROM now() - min(j.created_at)), 0)
        FROM unnest(ARRAY['receiving', 'queued', 'running']) AS s (state)
        LEFT JOIN ingestion_job j ON j.state = s.state AND j.finished_at IS NULL
       GROUP BY s.state
      """;

  private final ModuleSwitches modules;
  private final AgroalDataSource dataSource;
  private final MultiGauge jobs =
      MultiGauge.builder("sheaf.jobs")
          .description("Unfinished jobs of all replicas")
          .register(Metrics.globalRegistry);
  private final MultiGauge age =
      MultiGauge.builder("sheaf.jobs.oldest")
          .description("Age of the oldest unfinished job")
          .baseUnit("seconds")
          .register(Metrics.globalRegistry);

  JobMeters(ModuleSwitches modules, AgroalDataSource dataSource) {
    this.modules = modules;
    this.dataSource = dataSource;
  }

  @Scheduled(every = "${sheaf.metrics.every:15s}")
  void measure() {
    if (!modules.isOn(IngestionResource.MODULE)) {
      return;
    }
    List<Row<?>> counts = new ArrayList<>();
    List<Row<?>> ages = new ArrayList<>();
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(UNFINISHED);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        Tags state = Tags.of("state", row.getString(1));
        counts.add(Row.of(state, row.getLong(2)));
        ages.add(Row.of(state, row.getDouble(3)));
      }
    } catch (SQLException e) {
      LOG.warnf("Jobs not measured: reason=%s", e.getMessage());
    }
    // Without an answer, none is better than an old one.
    jobs.register(counts, true);
    age.register(ages, true);
  }
}
