package dev.sheaf.index;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasEntry;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorStorage;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Uses indexes of eight dimensions with the minimum number of links, so that they miss some
/// vectors.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class IndexIT {

  private static final Map<String, ?> POOR = Map.of("m", 2, "efConstruction", 4, "efSearch", 10);

  /// The default of `sheaf.index.sample`.
  private static final int SAMPLE = 400;

  private static final Map<String, ?> CLUSTERED = Map.of("m", 3, "efConstruction", 8);

  /// A vector near one of four centres.
  private static final String CLUSTERS =
      "sin((n::int % 4) * (i + sqrt(i))) + sin(n * (1.7 * i + sqrt(i + 3)))";

  private static final List<Double> QUERY_VECTOR = List.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8);

  @Inject AgroalDataSource dataSource;
  @Inject CollectionService collections;
  @Inject RecallMeasurer measurer;
  @Inject IndexTable table;
  @Inject SpaceIndexer indexer;
  @Inject IndexService service;

  @Test
  void withoutAnIndexThereIsNoRecall() throws SQLException {
    String name = newCollection(POOR);
    fill(name, 1, 2);

    index(name)
        .body("rows", equalTo(2))
        .body("deadRows", equalTo(0))
        .body("efSearch", equalTo(10))
        .body("$", hasEntry("index", null))
        .body("$", hasEntry("recall", null))
        .body(
            "recallMissing",
            equalTo(
                "A collection with fewer than 3 vectors has no index. Searches compare every vector, and recall is 1."));
    for (String request : List.of("measure", "tune")) {
      Api.post("/collections/" + name + "/index/" + request, Map.of("recall", 0.9))
          .statusCode(409)
          .body("type", equalTo("urn:sheaf:problem:index-missing"))
          .body(
              "detail",
              equalTo(
                  "The collection has no index yet. Searches compare every vector, and recall is 1."));
    }
    given().get("/api/v1/collections/nowhere/index").then().statusCode(404);
  }

  @ParameterizedTest
  @EnumSource
  void recallEqualsTheResultOfPlainSql(VectorStorage storage) throws SQLException {
    String name =
        Api.newCollection(
            Map.of("model", "none", "dimensions", 8, "hnsw", POOR, "storage", storage.value()));
    fill(name, 1, 2_000);
    awaitRecall(name);

    JsonPath measured =
        Api.post("/collections/" + name + "/index/measure", Map.of())
            .statusCode(200)
            .body("k", equalTo(10))
            .body("efSearch", equalTo(10))
            .extract()
            .jsonPath();

    int searches = measured.getInt("sampleSize");
    double value = measured.getDouble("value");
    // RestAssured reads numbers as floats.
    assertThat(value).isEqualTo(recall(name, 10, searches), within(1e-6)).isBetween(0.1, 0.9);
    double low = measured.getDouble("low");
    double high = measured.getDouble("high");
    assertThat(value).isStrictlyBetween(low, high);
    assertThat(searches == SAMPLE || (high - low) / 2 <= 0.02).isTrue();
    JsonPath index = index(name).extract().jsonPath();
    assertThat(index.<Object>get("recall")).isEqualTo(measured.get());
    assertThat(index.getLong("index.bytes")).isPositive();
    assertThat(index.getBoolean("index.valid")).isTrue();
    assertThat(index.getString("index.precision")).isEqualTo("half");
    assertThat(index.getInt("index.m")).isEqualTo(2);
    assertThat(index.getInt("index.efConstruction")).isEqualTo(4);
    assertThat(index.getInt("rows")).isBetween(1_001, 4_000);
    assertThat(index.getBoolean("rowsEstimated")).isTrue();
    given()
        .get("/api/v1/collections/" + name + "/index?count=true")
        .then()
        .body("rows", equalTo(2_000))
        .body("rowsEstimated", equalTo(false));
  }

  @ParameterizedTest
  @CsvSource({"COSINE, FULL", "COSINE, HALF", "L2, HALF", "INNER_PRODUCT, FULL"})
  void theNearestVectorsAreThoseOfPlainSql(Metric metric, VectorStorage storage)
      throws SQLException {
    String name =
        Api.newCollection(
            Map.of(
                "model",
                "none",
                "dimensions",
                8,
                "metric",
                metric.value(),
                "hnsw",
                POOR,
                "storage",
                storage.value()));
    fill(name, 1, 200);
    awaitRecall(name);

    List<RecallMeasurer.GroundTruth> found = nearest(name);

    assertThat(found).hasSize(200);
    for (RecallMeasurer.GroundTruth truth : found) {
      assertThat(truth.hits()).isEqualTo(10);
      assertThat(
              query(
                  "SELECT vector %s '%s'::vector FROM %s ORDER BY 1 LIMIT 1 OFFSET 9"
                      .formatted(metric.operator(), Arrays.toString(truth.vector()), table(name))))
          .containsExactly(Double.toString(truth.farthest()));
    }
  }

  private List<RecallMeasurer.GroundTruth> nearest(String collection) throws SQLException {
    Space space = collections.activeSpace(collection);
    return measurer.groundTruths(space, measurer.storedVectors(space));
  }

  @Test
  void theNearestVectorsAreKeptUntilRowsAreWritten() throws SQLException {
    String name = newCollection(POOR);
    fill(name, 1, 100);
    awaitRecall(name);
    List<RecallMeasurer.GroundTruth> kept = nearest(name);

    assertThat(nearest(name)).first().isSameAs(kept.getFirst());
    execute(
        "DELETE FROM %s WHERE document_id = md5('7')::uuid".formatted(table(name)),
        "SELECT pg_stat_force_next_flush()");
    assertThat(nearest(name)).hasSize(99).doesNotContainAnyElementsOf(kept);
  }

  @Test
  void vectorsAddedInTheMeantimeDoNotCount() throws SQLException {
    String name = newCollection(POOR);
    fill(name, 1, 100);
    awaitRecall(name);
    var oneNeighbour = new RecallMeasurer.GroundTruth(new float[] {1, 0, 0, 0, 0, 0, 0, 0}, 1, 2);

    MeasuredRecall measured =
        measurer.measureAgainst(List.of(oneNeighbour), collections.activeSpace(name), 10);

    assertThat(measured.recall()).isEqualTo(1);
  }

  @Test
  void tuningFindsTheSmallestSufficientEf() throws SQLException {
    String name = newCollection(POOR);
    fill(name, 1, 2_000);
    awaitRecall(name);
    double target = (recall(name, 10, SAMPLE) + recall(name, 1_000, SAMPLE)) / 2;

    JsonPath tuned = tune(name, target).statusCode(200).extract().jsonPath();

    int ef = tuned.getInt("efSearch");
    assertThat(ef).isBetween(11, 999);
    assertThat(tuned.getString("questions")).isEqualTo("stored");
    assertThat(recall(name, ef, SAMPLE))
        .isEqualTo(tuned.getDouble("recall"))
        .isGreaterThan(tuned.getDouble("low"));
    assertThat(tuned.getDouble("low")).isGreaterThanOrEqualTo(target);
    assertThat(tuned.getList("steps.efSearch", Integer.class)).contains(10, ef, ef - 1);
    assertThat(lowEnd(tuned, ef - 1)).isLessThan(target);
    assertThat(tuned.getList("steps.medianMs", Double.class)).allMatch(ms -> ms > 0);
    given().get("/api/v1/collections/" + name).then().body("hnsw.efSearch", equalTo(ef));
    index(name)
        .body("efSearch", equalTo(ef))
        .body("recall.efSearch", equalTo(ef))
        .body("recall.value", equalTo((float) tuned.getDouble("recall")));
  }

  private static double lowEnd(JsonPath tuned, int ef) {
    return tuned.getDouble("steps.find { it.efSearch == " + ef + " }.low");
  }

  @Test
  void questionsOfTheRequestComeFirstThenThoseOfSearches() throws SQLException {
    String name = newCollection(CLUSTERED);
    fill(name, 1, 5_000, CLUSTERS);
    awaitRecall(name);
    List<List<Double>> questions = questions(100);
    List<List<Double>> others =
        questions.stream().map(q -> q.stream().map(x -> -x).toList()).toList();

    JsonPath tuned =
        Api.post(
                "/collections/" + name + "/index/tune", Map.of("recall", 0.9, "vectors", questions))
            .statusCode(200)
            .body("questions", equalTo("request"))
            .body("sampleSize", equalTo(100))
            .extract()
            .jsonPath();

    int ef = tuned.getInt("efSearch");
    assertThat(tuned.getDouble("recall")).isEqualTo(recallOf(name, questions, ef), within(1e-6));
    assertThat(tuned.getDouble("low")).isBetween(0.9, tuned.getDouble("recall"));
    assertThat(lowEnd(tuned, ef - 1)).isLessThan(0.9);
    index(name)
        .body("efSearch", equalTo(ef))
        .body("recallOfQueries.value", equalTo(tuned.getFloat("recall")));

    // A measurement takes the sampled queries.
    awaitRecall(name);
    others.forEach(question -> Api.search(name, Map.of("vector", question)).statusCode(200));
    JsonPath live = tune(name, 0.9).statusCode(200).extract().jsonPath();
    assertThat(live.getString("questions")).isEqualTo("searches");
    assertThat(live.getDouble("recall"))
        .isEqualTo(recallOf(name, others, live.getInt("efSearch")), within(1e-6));
  }

  @Test
  void questionsAreTextsToo() {
    String name = Api.newCollection(Map.of());
    for (String text : List.of("High tide", "Low tide", "Moon", "Sun")) {
      Api.put(name, text, Map.of("text", text)).statusCode(201);
    }
    awaitRecall(name);

    Api.post(
            "/collections/" + name + "/index/tune",
            Map.of("recall", 0.9, "texts", List.of("When is high tide?", "Where is the moon?")))
        .statusCode(200)
        .body("questions", equalTo("request"))
        .body("sampleSize", equalTo(2))
        .body("efSearch", equalTo(10))
        .body("recall", equalTo(1.0f));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"vectors": [[1, 2]]}       | vectors[0] | vectors[0] has 2
          {"vectors": [null]}         | vectors[0] | vectors[0] is required.
          {"vectors": [[0,0,0,0,0,0,0,0]]} | vectors[0] | vectors[0] contains only zeros
          {"vectors": "all"}          | vectors    | vectors must be
          {"texts": "tide"}           | texts      | texts must be
          {"texts": ["tide"]}         | texts      | The collection has no model that embeds text. Send vectors instead.
          """)
  void invalidQuestions(String questions, String field, String detail) throws SQLException {
    given()
        .contentType(ContentType.JSON)
        .body("{\"recall\": 0.9, " + questions.substring(1))
        .post("/api/v1/collections/" + newCollection(POOR) + "/index/tune")
        .then()
        .statusCode(422)
        .body("field", equalTo(field))
        .body("detail", startsWith(detail));
  }

  /// The truth are the answers of PostgreSQL without the index, for questions that are not stored.
  @Test
  void aDeclaredRecallIsHeldAsTheCollectionGrows() throws SQLException {
    String name =
        Api.newCollection(
            Map.of("model", "none", "dimensions", 8, "hnsw", CLUSTERED, "recall", 0.9));
    List<List<Double>> questions = questions(300);
    var held = new ArrayList<Integer>();
    int enoughAtFirst = 0;
    int rows = 0;
    for (int grown : List.of(2_000, 6_000, 20_000)) {
      fill(name, rows + 1, grown, CLUSTERS);
      rows = grown;
      JsonPath index = awaitHeld(name);

      int ef = index.getInt("efSearch");
      held.add(ef);
      assertThat(index.getString("declaredRecall.explanation"))
          .startsWith("Held with efSearch " + ef + ": measured 0.9");
      assertThat(index.getDouble("recall.low")).isGreaterThanOrEqualTo(0.9);
      assertThat(recallOf(name, questions, ef)).isGreaterThanOrEqualTo(0.9);
      if (held.size() == 1) {
        enoughAtFirst = enough(name, questions);
      }
    }
    assertThat(held).isSorted();
    assertThat(recallOf(name, questions, enoughAtFirst)).isLessThan(0.9);
  }

  private int enough(String collection, List<List<Double>> questions) throws SQLException {
    int ef = 10;
    while (recallOf(collection, questions, ef) < 0.9) {
      ef += 10;
    }
    return ef;
  }

  /// Waits until nothing is left to do: neither a measurement nor a build.
  private JsonPath awaitHeld(String collection) {
    long id = collections.activeSpace(collection).collectionId();
    await()
        .untilAsserted(() -> {
          maintain();
          assertThat(table.collectionsToMeasure(100, Set.of(id))).isEmpty();
          index(collection)
              .body("declaredRecall.held", equalTo(true))
              .body("build", nullValue())
              .body("recall", notNullValue());
          assertThat(runningMeasurements(collection)).isEmpty();
        });
    return index(collection).extract().jsonPath();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                 | recall is required.
          {"recall": 0}      | recall must be a number from 0.01 to 1, not 0.0.
          {"recall": 1.01}   | recall must be a number from 0.01 to 1, not 1.01.
          {"recall": "high"} | recall must be a number.
          """)
  void invalidTargetRecall(String body, String detail) {
    given()
        .contentType(ContentType.JSON)
        .body(body)
        .post("/api/v1/collections/any/index/tune")
        .then()
        .statusCode(422)
        .body("field", equalTo("recall"))
        .body("detail", equalTo(detail));
  }

  @Test
  void clientQueriesAreMeasured() throws SQLException {
    String name = newCollection(POOR);
    fill(name, 1, 200);
    awaitRecall(name).body("recallOfQueries", nullValue());
    for (int i = 0; i < 7; i++) {
      search(name).statusCode(200);
    }

    Api.post("/collections/" + name + "/index/measure", Map.of()).statusCode(200);

    index(name)
        .body("recallOfQueries.sampleSize", equalTo(7))
        .body("recallOfQueries.value", notNullValue());
  }

  @Test
  void anIndexThatHasLostRecallIsRebuilt() throws SQLException {
    String name = newCollection(POOR);
    fill(name, 1, 100);
    double before = awaitRecall(name).extract().jsonPath().getDouble("recall.value");
    String first = indexes(name).getFirst();

    fill(name, 101, 4_000);

    await()
        .untilAsserted(() -> {
          maintain();
          assertThat(indexes(name)).hasSize(1).doesNotContain(first);
          // The new index is not compared with the old one, which had a fortieth of the rows.
          JsonPath index = index(name).body("recall", notNullValue()).extract().jsonPath();
          assertThat(index.getDouble("recall.value"))
              .isEqualTo(index.getDouble("recall.first"))
              .isLessThan(before - 0.03);
        });
    search(name).statusCode(200).body("strategy", equalTo("hnsw"));
  }

  @Test
  void anIndexWhoseSettingsChangeIsReplaced() throws SQLException {
    String name = newCollection(POOR);
    fill(name, 1, 300);
    awaitRecall(name);

    given()
        .contentType(ContentType.JSON)
        .body(Map.of("precision", "full", "hnsw", Map.of("m", 8)))
        .patch("/api/v1/collections/" + name)
        .then()
        .statusCode(200)
        .body("precision", equalTo("full"))
        .body("hnsw", equalTo(Map.of("m", 8, "efConstruction", 4, "efSearch", 10)));

    await()
        .untilAsserted(() -> {
          // During the whole replacement, searches use an index.
          search(name)
              .statusCode(200)
              .body("strategy", equalTo("hnsw"))
              .body("hits", hasSize(10))
              .body(
                  "explain[0].plan.findAll { it.contains('Index Scan using embedding_') }",
                  hasSize(1));
          index(name)
              .body("index.valid", equalTo(true))
              .body("index.precision", equalTo("full"))
              .body("index.m", equalTo(8))
              .body("index.efConstruction", equalTo(16))
              .body("recall.value", notNullValue());
          assertThat(indexes(name)).hasSize(1);
        });
  }

  @Test
  void aPrecisionThatCannotIndexTheDimensionsIsRejected() {
    String name =
        Api.newCollection(Map.of("model", "none", "dimensions", 3_000, "precision", "half"));

    given()
        .contentType(ContentType.JSON)
        .body(Map.of("precision", "full"))
        .patch("/api/v1/collections/" + name)
        .then()
        .statusCode(422)
        .body("field", equalTo("precision"))
        .body(
            "detail",
            equalTo(
                "An index with full precision may have at most 2000 dimensions, but the model has 3000. Choose half."));
  }

  @Test
  void aBuildReportsProgressAndIncompleteIndexesAreDropped() throws Exception {
    String name = newCollection(POOR);
    fill(name, 1, 100);
    awaitRecall(name);
    String table = table(name);

    try (Connection writer = dataSource.getConnection();
        var writing = writer.createStatement()) {
      writer.setAutoCommit(false);
      writing.execute("LOCK TABLE " + table + " IN ROW EXCLUSIVE MODE");
      cancelReindex(table);

      writer.commit();
      await().untilAsserted(() -> assertThat(relations(table)).containsExactly(table + "_hnsw"));

      writing.execute("LOCK TABLE " + table + " IN ROW EXCLUSIVE MODE");
      given()
          .contentType(ContentType.JSON)
          .body(Map.of("hnsw", Map.of("m", 4)))
          .patch("/api/v1/collections/" + name)
          .then()
          .statusCode(200);
      await()
          .untilAsserted(() ->
              index(name)
                  .body("index.valid", equalTo(true))
                  .body("build.phase", equalTo("waiting for writers before build")));
      writing.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index WHERE relid = '%s'::regclass"
              .formatted(table));
      writer.commit();
      writer.setAutoCommit(true);
    }

    await()
        .untilAsserted(() -> {
          assertThat(relations(table)).containsExactly(table + "_hnsw");
          index(name).body("index.m", equalTo(4)).body("build", nullValue());
        });
  }

  /// Leaves the incomplete index of an interrupted REINDEX.
  private void cancelReindex(String table) throws Exception {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var client = Executors.newSingleThreadExecutor()) {
      Future<Boolean> reindex =
          client.submit(() -> statement.execute("REINDEX INDEX CONCURRENTLY " + table + "_hnsw"));
      await().until(() -> relations(table).contains(table + "_hnsw_ccnew"));
      statement.cancel();
      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(reindex::get)
          .havingCause()
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
    }
    assertThat(relations(table)).contains(table + "_hnsw_ccnew");
  }

  private static String newCollection(Map<String, ?> hnsw) {
    return Api.newCollection(Map.of("model", "none", "dimensions", 8, "hnsw", hnsw));
  }

  /// Inserts documents of one chunk each, with evenly distributed vectors.
  private void fill(String collection, int from, int to) throws SQLException {
    fill(collection, from, to, "sin(n * (i + sqrt(i)))");
  }

  /// @param component number `i` of the vector of document `n`
  private void fill(String collection, int from, int to, String component) throws SQLException {
    var which =
        "FROM collection c, generate_series(%s, %s) n WHERE c.name = '%s'"
            .formatted(from, to, collection);
    execute(
        "INSERT INTO document (collection_id, id, external_id, content_hash)"
            + " SELECT c.id, md5(n::text)::uuid, 'd' || n, sha256('') "
            + which,
        "INSERT INTO chunk (collection_id, document_id, ordinal, text, token_count, start_offset, end_offset)"
            + " SELECT c.id, md5(n::text)::uuid, 0, 'chunk', 1, 0, 5 "
            + which,
        "INSERT INTO %s (space_id, collection_id, document_id, ordinal, vector)"
                .formatted(table(collection))
            + " SELECT c.active_space_id, c.id, md5(n::text)::uuid, 0,"
            + " (SELECT array_agg(%s ORDER BY i)::vector FROM generate_series(1, 8) i) "
                .formatted(component)
            + which,
        "SELECT pg_stat_force_next_flush()");
  }

  private static ValidatableResponse index(String collection) {
    return given().get("/api/v1/collections/" + collection + "/index").then().statusCode(200);
  }

  private static ValidatableResponse tune(String collection, double recall) {
    return Api.post("/collections/" + collection + "/index/tune", Map.of("recall", recall));
  }

  private static ValidatableResponse search(String collection) {
    return Api.search(collection, Map.of("vector", QUERY_VECTOR, "explain", true));
  }

  /// Waits until the service has measured the recall and released its lock, because only one
  /// measurement can run at a time.
  private ValidatableResponse awaitRecall(String collection) {
    await()
        .untilAsserted(() -> {
          maintain();
          index(collection).body("recall", notNullValue());
          assertThat(runningMeasurements(collection)).isEmpty();
        });
    return index(collection);
  }

  /// What the scheduler does too, but not before its next second.
  private void maintain() {
    indexer.maintainIndexes();
    service.measureStaleIndexes();
  }

  private List<String> runningMeasurements(String collection) throws SQLException {
    return query(
        """
        SELECT l.pid
          FROM pg_locks l
          JOIN collection c ON c.active_space_id = l.objid
         WHERE l.locktype = 'advisory' AND l.classid = %s AND c.name = '%s'
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
            .formatted(0x5EA_F1F, collection));
  }

  /// Vectors of the same clusters as [#CLUSTERS], none of which is stored.
  private List<List<Double>> questions(int number) throws SQLException {
    return query(
            "SELECT (SELECT array_agg(%s ORDER BY i) FROM generate_series(1, 8) i) FROM (SELECT k * 7.77 AS n FROM generate_series(1, %s) k) q"
                .formatted(CLUSTERS, number))
        .stream()
        .map(array ->
            Arrays.stream(array.substring(1, array.length() - 1).split(","))
                .map(Double::valueOf)
                .toList())
        .toList();
  }

  /// Computes the recall of index searches for these questions in plain SQL.
  private double recallOf(String collection, List<List<Double>> questions, int ef)
      throws SQLException {
    int found = 0;
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      try {
        statement.execute(
            "SET LOCAL jit = off; SET LOCAL hnsw.ef_search = %s; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"
                .formatted(ef));
        for (List<Double> question : questions) {
          try (var row =
              statement.executeQuery(
                  """
                  SELECT count(*)
                    FROM (SELECT vector <=> '%2$s' AS distance FROM %1$s ORDER BY vector::halfvec(8) <=> '%2$s'::halfvec(8) LIMIT 10) i
                   WHERE distance <= (SELECT max(distance)
                                        FROM (SELECT vector <=> '%2$s' AS distance FROM %1$s ORDER BY (vector <=> '%2$s') + 0 LIMIT 10) t)
                  """
                      .formatted(table(collection), question))) {
            row.next();
            found += row.getInt(1);
          }
        }
        return found / (10.0 * questions.size());
      } finally {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    }
  }

  /// Computes the recall of as many index searches with this `ef`, in plain SQL.
  private double recall(String collection, int ef, int searches) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      try {
        statement.execute(
            """
            SET LOCAL hnsw.ef_search = %s;
            SET LOCAL hnsw.iterative_scan = relaxed_order;
            SET LOCAL enable_seqscan = off;
            SET LOCAL enable_sort = off;
            """
                .formatted(ef));
        try (var row =
            statement.executeQuery(
                """
                  WITH stored AS (
                       SELECT vector::vector, hash_record_extended(ROW(document_id, ordinal), 0) AS place
                         FROM %1$s
                        ORDER BY place
                        LIMIT %2$s
                  ),
                  sample AS MATERIALIZED (
                       SELECT row_number() OVER places AS n,
                              (vector + COALESCE(lead(vector) OVER places, first_value(vector) OVER places))
                              * array_fill(0.5, ARRAY[8])::vector AS q
                         FROM stored
                       WINDOW places AS (ORDER BY place)
                  )
                SELECT sum(found.hits)::float8 / sum(truth.hits)::float8
                  FROM sample
                 CROSS JOIN LATERAL (
                       SELECT count(*) AS hits, max(distance) AS farthest
                         FROM (SELECT e.vector <=> q AS distance FROM %1$s e ORDER BY (e.vector <=> q) + 0 LIMIT 10) t) truth
                 CROSS JOIN LATERAL (
                       SELECT count(*) FILTER (WHERE distance <= truth.farthest) AS hits
                         FROM (SELECT e.vector <=> q AS distance FROM %1$s e
                                ORDER BY (e.vector::halfvec(8)) <=> q::halfvec(8) LIMIT 10) i) found
                 WHERE n <= %3$s
                """
                    .formatted(table(collection), SAMPLE, searches))) {
          row.next();
          return row.getDouble(1);
        }
      } finally {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    }
  }

  private String table(String collection) throws SQLException {
    return query(
            "SELECT 'embedding_' || active_space_id FROM collection WHERE name = '"
                + collection
                + "'")
        .getFirst();
  }

  /// The HNSW indexes of a table, by name.
  private List<String> relations(String table) throws SQLException {
    return query(
        """
        SELECT c.relname
          FROM pg_index i
          JOIN pg_class c ON c.oid = i.indexrelid
         WHERE i.indrelid = '%s'::regclass AND c.relname LIKE '%%hnsw%%'
         ORDER BY 1
        """
            .formatted(table));
  }

  /// The HNSW indexes of a collection, by oid. One statement reads them, because a rebuild renames
  /// and drops them at any moment.
  private List<String> indexes(String collection) throws SQLException {
    return query(
        """
        SELECT c.oid
          FROM pg_index i
          JOIN pg_class c ON c.oid = i.indexrelid
         WHERE i.indrelid = '%s'::regclass AND c.relname LIKE '%%hnsw%%'
         ORDER BY c.relname
        """
            .formatted(table(collection)));
  }

  private List<String> query(String sql) throws SQLException {
    var values = new ArrayList<String>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      while (row.next()) {
        values.add(row.getString(1));
      }
    }
    return values;
  }

  private void execute(String... statements) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
