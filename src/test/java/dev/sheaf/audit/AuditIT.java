package dev.sheaf.audit;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.matchesPattern;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The audit trail can be read, but not changed.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class AuditIT {

  @Inject AgroalDataSource dataSource;

  @Test
  void theLifeOfACollection() {
    String name = Api.newCollection();
    Api.put(name, "a/b", Map.of("text", "something that is not recorded")).statusCode(201);
    Api.put(name, "c", Map.of("text", "something else")).statusCode(201);
    given()
        .contentType(ContentType.JSON)
        .body("{\"description\": \"not recorded either\", \"hnsw\": {\"efSearch\": 50}}")
        .patch("/api/v1/collections/" + name)
        .then()
        .statusCode(200);
    given()
        .urlEncodingEnabled(false)
        .delete("/api/v1/collections/" + name + "/documents/a%2Fb")
        .then()
        .statusCode(204);
    given().queryParam("filter", "{}").delete("/api/v1/collections/" + name + "/documents");
    given()
        .header("X-Request-Id", "req-" + name)
        .delete("/api/v1/collections/" + name)
        .then()
        .statusCode(204);

    assertThat(trail(name))
        .containsExactly(
            "anybody collection.created " + name + " {model=bge-small-en-v1.5, dimensions=384}",
            "anybody collection.changed " + name + " {hnsw={efSearch=50}, description=true}",
            "anybody document.deleted " + name + "/a/b {}",
            "anybody documents.deleted " + name + " {deleted=1}",
            "anybody collection.dropped " + name + " {}");
    given()
        .get("/api/v1/audit")
        .then()
        .body("events[0].requestId", equalTo("req-" + name))
        .body("events[0].address", equalTo("127.0.0.1"))
        .body("events[1].requestId", matchesPattern("[0-9a-f-]{36}"));
  }

  /// The events of one collection, oldest first.
  private static List<String> trail(String name) {
    List<Map<String, Object>> events = given().get("/api/v1/audit").jsonPath().getList("events");
    return events.reversed().stream()
        .filter(event -> String.valueOf(event.get("object")).startsWith(name))
        .map(event ->
            String.join(
                " ",
                String.valueOf(event.get("actor")),
                String.valueOf(event.get("action")),
                String.valueOf(event.get("object")),
                String.valueOf(event.get("details"))))
        .toList();
  }

  @Test
  void whatDidNotHappenIsNotRecorded() {
    String name = Api.newCollection();
    Api.post("/collections", Map.of("name", name)).statusCode(409);
    given().delete("/api/v1/collections/" + name + "/documents/absent").then().statusCode(404);
    given()
        .queryParam("filter", "{}")
        .delete("/api/v1/collections/" + name + "/documents")
        .then()
        .statusCode(200);

    assertThat(trail(name)).hasSize(1);
  }

  @Test
  void exportsAreRecorded() {
    String name = Api.newCollection();
    given()
        .accept("application/x-ndjson")
        .get("/api/v1/collections/" + name + "/documents?vectors=true")
        .then()
        .statusCode(200);
    given().get("/api/v1/collections/" + name + "/documents").then().statusCode(200);

    assertThat(trail(name))
        .last()
        .isEqualTo("anybody documents.exported " + name + " {vectors=true}");
  }

  @Test
  void theSchemasHistoryIsPartOfIt() {
    List<String> actions = new ArrayList<>();
    List<String> objects = new ArrayList<>();
    String query = "?limit=7";
    for (String after = ""; after != null; ) {
      JsonPath page = given().get("/api/v1/audit" + query + after).jsonPath();
      actions.addAll(page.getList("events.action"));
      objects.addAll(page.getList("events.object"));
      String next = page.getString("next");
      after = next == null ? null : "&after=" + next;
    }

    assertThat(actions).contains("schema.up");
    assertThat(objects)
        .contains("core/001_vector_extension", "audit/001_audit_event")
        .filteredOn(object -> object != null && object.startsWith("core/"))
        .doesNotHaveDuplicates();
  }

  @Test
  void aCursorIsOursOrRefused() {
    given()
        .get("/api/v1/audit?after=x")
        .then()
        .statusCode(400)
        .body("detail", equalTo("after must be the unchanged `next` of an earlier page."));
    given().get("/api/v1/audit?limit=0").then().statusCode(400);
    given().get("/api/v1/audit?limit=1").then().body("keySet()", hasItems("events", "next"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE audit_event SET actor = 'nobody'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "UPDATE schema_event SET approved_by = NULL",
        "DELETE FROM schema_event",
        "TRUNCATE schema_event",
      })
  void theDatabaseRefusesToChangeIt(String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute(sql))
          .isInstanceOf(SQLException.class)
          .hasMessageMatching("(?s).*is append[- ]only.*");
    }
  }
}
