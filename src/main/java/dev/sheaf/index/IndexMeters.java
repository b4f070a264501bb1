package dev.sheaf.index;

import dev.sheaf.index.IndexTable.Sample;
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
      SELECT c.name, r.sample, r.recall, r.recall_low, r.sample_size, r.ef_search,
             CASE WHEN c.settings #>> '{hnsw,efSearch}' IS NULL THEN (c.settings ->> 'recall')::float8 END
        FROM index_recall r
        JOIN embedding_space s ON s.id = r.space_id
        JOIN collection c ON c.id = s.collection_id AND c.active_space_id = s.id
       WHERE r.recall IS NOT NULL
         AND r.index_id  = to_regclass('embedding_' || s.id || '_' || s.index_method)::oid::bigint
         AND r.ef_search = %s
       ORDER BY c.id
      """
          .formatted(IndexTable.EF_SEARCH);

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
  private final MultiGauge held =
      MultiGauge.builder("sheaf.index.recall.held")
          .description("Whether the index has the recall that the collection declares: 1 or 0")
          .register(Metrics.globalRegistry);
  private final MultiGauge efSearch =
      MultiGauge.builder("sheaf.index.ef.search")
          .description(
              "Candidates that index searches examine, of collections that declare a recall")
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
    List<Row<?>> recalls = new ArrayList<>();
    List<Row<?>> helds = new ArrayList<>();
    List<Row<?>> efs = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(RECALL)) {
      select.setInt(1, config.efSearch());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          String collection = series.own(row.getString(1)).orElse(null);
          if (collection == null) {
            continue;
          }
          String sample = row.getString(2);
          double value = row.getDouble(3);
          recalls.add(Row.of(Tags.of(CollectionSeries.TAG, collection, "sample", sample), value));
          Double declared = (Double) row.getObject(7);
          if (declared != null && Sample.of(sample) == Sample.STORED) {
            Tags tags = Tags.of(CollectionSeries.TAG, collection);
            boolean reached =
                MeasuredRecall.reaches(declared, value, row.getDouble(4), row.getInt(5));
            helds.add(Row.of(tags, reached ? 1 : 0));
            efs.add(Row.of(tags, row.getInt(6)));
          }
        }
      }
    }
    recall.register(recalls, true);
    held.register(helds, true);
    efSearch.register(efs, true);
  }

  @Override
  public void forget() {
    building = Double.NaN;
    recall.register(List.of(), true);
    held.register(List.of(), true);
    efSearch.register(List.of(), true);
  }
}
