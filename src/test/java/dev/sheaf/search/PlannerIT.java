package dev.sheaf.search;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.anyOf;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Twenty thousand indexed chunks on a circle, and filters that match many or few of them, near to
/// the query or far from it.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(PlannerIT.EarlyStop.class)
class PlannerIT {

  private static final int ROWS = 20_000;
  private static final String COLLECTION = "circle";

  /// The query. Chunks whose number is near to 0 or [#ROWS] are near to it.
  private static final List<Double> ORIGIN = List.of(1.0, 0.0);

  /// Index searches stop after few rows, so that a test can observe it.
  public static final class EarlyStop implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of(
          "sheaf.search.max-scanned", "500",
          "sheaf.index.check-every", "1s");
    }
  }

  @Inject AgroalDataSource dataSource;

  @BeforeEach
  void circle() throws SQLException {
    if (!io.restassured.RestAssured.get("/api/v1/collections").asString().contains(COLLECTION)) {
      Api.post(
              "/collections",
              Map.of("name", COLLECTION, "model", "none", "dimensions", 2, "metric", "l2"))
          .statusCode(201);
      fill();
      await().until(() -> search(Map.of()).getString("strategy").equals("hnsw"));
    }
  }

  /// In one transaction: no index is built before it ends, and ANALYZE and a concurrent build of an
  /// index of the same table could wait for each other.
  private void fill() throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (String table :
          List.of(
              """
              document (collection_id, id, external_id, content_hash, metadata)
              SELECT c.id, md5(n::text)::uuid, 'd' || n, sha256(''),
                     jsonb_build_object('n', n, 'odd', n % 2 = 1, 'percent', n % 100, 'sector', n / 200)
              """,
              """
              chunk (collection_id, document_id, ordinal, text, token_count, start_offset, end_offset)
              SELECT c.id, md5(n::text)::uuid, 0, 'chunk ' || n, 2, 0, 10
              """,
              """
              embedding (space_id, collection_id, document_id, ordinal, vector)
              SELECT c.active_space_id, c.id, md5(n::text)::uuid, 0,
                     ARRAY[cos(n * 2 * pi() / 20000), sin(n * 2 * pi() / 20000)]::vector
              """)) {
        statement.execute(
            "INSERT INTO %s FROM collection c, generate_series(0, 19999) n WHERE c.name = 'circle' ORDER BY md5(n::text)"
                .formatted(table));
      }
      statement.execute(
          """
          DO $$ BEGIN
            EXECUTE (SELECT format('ANALYZE document_%1$s, chunk_%1$s, embedding_%2$s', id, active_space_id)
                       FROM collection WHERE name = 'circle');
          END $$
          """);
      connection.commit();
      connection.setAutoCommit(true);
    }
  }

  @ParameterizedTest
  @CsvSource({"10", "200", "1000"})
  void returnsAsManyHitsAsRequested(int limit) {
    JsonPath answer = search(Map.of("limit", limit));

    assertThat(answer.getString("strategy")).isEqualTo("hnsw");
    assertThat(answer.getBoolean("exact")).isFalse();
    assertThat(answer.<Object>get("scanned")).isNull();
    assertThat(answer.getBoolean("truncated")).isFalse();
    assertThat(numbers(answer)).hasSize(limit).doesNotHaveDuplicates();
    assertThat(distances(answer)).isSorted();
    assertThat(recall(answer, n -> true)).isGreaterThan(0.9);
  }

  @Test
  void exactScanIfFewDocumentsMatch() {
    JsonPath answer = search(Map.of("limit", 15, "filter", Map.of("percent", 7)));

    assertThat(summary(answer)).isEqualTo("exact, exact, 200 scanned");
    assertThat(steps(answer)).isEqualTo(smallestSteps(15, n -> n % 100 == 7));
  }

  @Test
  void indexScanIfManyDocumentsMatch() {
    for (int time = 1; time <= 2; time++) {
      JsonPath answer = search(Map.of("filter", Map.of("odd", true), "explain", true));

      assertThat(summary(answer)).isEqualTo("hnsw");
      assertThat(numbers(answer)).hasSize(10).allMatch(n -> n % 2 == 1);
      assertThat(recall(answer, n -> n % 2 == 1)).isGreaterThan(0.9);
      // The second search remembers that too many rows match.
      assertThat(answer.getList("explain")).hasSize(time == 1 ? 2 : 1);
    }
  }

  @Test
  void exactScanIfTheIndexFindsTooFew() {
    Map<String, ?> farSide = Map.of("sector", Map.of("$gte", 40, "$lt", 60));

    JsonPath answer = search(Map.of("filter", farSide, "explain", true));

    assertThat(summary(answer)).isEqualTo("exact, exact, 4000 scanned");
    assertThat(steps(answer)).isEqualTo(smallestSteps(10, n -> n >= 8_000 && n < 12_000));
    assertThat(answer.getList("explain")).hasSize(3);
  }

  @Test
  void returnsAllMatchesIfFewerThanRequested() {
    JsonPath answer = search(Map.of("limit", 500, "filter", Map.of("sector", 3)));

    assertThat(summary(answer)).isEqualTo("exact, exact, 200 scanned");
    assertThat(numbers(answer)).hasSize(200);
  }

  @Test
  void offsetContinuesWhereLimitEnded() {
    Map<String, ?> filter = Map.of("percent", Map.of("$in", List.of(1, 2, 3)));
    List<Integer> all = numbers(search(Map.of("filter", filter, "limit", 60)));

    var paged = new ArrayList<Integer>();
    for (int offset = 0; offset < 60; offset += 20) {
      paged.addAll(numbers(search(Map.of("filter", filter, "limit", 20, "offset", offset))));
    }

    assertThat(paged).isEqualTo(all);
  }

  @Test
  void aSearchTimesOut() throws SQLException {
    try (Connection other = dataSource.getConnection();
        var statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE embedding IN ACCESS EXCLUSIVE MODE");

      Api.search(COLLECTION, Map.of("vector", ORIGIN, "timeout", 100))
          .statusCode(504)
          .contentType("application/problem+json")
          .body(
              "",
              equalTo(
                  Map.of(
                      "type",
                      "urn:sheaf:problem:search-timeout",
                      "title",
                      "The search timed out",
                      "status",
                      504,
                      "detail",
                      "The search took more than 100 ms. Raise timeout, or use a narrower filter.")));
      other.rollback();
      other.setAutoCommit(true);
    }
  }

  @Test
  void hitsOfTheIndexAreTruncatedIfTheExactScanTimesOut() {
    // Five near matches, which are not enough, and 4000 far ones.
    Map<String, ?> filter =
        Map.of(
            "$or",
            List.of(
                Map.of("n", Map.of("$lt", 5)), Map.of("sector", Map.of("$gte", 40, "$lt", 60))));
    Set<Integer> near = Set.of(0, 1, 2, 3, 4);
    numbers(search(Map.of("filter", filter)));

    Optional<JsonPath> truncated =
        // The time between the two scans is short, so that a sweep of a busy machine can miss it.
        IntStream.range(0, 5000)
            .map(attempt -> 1 + attempt % 500)
            .mapToObj(timeout ->
                Api.search(
                        COLLECTION, Map.of("vector", ORIGIN, "filter", filter, "timeout", timeout))
                    .statusCode(anyOf(is(200), is(504)))
                    .extract()
                    .jsonPath())
            .filter(answer -> Boolean.TRUE.equals(answer.get("truncated")))
            .findFirst();

    assertThat(truncated).isPresent();
    JsonPath answer = truncated.get();
    assertThat(summary(answer)).isEqualTo("hnsw, truncated");
    assertThat(answer.getString("truncatedBecause"))
        .isEqualTo(
            "The index search stopped after 500 rows with too few hits, and an exact search timed"
                + " out.");
    assertThat(near).containsAll(numbers(answer));
  }

  private static JsonPath search(Map<String, ?> options) {
    var request = new HashMap<String, Object>(options);
    request.put("vector", ORIGIN);
    return Api.search(COLLECTION, request).statusCode(200).extract().jsonPath();
  }

  private static String summary(JsonPath answer) {
    return answer.getString("strategy")
        + (answer.getBoolean("exact") ? ", exact" : "")
        + (answer.get("scanned") == null ? "" : ", " + answer.getInt("scanned") + " scanned")
        + (answer.getBoolean("truncated") ? ", truncated" : "");
  }

  private static List<Integer> numbers(JsonPath answer) {
    return answer.getList("hits.metadata.n", Integer.class);
  }

  private static List<Double> distances(JsonPath answer) {
    return answer.getList("hits.distance", Double.class);
  }

  /// The distances of the hits from the origin, in steps on the circle. Two chunks, one on either
  /// side, have the same distance.
  private static List<Integer> steps(JsonPath answer) {
    return numbers(answer).stream().map(PlannerIT::steps).toList();
  }

  private static int steps(int number) {
    return Math.min(number, ROWS - number);
  }

  /// The smallest distances, in steps, of the chunks that match.
  private static List<Integer> smallestSteps(int limit, IntPredicate matches) {
    return IntStream.range(0, ROWS)
        .filter(matches)
        .map(PlannerIT::steps)
        .sorted()
        .limit(limit)
        .boxed()
        .toList();
  }

  private static double recall(JsonPath answer, IntPredicate matches) {
    List<Integer> found = steps(answer);
    int farthest = smallestSteps(found.size(), matches).getLast();
    return found.stream().filter(steps -> steps <= farthest).count() / (double) found.size();
  }
}
