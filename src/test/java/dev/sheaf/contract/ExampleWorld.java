package dev.sheaf.contract;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.embedding.Space;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.testing.Api;
import io.agroal.api.AgroalDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;

/// The collections, documents and jobs that the examples in the OpenAPI document refer to.
final class ExampleWorld {

  static final String COLLECTION = "articles";

  /// A collection whose vectors come from the client and have three dimensions.
  static final String VECTORS = "vectors";

  /// A second collection of the same model.
  private static final String MANUALS = "manuals";

  /// Rows that HTTP requests cannot create with a fixed name. A lease prevents that the service's
  /// own worker takes one.
  private static final String ROWS =
      """
      INSERT INTO api_key (id, hash, role)
      VALUES ('f9120b0f5803', sha256('example'), 'reader')
          ON CONFLICT (id) DO UPDATE SET revoked_at = NULL;
      INSERT INTO ingestion_job (id, collection_id, collection, mode, state, created_by, finished_at)
      OVERRIDING SYSTEM VALUE
      VALUES (1000001, 0, 'articles', 'async', 'completed', 'anybody', now())
          ON CONFLICT (id) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at;
      INSERT INTO backfill (name, relation, key, statement, condition, state, lease_holder, lease_until)
      VALUES ('core/008_example', 'document', '{id}', '', '', 'paused', 'nobody', now() + interval '1 h')
          ON CONFLICT (name) DO UPDATE
         SET state = 'paused', lease_holder = excluded.lease_holder, lease_until = excluded.lease_until;
      """;

  private final AgroalDataSource dataSource;

  ExampleWorld(AgroalDataSource dataSource) {
    this.dataSource = dataSource;
  }

  /// Creates everything that does not exist.
  void restore() throws SQLException {
    Api.post("/collections", Map.of("name", COLLECTION, "fields", Map.of("year", "number")));
    put(
        "moon/tides",
        "Spring tides come at new and full moon, when Sun and Moon pull together.",
        2001);
    put("moon/face", "The Moon keeps one face to the Earth.", 2019);
    put("bread", "Sourdough rises because wild yeast breathes out carbon dioxide.", 1931);
    Api.post("/collections", Map.of("name", MANUALS));
    Api.put(MANUALS, "tide-gauge", Map.of("text", "Read the gauge before spring tides."));
    Api.post(
        "/collections", Map.of("name", VECTORS, "model", "none", "dimensions", 3, "metric", "l2"));
    for (int i = 1; i <= 4; i++) {
      Api.put(
          VECTORS,
          "v" + i,
          Map.of("chunks", List.of(Map.of("text", "vector " + i, "vector", List.of(i, 1, 0.5)))));
    }
    execute(ROWS);
  }

  private static void put(String id, String text, int year) {
    Api.put(COLLECTION, id, Map.of("text", text, "metadata", Map.of("year", year)));
  }

  /// Builds the vector index of [#COLLECTION] as the service does. Drops an existing one first.
  void index(CollectionService collections, ObjectTemplates templates) throws SQLException {
    Space space = collections.activeSpace(COLLECTION);
    Map<String, Object> parameters =
        Map.of(
            "space_id", space.id(),
            "index", space.indexName(),
            "element", space.precision().element("vector", space.dimensions()),
            "operator_class", space.indexMethod().operatorClass(space.precision(), space.metric()),
            "m", 16,
            "ef_construction", 64);
    try (Connection connection = dataSource.getConnection()) {
      templates.revert(connection, "space_index", parameters);
      templates.apply(connection, "space_index", parameters);
    }
  }

  /// Removes everything, because other tests use the same database.
  void remove() throws SQLException {
    for (String collection : List.of(COLLECTION, MANUALS, VECTORS)) {
      io.restassured.RestAssured.given().delete("/api/v1/collections/" + collection);
    }
    execute(
        """
        DELETE FROM api_key WHERE id = 'f9120b0f5803';
        DELETE FROM ingestion_job WHERE id = 1000001;
        DELETE FROM backfill WHERE name = 'core/008_example';
        """);
  }

  void execute(String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(sql);
    }
  }
}
