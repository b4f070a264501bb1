package dev.sheaf.telemetry;

import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/// Removes framework metrics that are misleading.
final class MeterFilters {

  private MeterFilters() {}

  /// Quarkus registers this gauge for both of Vert.x's event loop groups, with the same name and no
  /// labels. Micrometer keeps the first value and logs a warning at each start.
  @Produces
  @Singleton
  static MeterFilter denyEventLoopCount() {
    return MeterFilter.denyNameStartsWith("netty.eventexecutor.workers");
  }
}
