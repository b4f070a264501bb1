package dev.sheaf.document;

import dev.sheaf.telemetry.CollectionSeries;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.Metrics;
import jakarta.enterprise.context.ApplicationScoped;

/// Counts documents by the outcome of the request.
@ApplicationScoped
public class DocumentMeters {

  private static final MeterProvider<Counter> DOCUMENTS =
      Counter.builder("sheaf.documents")
          .description("Documents that clients sent or deleted, by outcome")
          .withRegistry(Metrics.globalRegistry);

  private final CollectionSeries series;

  DocumentMeters(CollectionSeries series) {
    this.series = series;
  }

  /// Counts documents with the same outcome.
  ///
  /// @param outcome as in responses: `created`, `updated`, `unchanged`, `replaced` (by a later line
  ///   of the same upload), `failed` or `deleted`
  public void count(String collection, String outcome, long documents) {
    if (documents > 0) {
      DOCUMENTS
          .withTags(CollectionSeries.TAG, series.value(collection), "outcome", outcome)
          .increment((double) documents);
    }
  }
}
