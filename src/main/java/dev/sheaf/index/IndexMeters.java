package dev.sheaf.index;

import dev.sheaf.search.SearchConfig;
import dev.sheaf.telemetry.CollectionSeries;
import dev.sheaf.telemetry.Measurement;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// The metrics of indexes: the number of running builds, and the last measured recall.
@ApplicationScoped
class IndexMeters implements Measurement {

  /// The recall of the current index with the ef that searches of the collection use. Few spaces
  /// have a measured index, so the collections are looked up by their keys.
  private static final String RECALL =
      """
      SELECT c.name, r.sample, r.recall
        FROM index_recall r
        JOIN embedding_space s ON s.id = r.space_id
        JOIN collection c ON c.id = s.collection_id AND c.active_space_id = s.id
       WHERE r.recall IS NOT NULL
         AND r.index_id  = to_regclass('embedding_' || r.space_id || '_hnsw')::oid::bigint
         AND r.ef_search = COALESCE((c.settings #>> '{hnsw,efSearch}')::int, ?)
       ORDER BY c.id
      """;

  private static final String BUILDING =
      """
      SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database()
      """;

  private final CollectionSeries series;
  private final SearchConfig config;
  private final MultiGauge recall =
      MultiGauge.builder("sheaf.index.recall")
          .description("Fraction of the nearest vectors that index searches find")
          .register(Metrics.globalRegistry);
  private volatile double building = Double.NaN;

  IndexMeters(CollectionSeries series, SearchConfig config) {
    this.series = series;
    this.config = config;
    Gauge.builder("sheaf.index.building", () -> building)
        .description("Running index builds of all replicas")
        .register(Metrics.globalRegistry);
  }

  @Override
  public void measure(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(BUILDING);
        ResultSet row = select.executeQuery()) {
      row.next();
      building = row.getLong(1);
    }
    List<Row<?>> rows = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(RECALL)) {
      select.setInt(1, config.efSearch());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          String sample = row.getString(2);
          double value = row.getDouble(3);
          series
              .own(row.getString(1))
              .ifPresent(collection ->
                  rows.add(
                      Row.of(Tags.of(CollectionSeries.TAG, collection, "sample", sample), value)));
        }
      }
    }
    recall.register(rows, true);
  }

  @Override
  public void forget() {
    building = Double.NaN;
    recall.register(List.of(), true);
  }
}
