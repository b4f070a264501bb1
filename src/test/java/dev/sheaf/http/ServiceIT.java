package dev.sheaf.http;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasKey;

import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Health, and the description of the API.
@InProcess
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          GET    | /api/v1/collections | evil.example        | -                     | -           | 403
          GET    | /q/openapi          | evil.example        | -                     | -           | 403
          GET    | /q/health/live      | 10.1.2.3:8080       | -                     | -           | 200
          GET    | /api/v1/collections | localhost.evil.example | -                  | -           | 403
          GET    | /api/v1/collections | 127.0.0.1.evil.example | -                  | -           | 403
          GET    | /api/v1/collections | LOCALHOST           | http://evil.example   | cross-site  | 200
          GET    | /api/v1/collections | app.localhost:80    | -                     | -           | 200
          GET    | /api/v1/collections | 127.0.0.53:9        | -                     | -           | 200
          GET    | /api/v1/collections | [::1]:8080          | -                     | -           | 200
          DELETE | /api/v1/keys/none   | localhost           | -                     | -           | 404
          DELETE | /api/v1/keys/none   | localhost           | http://localhost:3000 | same-site   | 404
          DELETE | /api/v1/keys/none   | localhost           | -                     | same-origin | 404
          DELETE | /api/v1/keys/none   | localhost           | http://evil.example   | -           | 403
          DELETE | /api/v1/keys/none   | localhost           | null                  | -           | 403
          DELETE | /api/v1/keys/none   | localhost           | -                     | cross-site  | 403
          """)
  void withoutAccessControlItAnswersThisMachineOnly(
      String method,
      String path,
      String host,
      @Nullable String origin,
      @Nullable String site,
      int status) {
    var request = given().header("Host", host);
    if (origin != null) {
      request.header("Origin", origin);
    }
    if (site != null) {
      request.header("Sec-Fetch-Site", site);
    }

    var answer = request.request(method, path).then().statusCode(status);

    if (status == 403) {
      answer
          .contentType("application/problem+json")
          .body("type", equalTo("urn:sheaf:problem:forbidden"))
          .body("detail", containsString("sheaf.access.open-hosts"));
    }
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
