package dev.sheaf.http;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasKey;

import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

/// Health, and the description of the API.
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class ServiceIT {

  @Test
  void isLiveStartedAndReady() {
    given().get("/q/health/live").then().statusCode(200).body("status", equalTo("UP"));
    given().get("/q/health/started").then().statusCode(200).body("status", equalTo("UP"));
    given()
        .get("/q/health/ready")
        .then()
        .statusCode(200)
        .body("checks.name", hasItems("schema", "embedding-model"))
        .body("checks.status", org.hamcrest.Matchers.everyItem(equalTo("UP")));
  }

  @Test
  void describesItself() {
    given()
        .accept("application/json")
        .get("/q/openapi")
        .then()
        .statusCode(200)
        .body("info.title", equalTo("Sheaf"))
        .body("paths", hasKey("/api/v1/collections"))
        .body("paths", hasKey("/api/v1/collections/{collection}/documents/{id}"))
        .body("paths", hasKey("/api/v1/collections/{collection}/search"));
    given().get("/q/swagger-ui/").then().statusCode(200);
  }
}
