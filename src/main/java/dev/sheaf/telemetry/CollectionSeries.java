package dev.sheaf.telemetry;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Metrics;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Bounds how many collections have series of their own, because each costs Prometheus a few dozen:
/// the first `sheaf.metrics.collections` that are used have, the others share one. Those of a
/// collection that is gone go too, in every replica.
@ApplicationScoped
public class CollectionSeries implements Measurement {

  /// The tag that says which collection something was done in.
  public static final String TAG = "collection";

  /// No collection is called like that.
  static final String OTHERS = "(others)";

  private final int max;
  private final Set<String> own = ConcurrentHashMap.newKeySet();

  CollectionSeries(
      @ConfigProperty(name = "sheaf.metrics.collections", defaultValue = "200") int max) {
    this.max = max;
  }

  /// The value of [#TAG] for a collection that there is.
  public String value(String collection) {
    return own(collection).orElse(OTHERS);
  }

  /// The same, or nothing where its series are not its own.
  public Optional<String> own(String collection) {
    boolean has = own.contains(collection) || (own.size() < max && own.add(collection));
    return has ? Optional.of(collection) : Optional.empty();
  }

  @Override
  public void measure(Connection connection) throws SQLException {
    Set<String> there = new HashSet<>(Set.of(OTHERS));
    try (PreparedStatement select = connection.prepareStatement("SELECT name FROM collection");
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        there.add(row.getString(1));
      }
    }
    own.retainAll(there);
    for (Meter meter : Metrics.globalRegistry.getMeters()) {
      String collection = meter.getId().getTag(TAG);
      if (collection != null && !there.contains(collection)) {
        Metrics.globalRegistry.remove(meter);
      }
    }
  }

  @Override
  public void forget() {}
}
