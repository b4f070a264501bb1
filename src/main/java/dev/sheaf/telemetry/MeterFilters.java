package dev.sheaf.telemetry;

import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/// Removes meters that Quarkus registers incorrectly.
final class MeterFilters {

  private MeterFilters() {}

  /// Quarkus registers this gauge for both groups of event loops of Vert.x, with the same name and
  /// without labels. Micrometer keeps only the first one, and logs a warning at each start.
  @Produces
  @Singleton
  static MeterFilter denyEventLoopCount() {
    return MeterFilter.denyNameStartsWith("netty.eventexecutor.workers");
  }
}
