package dev.sheaf.migration.service;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static io.restassured.RestAssured.when;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Backfills over HTTP.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class BackfillResourceIT {

  private static final String PATH = "/api/v1/backfills/demo/001_fill";

  @Inject AgroalDataSource dataSource;

  @BeforeEach
  void register() throws SQLException {
    execute(
        """
        CREATE TABLE demo (id int PRIMARY KEY, done boolean NOT NULL DEFAULT false);
        INSERT INTO demo SELECT generate_series(1, 100);
        INSERT INTO backfill (name, relation, key, statement, condition, state)
        VALUES ('demo/001_fill', 'demo', '{id}', 'UPDATE demo SET done = true WHERE :batch',
                'SELECT bool_and(done) FROM demo', 'paused');
        """);
  }

  @AfterEach
  void unregister() throws SQLException {
    execute("DELETE FROM backfill; DROP TABLE demo");
  }

  @Test
  void itCanBeLookedAt() {
    when().get("/api/v1/backfills").then().statusCode(200).body("name", contains("demo/001_fill"));
    when()
        .get(PATH)
        .then()
        .statusCode(200)
        .body("table", equalTo("demo"))
        .body("key", contains("id"))
        .body("state", equalTo("paused"))
        .body("rowsDone", equalTo(0))
        .body("cursor", nullValue());
    when().get("/api/v1/schema").then().statusCode(200).body("backfills.state", contains("paused"));
  }

  @Test
  void itIsResumedAndRuns() {
    when().post(PATH + "/resume").then().statusCode(200);

    await().untilAsserted(() -> when().get(PATH).then().body("state", equalTo("done")));
    when().get(PATH).then().body("rowsDone", equalTo(100));
    when()
        .post(PATH + "/pause")
        .then()
        .statusCode(409)
        .body("type", equalTo("urn:sheaf:problem:backfill-state"))
        .body(
            "detail",
            equalTo(
                "demo/001_fill is done and cannot be paused; only a pending or running backfill can be paused"));
  }

  @Test
  void itIsCancelled() {
    when().post(PATH + "/cancel").then().statusCode(200).body("state", equalTo("cancelled"));

    when()
        .get("/api/v1/audit?limit=1")
        .then()
        .body("events[0].action", equalTo("schema.backfill-cancel"))
        .body("events[0].object", equalTo("demo/001_fill"))
        .body("events[0].details.approvedBy", equalTo("anybody"));
  }

  @Test
  void anUnknownBackfillIsNotFound() {
    when()
        .get("/api/v1/backfills/core/001_nothing")
        .then()
        .statusCode(404)
        .body("type", equalTo("urn:sheaf:problem:backfill-not-found"))
        .body("detail", equalTo("there is no backfill core/001_nothing"));
    when().post("/api/v1/backfills/core/001_nothing/pause").then().statusCode(404);
    given()
        .urlEncodingEnabled(false)
        .get("/api/v1/backfills/core/a%00b")
        .then()
        .statusCode(404)
        .body("type", equalTo("urn:sheaf:problem:backfill-not-found"));
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
