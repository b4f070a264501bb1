package dev.sheaf.access;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.CreateCollection;
import dev.sheaf.testing.InProcess;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The life of API keys: create, use, expire, revoke.
@InProcess
@QuarkusTest
@TestProfile(RequiredAccess.class)
class AccessIT {

  @Inject ApiKeys keys;
  @Inject CollectionService collections;
  @Inject AgroalDataSource dataSource;

  @BeforeEach
  void twoCollections() {
    for (String name : List.of("ours", "theirs")) {
      if (collections.list(null, 1_000, null).stream()
          .noneMatch(view -> view.name().equals(name))) {
        collections.create(CreateCollection.named(name, "of " + name));
      }
    }
  }

  @Test
  void whoBringsNoKeyIsToldHowToBringOne() {
    given()
        .get("/api/v1/collections")
        .then()
        .statusCode(401)
        .contentType("application/problem+json")
        .header("WWW-Authenticate", "Bearer")
        .body("type", equalTo("urn:sheaf:problem:unauthenticated"))
        .body(
            "detail",
            equalTo("Send an API key in the header Authorization: Bearer sheaf_<id>_<secret>."));
    for (RequestSpecification anonymous :
        List.of(given(), as("sk-wrong"), as("sheaf_000000000000_" + "0".repeat(64)))) {
      anonymous
          .get("/v1/models")
          .then()
          .statusCode(401)
          .header("WWW-Authenticate", "Bearer")
          .body("error.type", equalTo("invalid_request_error"))
          .body("error.code", equalTo("invalid_api_key"));
    }
    given().post("/v1/embeddings").then().statusCode(401);
    given().get("/q/swagger-ui/").then().statusCode(401);
    given().get("/q/openapi.json").then().statusCode(401);
    given().get("/q/openapi").then().statusCode(401).header("WWW-Authenticate", "Bearer");
    given().get("/q/health/ready").then().statusCode(200);
  }

  @Test
  void scriptsOfAPermittedOriginMayCallWithAKey() {
    given()
        .header("Origin", "https://app.example.org")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization,content-type")
        .options("/api/v1/collections/ours/search")
        .then()
        .statusCode(200)
        .header("Access-Control-Allow-Origin", equalTo("https://app.example.org"));
    given()
        .header("Origin", "https://app.example.org")
        .get("/api/v1/collections")
        .then()
        .statusCode(401)
        .header("Access-Control-Allow-Origin", equalTo("https://app.example.org"))
        .header("Access-Control-Expose-Headers", containsString("ETag"));
    given()
        .header("Origin", "https://elsewhere.example.org")
        .get("/api/v1/collections")
        .then()
        .header("Access-Control-Allow-Origin", nullValue());
  }

  @Test
  void metricsNameCollectionsAndAreForThoseWhoSeeAll() throws SQLException {
    String limited = keys.create(CreateKey.of(Role.ADMIN, null, List.of("ours"), null)).key();
    String reader = keys.create(CreateKey.of(Role.READER, "prometheus", null, null)).key();

    given().get("/q/metrics").then().statusCode(401);
    as(limited).get("/q/metrics").then().statusCode(403);
    as(limited).get("/q/metrics/").then().statusCode(not(200));
    as(reader).get("/q/metrics").then().statusCode(200).body(containsString("jvm_memory"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer sheaf_",
        "Bearer sheaf_0123456789ab_short",
        "Bearer sheaf_0123456789ab_0000000000000000000000000000000000000000000000000000000000000000",
        "bearer SHEAF_0123456789ab_0000000000000000000000000000000000000000000000000000000000000000",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Basic c2hlYWY6c2hlYWY=",
        "Bearer",
        "x",
      })
  void whatIsNoKeyIsRefused(String header) {
    given()
        .header("Authorization", header)
        .get("/api/v1/collections")
        .then()
        .statusCode(401)
        .contentType("application/problem+json")
        .body("detail", not(containsString("000000")));
  }

  @Test
  void aKeyIsShownOnceAndItsSecretIsKeptNowhere() throws SQLException {
    String admin = keys.create(CreateKey.of(Role.ADMIN, "first", null, null)).key();

    String key =
        as(admin)
            .contentType(ContentType.JSON)
            .body(
                Map.of(
                    "role",
                    "writer",
                    "name",
                    "shop",
                    "collections",
                    List.of("ours"),
                    "expires",
                    "90d"))
            .post("/api/v1/keys")
            .then()
            .statusCode(201)
            .header("Cache-Control", "no-store")
            .body("key", startsWith("sheaf_"))
            .body("role", equalTo("writer"))
            .body("collections", contains("ours"))
            .body("state", equalTo("active"))
            .body("lastUsedAt", nullValue())
            .extract()
            .path("key");

    String id = id(key);
    String secret = key.substring(key.lastIndexOf('_') + 1);
    as(admin)
        .get("/api/v1/keys")
        .then()
        .body("keys.find { it.id == '" + id + "' }.name", equalTo("shop"))
        .body(not(containsString(secret)));
    assertThat(
            query(
                "SELECT (SELECT string_agg(k::text, ' ') FROM api_key k) || (SELECT string_agg(e::text, ' ') FROM audit_event e)"))
        .contains(id)
        .doesNotContain(secret);
  }

  @Test
  void whatANewKeyMayNotBe() throws SQLException {
    String admin = keys.create(CreateKey.of(Role.ADMIN, null, null, null)).key();
    Map<String, String> details =
        Map.of(
            "{}", "role is required.",
            "{\"role\": \"king\"}", "role must be one of reader, writer, admin.",
            "{\"role\": \"reader\", \"expires\": \"soon\"}",
                "expires must be a duration up to 36500d, such as 90d or 12h, not soon.",
            "{\"role\": \"reader\", \"expires\": \"-1d\"}",
                "expires must be a duration up to 36500d, such as 90d or 12h, not -1d.",
            "{\"role\": \"reader\", \"collections\": []}",
                "collections must contain 1 to 1000 names. Omit the field for a key that is not limited.",
            "{\"role\": \"reader\", \"collections\": [\"A B\"]}",
                "A B is not a valid name of a collection.");
    details.forEach((body, detail) ->
        as(admin)
            .contentType(ContentType.JSON)
            .body(body)
            .post("/api/v1/keys")
            .then()
            .statusCode(422)
            .body("detail", equalTo(detail)));
  }

  @Test
  void aRevokedKeyIsRefusedWithinSeconds() throws SQLException {
    String admin = keys.create(CreateKey.of(Role.ADMIN, null, null, null)).key();
    String here = reader(null);
    String elsewhere = reader(null);
    as(here).get("/api/v1/collections").then().statusCode(200);
    as(elsewhere).get("/api/v1/collections").then().statusCode(200);

    as(admin).delete("/api/v1/keys/" + id(here)).then().statusCode(204);
    // As another replica or a command would do it.
    keys.revoke(id(elsewhere));

    as(here)
        .get("/api/v1/collections")
        .then()
        .statusCode(401)
        .body("detail", equalTo("The API key was revoked. Ask an administrator for a new one."));
    await().untilAsserted(() -> as(elsewhere).get("/api/v1/collections").then().statusCode(401));
    as(admin).delete("/api/v1/keys/" + id(here)).then().statusCode(204);
    as(admin)
        .delete("/api/v1/keys/nothing")
        .then()
        .statusCode(404)
        .body("type", equalTo("urn:sheaf:problem:key-not-found"));
  }

  @Test
  void anExpiredKeyIsRefused() throws SQLException {
    String key = keys.create(CreateKey.of(Role.READER, null, null, "1s")).key();

    await()
        .untilAsserted(() ->
            as(key)
                .get("/api/v1/collections")
                .then()
                .statusCode(401)
                .body(
                    "detail",
                    equalTo("The API key has expired. Ask an administrator for a new one.")));
  }

  @Test
  void aWrongSecretIsAnsweredAsAWrongId() throws SQLException {
    String key = reader(null);
    String wrong = key.substring(0, key.length() - 1) + (key.endsWith("0") ? "1" : "0");

    as(wrong)
        .get("/api/v1/collections")
        .then()
        .statusCode(401)
        .body("detail", equalTo("The API key is not valid."));
    assertThat(query("SELECT last_used_at FROM api_key WHERE id = '" + id(key) + "'"))
        .isEqualTo("null");
  }

  @Test
  void theLastUseIsKnownToTheMinute() throws SQLException {
    String key = reader(null);
    String used = "SELECT last_used_at FROM api_key WHERE id = '" + id(key) + "'";

    try (Connection holder = dataSource.getConnection();
        Statement lock = holder.createStatement()) {
      holder.setAutoCommit(false);
      // Readers pass, writers wait.
      lock.execute("LOCK TABLE api_key IN EXCLUSIVE MODE");
      as(key).get("/api/v1/collections").then().statusCode(200);
      assertThat(query(used)).isEqualTo("null");
      holder.rollback();
    }
    await().untilAsserted(() -> assertThat(query(used)).isNotEqualTo("null"));
    String first = query(used);

    // Until the cached key expires and is looked up again.
    await()
        .pollDelay(Duration.ofSeconds(1))
        .untilAsserted(() -> as(key).get("/api/v1/collections").then().statusCode(200));
    assertThat(query(used)).isEqualTo(first);

    execute(
        "UPDATE api_key SET last_used_at = now() - interval '61 s' WHERE id = '" + id(key) + "'");
    await()
        .untilAsserted(() -> {
          as(key).get("/api/v1/collections").then().statusCode(200);
          assertThat(
                  query(
                      "SELECT last_used_at > now() - interval '30 s' FROM api_key WHERE id = '"
                          + id(key)
                          + "'"))
              .isEqualTo("t");
        });
  }

  @Test
  void aRevokedKeyEndsItsEventStreams() throws Exception {
    String key = keys.create(CreateKey.of(Role.WRITER, null, null, null)).key();
    String job =
        query(
            """
            INSERT INTO ingestion_job (collection_id, collection, mode, state, due_at, created_by)
                 VALUES (0, 'ours', 'async', 'queued', 'infinity', 'key:%s')
              RETURNING id
            """
                .formatted(id(key)));
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<Stream<String>> events =
          client.send(
              HttpRequest.newBuilder(
                      URI.create(
                          "http://localhost:%s/api/v1/jobs/%s/events"
                              .formatted(RestAssured.port, job)))
                  .header("Authorization", "Bearer " + key)
                  .build(),
              HttpResponse.BodyHandlers.ofLines());
      assertThat(events.statusCode()).isEqualTo(200);
      keys.revoke(id(key));

      // The job does not end, but the stream does.
      assertThat(events.body().toList())
          .anyMatch(line -> line.startsWith("data:{\"id\":" + job + ","));
    } finally {
      execute("DELETE FROM ingestion_job WHERE id = " + job);
    }
  }

  @Test
  void aLimitedKeySeesNoOtherCollection() throws SQLException {
    String key = keys.create(CreateKey.of(Role.ADMIN, null, List.of("ours", "absent"), null)).key();

    as(key).get("/api/v1/collections").then().body("collections.name", contains("ours"));
    as(key)
        .contentType(ContentType.JSON)
        .body("{\"name\": \"theirs\"}")
        .post("/api/v1/collections")
        .then()
        .statusCode(403);
    as(key)
        .contentType(ContentType.JSON)
        .body("{\"name\": \"neither\"}")
        .post("/api/v1/collections")
        .then()
        .statusCode(403);
    as(key)
        .contentType(ContentType.JSON)
        .body(
            """
            {"searches": [{"collection": "ours", "search": {"text": "a"}},
                          {"collection": "theirs", "search": {"text": "a"}},
                          {"collection": "neither", "search": {"text": "a"}}]}
            """)
        .post("/api/v1/search/batch")
        .then()
        .statusCode(200)
        .body("answers[0].exact", equalTo(true))
        .body("answers[1].detail", equalTo("There is no collection named theirs."))
        .body("answers[2].detail", equalTo("There is no collection named neither."));
    for (String other : List.of("theirs", "neither")) {
      as(key)
          .contentType(ContentType.JSON)
          .body(Map.of("collections", List.of("ours", other), "search", Map.of("text", "a")))
          .post("/api/v1/search")
          .then()
          .statusCode(404)
          .body("detail", equalTo("There is no collection named %s.".formatted(other)));
    }
    as(key)
        .contentType(ContentType.JSON)
        .body(Map.of("input", "a text"))
        .post("/v1/embeddings")
        .then()
        .statusCode(200);
  }

  @Test
  void writersSeeTheirOwnJobsAndAdminsThoseOfTheirCollections() throws SQLException {
    String writer = key(Role.WRITER, "ours");
    String colleague = key(Role.WRITER, "ours");
    String admin = key(Role.ADMIN, "ours");
    String stranger = key(Role.ADMIN, "theirs");
    String operator = key(Role.ADMIN, null);

    int job =
        as(writer)
            .contentType("application/x-ndjson")
            .header("Prefer", "respond-async")
            .body("{\"id\": \"a\", \"text\": \"something\"}\n".getBytes(StandardCharsets.UTF_8))
            .post("/api/v1/collections/ours/documents")
            .then()
            .statusCode(202)
            .extract()
            .path("id");

    for (String seeing : List.of(writer, admin, operator)) {
      as(seeing).get("/api/v1/jobs").then().body("id", hasItem(job));
      as(seeing).get("/api/v1/jobs/" + job).then().statusCode(200);
    }
    for (String blind : List.of(colleague, stranger)) {
      as(blind).get("/api/v1/jobs").then().body("id", not(hasItem(job)));
      for (String part : List.of("", "/errors", "/events")) {
        as(blind).get("/api/v1/jobs/" + job + part).then().statusCode(404);
      }
      as(blind).post("/api/v1/jobs/" + job + "/cancel").then().statusCode(404);
      as(blind).delete("/api/v1/jobs/" + job).then().statusCode(404);
    }
    as(admin).delete("/api/v1/jobs/" + job).then().statusCode(204);
  }

  @Test
  void everyCallerHasItsOwnIdempotencyKeys() throws SQLException {
    String first = key(Role.WRITER, "ours");
    String second = key(Role.WRITER, "ours");
    for (String writer : List.of(first, second, first, second)) {
      String id = writer.equals(first) ? "first" : "second";
      as(writer)
          .contentType("application/x-ndjson")
          .header("Idempotency-Key", "nightly")
          .body(("{\"id\": \"" + id + "\"}\n").getBytes(StandardCharsets.UTF_8))
          .post("/api/v1/collections/ours/documents")
          .then()
          .statusCode(200)
          .body("errors.id", contains(id));
    }
  }

  private String key(Role role, @Nullable String collection) throws SQLException {
    return keys.create(
            CreateKey.of(role, null, collection == null ? null : List.of(collection), null))
        .key();
  }

  private String reader(@Nullable String collection) throws SQLException {
    return key(Role.READER, collection);
  }

  private static String id(String key) {
    return key.split("_", -1)[1];
  }

  private static RequestSpecification as(String key) {
    return given().header("Authorization", "Bearer " + key);
  }

  private String query(String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return String.valueOf(row.getString(1));
    }
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
