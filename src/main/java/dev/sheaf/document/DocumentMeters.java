package dev.sheaf.document;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.Metrics;

/// Counts what became of the documents that were sent.
public final class DocumentMeters {

  private static final MeterProvider<Counter> DOCUMENTS =
      Counter.builder("sheaf.documents")
          .description("Documents sent, by what became of them")
          .withRegistry(Metrics.globalRegistry);

  private DocumentMeters() {}

  /// Counts documents that had the same outcome.
  ///
  /// @param outcome as an answer says it: `created`, `updated`, `unchanged`, `replaced` (by a later
  ///   line of its upload), `failed` or `deleted`
  public static void count(String collection, String outcome, long documents) {
    if (documents > 0) {
      DOCUMENTS
          .withTags("collection", collection, "outcome", outcome)
          .increment((double) documents);
    }
  }
}
