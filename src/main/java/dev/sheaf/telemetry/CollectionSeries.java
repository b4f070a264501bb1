package dev.sheaf.telemetry;

import dev.sheaf.database.Sql;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Metrics;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Limits how many collections have their own metric series, because each collection costs
/// Prometheus a few dozen series. The first `sheaf.metrics.collections` collections that are used
/// get their own; all others share one. The series of a dropped collection are removed in every
/// replica.
@Singleton
public class CollectionSeries implements Measurement {

  /// The tag that contains the name of the collection.
  public static final String TAG = "collection";

  /// The value of the tag for collections without series of their own. It is not a valid name of a
  /// collection.
  static final String OTHERS = "(others)";

  private final int max;
  private final Set<String> withOwnSeries = ConcurrentHashMap.newKeySet();

  CollectionSeries(
      @ConfigProperty(name = "sheaf.metrics.collections", defaultValue = "200") int max) {
    this.max = max;
  }

  /// The value of [#TAG] for an existing collection.
  public String value(String collection) {
    return own(collection).orElse(OTHERS);
  }

  /// The value of [#TAG] for an existing collection, or empty if the collection has no series of
  /// its own.
  public Optional<String> own(String collection) {
    boolean hasOwnSeries =
        withOwnSeries.contains(collection)
            || (withOwnSeries.size() < max && withOwnSeries.add(collection));
    return hasOwnSeries ? Optional.of(collection) : Optional.empty();
  }

  @Override
  public void measure(Connection connection) throws SQLException {
    Set<String> known = new HashSet<>(withOwnSeries);
    for (Meter meter : Metrics.globalRegistry.getMeters()) {
      String collection = meter.getId().getTag(TAG);
      if (collection != null) {
        known.add(collection);
      }
    }
    known.remove(OTHERS);
    Set<String> dropped = new HashSet<>(known);
    Sql.of(
            "SELECT name FROM collection WHERE name = ANY (?)",
            (Object) known.toArray(String[]::new))
        .list(connection, row -> row.getString(1))
        .forEach(dropped::remove);
    withOwnSeries.removeAll(dropped);
    for (Meter meter : Metrics.globalRegistry.getMeters()) {
      String collection = meter.getId().getTag(TAG);
      if (collection != null && dropped.contains(collection)) {
        Metrics.globalRegistry.remove(meter);
      }
    }
  }

  @Override
  public void forget() {}
}
