package dev.sheaf.limits;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.Metrics;

/// Counts what was too much.
final class RejectionMeters {

  private static final MeterProvider<Counter> REFUSED =
      Counter.builder("sheaf.refused")
          .description("Work and requests that were refused because there was too much already")
          .withRegistry(Metrics.globalRegistry);

  private RejectionMeters() {}

  static void count(String what, int times) {
    REFUSED.withTag("work", what).increment(times);
  }
}
