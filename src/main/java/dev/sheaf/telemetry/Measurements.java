package dev.sheaf.telemetry;

import io.agroal.api.AgroalDataSource;
import io.quarkus.arc.All;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jboss.logging.Logger;

/// Runs every [Measurement] periodically, on one connection.
@ApplicationScoped
class Measurements {

  private static final Logger LOG = Logger.getLogger(Measurements.class);

  private final List<Measurement> all;
  private final AgroalDataSource dataSource;

  Measurements(@All List<Measurement> all, AgroalDataSource dataSource) {
    this.all = all;
    this.dataSource = dataSource;
  }

  @Scheduled(every = "${sheaf.metrics.every:15s}", concurrentExecution = ConcurrentExecution.SKIP)
  void measure() {
    try (Connection connection = dataSource.getConnection()) {
      for (Measurement measurement : all) {
        measure(measurement, connection);
      }
    } catch (SQLException e) {
      all.forEach(Measurement::forget);
      LOG.warnf("All measurements failed: reason=%s", e.getMessage());
    }
  }

  private static void measure(Measurement measurement, Connection connection) {
    try {
      measurement.measure(connection);
    } catch (SQLException | RuntimeException e) {
      // The others are not affected.
      measurement.forget();
      LOG.warnf(
          e instanceof RuntimeException ? e : null,
          "Measurement failed: what=%s reason=%s",
          measurement.getClass().getSimpleName(),
          e.getMessage());
    }
  }
}
