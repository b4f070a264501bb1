package dev.sheaf.search;

import com.pgvector.PGvector;
import dev.sheaf.embedding.Space;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// The nearest chunks of a space, in one round trip: two statements go to the server together,
/// which makes them one transaction. The first sets what only this search needs and says whether
/// the index can be used; the second searches.
///
/// The table of the space is named, and the limit is written out as a number, because PostgreSQL
/// plans a parent table or a parameter as if it knew nothing about them.
@ApplicationScoped
class VectorSearch {

  private final AgroalDataSource dataSource;
  private final int efSearch;

  /// Spaces whose index was usable when they were last searched. Only a guess for the next search,
  /// which finds out.
  private final Set<Long> indexed = ConcurrentHashMap.newKeySet();

  VectorSearch(
      AgroalDataSource dataSource,
      @ConfigProperty(name = "sheaf.search.ef-search", defaultValue = "100") int efSearch) {
    this.dataSource = dataSource;
    this.efSearch = efSearch;
  }

  /// What was found, nearest first, and by which plan.
  record Result(List<Hit> hits, Strategy strategy) {}

  /// @param vector `float[space.dimensions()]`, finite
  /// @throws SQLException with state `42P01` when the space has been dropped
  Result search(Space space, float[] vector, int limit) throws SQLException {
    boolean useIndex = indexed.contains(space.id());
    String sql = useIndex ? indexSql(space, limit) : exactSql(space, limit);
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      var parameter = new PGvector(vector);
      statement.setObject(1, parameter);
      if (useIndex) {
        statement.setObject(2, parameter);
      }
      statement.execute();
      boolean indexValid = indexValid(statement);
      if (indexValid) {
        indexed.add(space.id());
      } else {
        indexed.remove(space.id());
      }
      statement.getMoreResults();
      // Without its index, the statement that would have used it compares every vector.
      Strategy strategy = useIndex && indexValid ? Strategy.HNSW : Strategy.EXACT;
      return new Result(hits(space, statement), strategy);
    }
  }

  private static boolean indexValid(PreparedStatement statement) throws SQLException {
    try (ResultSet row = statement.getResultSet()) {
      row.next();
      return row.getBoolean(1);
    }
  }

  private static List<Hit> hits(Space space, PreparedStatement statement) throws SQLException {
    var hits = new ArrayList<Hit>();
    try (ResultSet row = statement.getResultSet()) {
      while (row.next()) {
        double distance = row.getDouble(5);
        hits.add(
            new Hit(
                row.getString(1),
                row.getString(2),
                row.getInt(3),
                row.getString(4).strip(),
                space.metric().score(distance),
                distance,
                row.getString(6)));
      }
    }
    return hits;
  }

  /// The planner's other ways, a scan of the whole table or of another index with a sort behind it,
  /// are switched off, so that the strategy in the answer is the plan that ran.
  private String indexSql(Space space, int limit) {
    int candidates = space.precision().candidates(limit);
    return """
    SELECT %s,
           set_config('hnsw.ef_search',      '%d',           true),
           set_config('hnsw.iterative_scan', 'strict_order', true),
           set_config('enable_seqscan',      'off',          true),
           set_config('enable_sort',         'off',          true);
    WITH candidate AS MATERIALIZED (
         SELECT document_id, ordinal, vector %s ? AS distance
           FROM %s
          ORDER BY (%s) %s %s
          LIMIT %d
    )
    """
            .formatted(
                valid(space),
                Math.clamp(candidates, efSearch, 1000),
                space.metric().operator(),
                space.embeddingTable(),
                space.precision().element("vector", space.dimensions()),
                space.precision().operator(space.metric()),
                space.precision().element("?", space.dimensions()),
                candidates)
        + hitsSql(space, limit);
  }

  /// The sum keeps any index from serving the order.
  private static String exactSql(Space space, int limit) {
    return """
    SELECT %s,
           set_config('jit', 'off', true);
    WITH candidate AS MATERIALIZED (
         SELECT document_id, ordinal, (vector %s ?) + 0 AS distance
           FROM %s
          ORDER BY distance
          LIMIT %d
    )
    """
            .formatted(valid(space), space.metric().operator(), space.embeddingTable(), limit)
        + hitsSql(space, limit);
  }

  private static String valid(Space space) {
    return "COALESCE((SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('%s')), false)"
        .formatted(space.indexName());
  }

  private static String hitsSql(Space space, int limit) {
    return """
    SELECT d.external_id, d.title, c.ordinal, c.text, n.distance, d.metadata
      FROM (SELECT * FROM candidate ORDER BY distance LIMIT %d) n
      JOIN %s c ON c.collection_id = %d AND c.document_id = n.document_id AND c.ordinal = n.ordinal
      JOIN %s d ON d.collection_id = %d AND d.id = n.document_id
     ORDER BY n.distance, d.external_id, c.ordinal
    """
        .formatted(
            limit,
            space.chunkTable(),
            space.collectionId(),
            space.documentTable(),
            space.collectionId());
  }
}
