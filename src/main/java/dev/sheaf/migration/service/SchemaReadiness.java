package dev.sheaf.migration.service;

import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.engine.CompatibilityVerdict;
import java.sql.SQLException;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/// The service is ready if it is compatible with the schema. If the database is read-only, this
/// says so.
@Readiness
final class SchemaReadiness implements HealthCheck {

  private final SchemaState state;
  private final ReadOnlyWatch readOnly;

  SchemaReadiness(SchemaState state, ReadOnlyWatch readOnly) {
    this.state = state;
    this.readOnly = readOnly;
  }

  @Override
  public HealthCheckResponse call() {
    HealthCheckResponseBuilder response = HealthCheckResponse.named("schema");
    // Searches go on, so the service stays ready.
    readOnly.mode().ifPresent(mode -> response.withData("readOnly", mode.sentence()));
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
