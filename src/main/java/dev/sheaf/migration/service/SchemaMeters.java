package dev.sheaf.migration.service;

import dev.sheaf.telemetry.Measurement;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;

/// Measures whether this build is still compatible with the schema.
@ApplicationScoped
class SchemaMeters implements Measurement {

  private final SchemaState state;
  private volatile double compatible = Double.NaN;

  SchemaMeters(SchemaState state) {
    this.state = state;
    Gauge.builder("sheaf.schema.fits", () -> compatible)
        .description("1 if this build is compatible with the schema, else 0")
        .register(Metrics.globalRegistry);
  }

  @Override
  public void measure(Connection connection) throws SQLException {
    compatible = state.verdict(connection).isCompatible() ? 1 : 0;
  }

  @Override
  public void forget() {
    compatible = Double.NaN;
  }
}
