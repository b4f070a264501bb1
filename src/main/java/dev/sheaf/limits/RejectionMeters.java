package dev.sheaf.limits;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.Metrics;

/// Counts rejected operations and requests.
final class RejectionMeters {

  private static final MeterProvider<Counter> REJECTED =
      Counter.builder("sheaf.refused")
          .description("Operations and requests that were rejected because a limit was reached")
          .withRegistry(Metrics.globalRegistry);

  private RejectionMeters() {}

  static void count(String what, int times) {
    REJECTED.withTag("work", what).increment(times);
  }
}
