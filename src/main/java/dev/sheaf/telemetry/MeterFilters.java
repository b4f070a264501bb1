package dev.sheaf.telemetry;

import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/// Leaves out what Quarkus would show wrongly.
final class MeterFilters {

  private MeterFilters() {}

  /// Quarkus registers this gauge once for each of Vert.x's two groups of event loops, under the
  /// same name and without labels. Micrometer keeps the first, and logs a warning at each start.
  @Produces
  @Singleton
  static MeterFilter denyEventLoopCount() {
    return MeterFilter.denyNameStartsWith("netty.eventexecutor.workers");
  }
}
