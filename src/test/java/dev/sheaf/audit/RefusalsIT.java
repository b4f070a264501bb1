package dev.sheaf.audit;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.access.RequiredAccess;
import dev.sheaf.database.Sql;
import dev.sheaf.testing.InProcess;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The events of requests that were refused.
@InProcess
@QuarkusTest
@TestProfile(RequiredAccess.class)
class RefusalsIT {

  @Inject Refusals refusals;
  @Inject AgroalDataSource dataSource;

  private long last;

  @BeforeEach
  void writeThoseOfOtherTests() throws SQLException {
    refusals.write();
    last =
        Sql.of("SELECT coalesce(max(id), 0) FROM audit_event")
            .first(dataSource, row -> row.getLong(1))
            .orElseThrow();
  }

  @Test
  void equalRefusalsAreOneEvent() throws SQLException {
    for (int i = 0; i < 3; i++) {
      given().get("/api/v1/keys").then().statusCode(401);
    }
    given()
        .header("Authorization", "Bearer sheaf_0123456789ab_" + "0".repeat(64))
        .delete("/api/v1/keys/x")
        .then()
        .statusCode(401);
    given().get("/q/health/live").then().statusCode(200);
    assertThat(events()).isEmpty();

    refusals.write();
    refusals.write();

    assertThat(events())
        .containsExactlyInAnyOrder(
            "anybody access.refused listKeys {\"status\": 401, \"requests\": 3} 127.0.0.1",
            "anybody access.refused revokeKey {\"status\": 401, \"requests\": 1} 127.0.0.1");
  }

  private List<String> events() throws SQLException {
    return Sql.of(
            """
            SELECT concat_ws(' ', actor, action, object, details, address)
              FROM audit_event
             WHERE id > ? AND action = 'access.refused'
            """,
            last)
        .list(dataSource, row -> row.getString(1));
  }
}
