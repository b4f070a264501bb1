package dev.sheaf.document;

import dev.sheaf.telemetry.CollectionSeries;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.Metrics;
import jakarta.enterprise.context.ApplicationScoped;

/// Counts what became of the documents that were sent.
@ApplicationScoped
public class DocumentMeters {

  private static final MeterProvider<Counter> DOCUMENTS =
      Counter.builder("sheaf.documents")
          .description("Documents sent, by what became of them")
          .withRegistry(Metrics.globalRegistry);

  private final CollectionSeries series;

  DocumentMeters(CollectionSeries series) {
    this.series = series;
  }

  /// Counts documents that had the same outcome.
  ///
  /// @param outcome as an answer says it: `created`, `updated`, `unchanged`, `replaced` (by a later
  ///   line of its upload), `failed` or `deleted`
  public void count(String collection, String outcome, long documents) {
    if (documents > 0) {
      DOCUMENTS
          .withTags(CollectionSeries.TAG, series.value(collection), "outcome", outcome)
          .increment((double) documents);
    }
  }
}
