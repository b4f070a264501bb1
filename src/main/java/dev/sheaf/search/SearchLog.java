package dev.sheaf.search;

import dev.sheaf.telemetry.CollectionSeries;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Timer;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.util.stream.LongStream;
import org.jboss.logging.Logger;

/// Measures the time of searches, and logs the plans of slow ones. Queries are never logged.
@Singleton
class SearchLog {

  private static final Logger LOG = Logger.getLogger(SearchLog.class);

  private static final MeterProvider<Timer> TIMES =
      Timer.builder("sheaf.search")
          .description("Time of searches, from the parsed request to the response")
          .serviceLevelObjectives(
              LongStream.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
                  .mapToObj(Duration::ofMillis)
                  .toArray(Duration[]::new))
          .withRegistry(Metrics.globalRegistry);

  private static final MeterProvider<Counter> TRUNCATED =
      Counter.builder("sheaf.search.truncated")
          .description("Searches whose response is marked as truncated")
          .withRegistry(Metrics.globalRegistry);

  private final CollectionSeries series;
  private final Planner planner;
  private final SearchConfig config;

  SearchLog(CollectionSeries series, Planner planner, SearchConfig config) {
    this.series = series;
    this.planner = planner;
    this.config = config;
  }

  void record(String collection, SearchRequest request, Planner.Outcome outcome, Duration took) {
    String mode = request.mode().value();
    String strategy = outcome.strategy().value();
    String value = series.value(collection);
    TIMES.withTags(CollectionSeries.TAG, value, "mode", mode, "strategy", strategy).record(took);
    TRUNCATED
        .withTag(CollectionSeries.TAG, value)
        .increment(outcome.truncatedBecause() == null ? 0 : 1);
    if (took.compareTo(config.slow()) > 0) {
      LOG.warnf(
          "Slow search: collection=%s mode=%s strategy=%s ms=%s scanned=%s plan=%s",
          collection, mode, strategy, took.toMillis(), outcome.scanned(), plan(outcome));
    }
  }

  private String plan(Planner.Outcome outcome) {
    try {
      return planner.plan(outcome);
    } catch (SQLException e) {
      // The message may contain the query.
      return "unknown: " + e.getSQLState();
    } catch (RuntimeException e) {
      // The search succeeded, so its answer must reach the client.
      return "unknown: " + e.getClass().getSimpleName();
    }
  }
}
