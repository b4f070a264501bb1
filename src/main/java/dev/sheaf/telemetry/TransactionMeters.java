package dev.sheaf.telemetry;

import dev.sheaf.database.Sql;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/// The age of the oldest transaction that keeps a snapshot. Vacuum and concurrent index builds of
/// all collections wait for it.
@ApplicationScoped
class TransactionMeters implements Measurement {

  /// Of all replicas. An index build keeps snapshots for long, and is reported by its own metrics.
  private static final String OLDEST =
      """
      SELECT coalesce(extract(epoch FROM clock_timestamp() - min(a.xact_start)), 0)
        FROM pg_stat_activity a
       WHERE a.datname = current_database()
         AND a.usename = current_user
         AND a.backend_xmin IS NOT NULL
         AND a.pid <> pg_backend_pid()
         AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index i WHERE i.pid = a.pid)
      """;

  private final MultiGauge oldest =
      MultiGauge.builder("sheaf.transaction.oldest")
          .description("Age of the oldest transaction that keeps a snapshot")
          .baseUnit("seconds")
          .register(Metrics.globalRegistry);

  @Override
  public void measure(Connection connection) throws SQLException {
    double age = Sql.of(OLDEST).first(connection, row -> row.getDouble(1)).orElse(0.0);
    oldest.register(List.of(Row.of(Tags.empty(), age)), true);
  }

  @Override
  public void forget() {
    oldest.register(List.of(), true);
  }
}
