package dev.sheaf.telemetry;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The metrics that `/q/metrics` serves.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class MetersIT {

  @Inject AgroalDataSource dataSource;

  @Test
  void everythingThatIsDescribedIsShownAndTheOtherWayRound() throws Exception {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    upload(collection, "");
    upload(collection, "respond-async");
    Api.search(collection, Map.of("vector", List.of(1, 0))).statusCode(200);
    enterBackfill();
    try {
      awaitLine("sheaf_jobs", "state=\"completed\"");
      awaitLine("sheaf_index_recall", "collection=\"" + collection + "\"", "sample=\"stored\"");
      awaitLine("sheaf_backfill_estimated_rows", "backfill=\"core/998_metered\"");

      Set<String> shown =
          metrics()
              .lines()
              .filter(line -> !line.startsWith("#"))
              .flatMap(line -> Metrics.namesIn(line).stream())
              .collect(Collectors.toSet());
      Set<String> described = Metrics.described();
      assertThat(shown).containsAll(described);
      assertThat(described)
          .containsAll(
              shown.stream().filter(name -> name.startsWith("sheaf_")).collect(Collectors.toSet()));
    } finally {
      execute("DELETE FROM backfill WHERE name = 'core/998_metered'");
    }
  }

  /// The paths and methods that clients make up are no series of their own.
  @Test
  void requestsWithoutAnOperationShareSeries() {
    for (int i = 0; i < 3; i++) {
      String path = "/api/v1/collections/made-up-" + i;
      given().request("MADEUP" + i, path).then().statusCode(405);
      given().request("TRACE", path).then().statusCode(405);
      given().patch(path + "/documents").then().statusCode(405);
      given().get("/made-up-" + i).then().statusCode(404);
    }

    String requests =
        metrics()
            .lines()
            .filter(line -> line.startsWith("http_server_requests_seconds_count"))
            .collect(Collectors.joining("\n"));
    assertThat(requests).doesNotContainIgnoringCase("made-up").doesNotContain("MADEUP");
    assertThat(
            value(
                requests,
                "http_server_requests_seconds_count",
                "method=\"OTHER\"",
                "status=\"405\"",
                "uri=\"METHOD_NOT_ALLOWED\""))
        .isGreaterThanOrEqualTo(6);
  }

  @Test
  void searchesAndDocumentsAreCountedByWhatTheyWere() {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    upload(collection, "");
    upload(collection, "");
    given()
        .delete("/api/v1/collections/{collection}/documents/d1", collection)
        .then()
        .statusCode(204);
    Api.search(collection, Map.of("vector", List.of(1, 0), "exact", true)).statusCode(200);
    Api.search(collection, Map.of("vector", List.of(1, 0), "exact", true)).statusCode(200);
    Api.search(collection, Map.of("text", "tide", "mode", "fulltext")).statusCode(200);

    String metrics = metrics();
    String tag = "collection=\"" + collection + "\"";
    assertThat(value(metrics, "sheaf_search_seconds_count", tag, "strategy=\"exact\""))
        .isEqualTo(2);
    assertThat(value(metrics, "sheaf_search_seconds_bucket", tag, "exact\"", "le=\"+Inf\""))
        .isEqualTo(2);
    assertThat(value(metrics, "sheaf_search_seconds_count", tag, "mode=\"fulltext\"")).isEqualTo(1);
    assertThat(value(metrics, "sheaf_documents_total", tag, "outcome=\"created\"")).isEqualTo(10);
    assertThat(value(metrics, "sheaf_documents_total", tag, "outcome=\"unchanged\"")).isEqualTo(10);
    assertThat(value(metrics, "sheaf_documents_total", tag, "outcome=\"deleted\"")).isEqualTo(1);
    assertThat(value(metrics, "sheaf_schema_fits")).isEqualTo(1);
  }

  @Test
  void theSeriesOfACollectionGoWithIt() {
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    upload(collection, "");
    awaitLine("sheaf_documents_total", "collection=\"" + collection + "\"");

    given().delete("/api/v1/collections/{collection}", collection).then().statusCode(204);

    await().until(() -> !metrics().contains("collection=\"" + collection + "\""));
  }

  private static void upload(String collection, String prefer) {
    String lines =
        IntStream.range(0, 10)
            .mapToObj(
                "{\"id\":\"d%1$s\",\"chunks\":[{\"text\":\"tide %1$s\",\"vector\":[1,%1$s]}]}\n"
                    ::formatted)
            .collect(Collectors.joining());
    Api.upload(collection, Map.of("Prefer", prefer), lines)
        .statusCode(prefer.isEmpty() ? 200 : 202);
  }

  private void enterBackfill() throws SQLException {
    execute(
        """
        INSERT INTO backfill (name, relation, key, statement, condition, state, rows_estimated)
        VALUES ('core/998_metered', 'metered', '{id}', 'UPDATE metered SET done = true WHERE :batch',
                'SELECT true', 'paused', 100)
        """);
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String metrics() {
    return given().get("/q/metrics").then().statusCode(200).extract().asString();
  }

  private static void awaitLine(String name, String... tags) {
    await().until(() -> value(metrics(), name, tags) > 0);
  }

  /// The value of the first line with this name and these tags; NaN if there is none.
  private static double value(String metrics, String name, String... tags) {
    var line = Pattern.compile("^" + name + "(\\{.*})? (\\S+)$");
    return metrics
        .lines()
        .map(line::matcher)
        .filter(
            found -> found.matches() && List.of(tags).stream().allMatch(found.group()::contains))
        .mapToDouble(found -> Double.parseDouble(found.group(2)))
        .findFirst()
        .orElse(Double.NaN);
  }
}
