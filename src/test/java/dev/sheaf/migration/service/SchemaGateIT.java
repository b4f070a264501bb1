package dev.sheaf.migration.service;

import static io.restassured.RestAssured.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasItems;

import dev.sheaf.migration.engine.CompatibilityVerdict;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

/// The service migrates the schema before it serves, and reports when it is no longer compatible.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class SchemaGateIT {

  @Inject AgroalDataSource dataSource;
  @Inject SchemaState state;

  @Test
  void theServiceStartsWithAnUpToDateSchema() throws SQLException {
    assertThat(state.verdict()).isEqualTo(new CompatibilityVerdict(true, ""));
  }

  @Test
  void readinessFollowsTheSchema() throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      when()
          .get("/q/health/ready")
          .then()
          .body("checks.find { it.name == 'schema' }.status", equalTo("UP"));

      statement.execute(
          "UPDATE databasechangelog SET id = id || 'x', filename = filename || 'x' WHERE author ="
              + " 'fulltext'");
      when()
          .get("/q/health/ready")
          .then()
          .statusCode(503)
          .body("checks.find { it.name == 'schema' }.status", equalTo("DOWN"))
          .body(
              "checks.find { it.name == 'schema' }.data.reason",
              equalTo("6 changesets are not applied, the first is fulltext/001_chunk_search"));

      statement.execute(
          "UPDATE databasechangelog SET id = left(id, -1), filename = left(filename, -1) WHERE"
              + " author = 'fulltext'");
      when()
          .get("/q/health/ready")
          .then()
          .body("checks.find { it.name == 'schema' }.status", equalTo("UP"));

      statement.execute(
          "INSERT INTO schema_journal (path, direction, statement) VALUES"
              + " ('db/changelog/core/004_chunk.sql', 'down', 0)");
      when()
          .get("/q/health/ready")
          .then()
          .statusCode(503)
          .body(
              "checks.find { it.name == 'schema' }.data.reason",
              equalTo("the rollback of core/004_chunk was interrupted"));

      statement.execute("DELETE FROM schema_journal");
      when()
          .get("/q/health/ready")
          .then()
          .body("checks.find { it.name == 'schema' }.status", equalTo("UP"));
    }
  }

  @Test
  void theSchemaIsReadableOverHttp() {
    when()
        .get("/api/v1/schema")
        .then()
        .statusCode(200)
        .body("atHead", equalTo(true))
        .body("modules.name", hasItems("core", "fulltext"))
        .body("modules.find { it.name == 'core' }.pending", empty());
    when()
        .get("/api/v1/schema/history")
        .then()
        .statusCode(200)
        .body("findAll { it.changeset.startsWith('core/') }.action", everyItem(equalTo("up")));
    when().get("/api/v1/schema/verify").then().statusCode(200).body("$", empty());
  }
}
