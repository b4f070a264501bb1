package dev.sheaf.migration.service;

import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.engine.CompatibilityVerdict;
import java.sql.SQLException;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/// The service is ready if it is compatible with the schema.
@Readiness
final class SchemaReadiness implements HealthCheck {

  private final SchemaState state;

  SchemaReadiness(SchemaState state) {
    this.state = state;
  }

  @Override
  public HealthCheckResponse call() {
    HealthCheckResponseBuilder response = HealthCheckResponse.named("schema");
    try {
      CompatibilityVerdict verdict = state.verdict();
      return verdict.isCompatible()
          ? response.up().build()
          : response.down().withData("reason", verdict.reason()).build();
    } catch (SQLException e) {
      return response.down().withData("reason", SqlErrorMessage.message(e)).build();
    }
  }
}
