package dev.sheaf.telemetry;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Set;

/// Corrects meters of Quarkus.
final class MeterFilters {

  private static final String REQUESTS = "http.server.requests";
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  private MeterFilters() {}

  /// Quarkus registers this gauge for both groups of event loops of Vert.x, with the same name and
  /// without labels. Micrometer keeps only the first one, and logs a warning at each start.
  @Produces
  @Singleton
  static MeterFilter denyEventLoopCount() {
    return MeterFilter.denyNameStartsWith("netty.eventexecutor.workers");
  }

  /// Without this, whoever sends a method that a path does not have, with or without a key, adds a
  /// series with that method and path. After a hundred paths, Quarkus measures no further ones.
  @Produces
  @Singleton
  static MeterFilter boundRequestSeries() {
    return new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        if (!id.getName().equals(REQUESTS)) {
          return id;
        }
        Meter.Id bounded = id;
        if (!METHODS.contains(String.valueOf(id.getTag("method")))) {
          bounded = bounded.withTag(Tag.of("method", "OTHER"));
        }
        if ("405".equals(id.getTag("status"))) {
          bounded = bounded.withTag(Tag.of("uri", "METHOD_NOT_ALLOWED"));
        }
        return bounded;
      }
    };
  }
}
