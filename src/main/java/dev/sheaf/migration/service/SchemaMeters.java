package dev.sheaf.migration.service;

import dev.sheaf.telemetry.Measurement;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;

/// Measures whether the gate would still let this service through.
@ApplicationScoped
class SchemaMeters implements Measurement {

  private final SchemaState state;
  private volatile double fits = Double.NaN;

  SchemaMeters(SchemaState state) {
    this.state = state;
    Gauge.builder("sheaf.schema.fits", () -> fits)
        .description("1 while the schema is what this build can work with, else 0")
        .register(Metrics.globalRegistry);
  }

  @Override
  public void measure(Connection connection) throws SQLException {
    fits = state.look(connection).isCompatible() ? 1 : 0;
  }

  @Override
  public void forget() {
    fits = Double.NaN;
  }
}
