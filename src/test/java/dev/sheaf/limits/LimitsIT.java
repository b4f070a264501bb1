package dev.sheaf.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// A service with room for one search, nobody waiting, and twenty requests a caller.
class LimitsIT {

  private static final Map<String, String> NARROW =
      Map.of(
          "SHEAF_LIMITS_SEARCHES", "1",
          "SHEAF_LIMITS_QUEUE", "0",
          "SHEAF_LIMITS_REQUESTS_PER_SECOND", "1",
          "SHEAF_LIMITS_BURST_SECONDS", "20");

  @Test
  void whatIsTooMuchIsRefusedAndTheRestGoesOn() throws Exception {
    try (TestDatabase database = TestDatabase.create();
        SheafProcess service = SheafProcess.start(database, NARROW)) {
      assertThat(service.send("POST", "/api/v1/collections", "{\"name\":\"c\"}").statusCode())
          .isEqualTo(201);
      aSecondSearchIsRefused(service, database);
      aGreedyCallerIsRefused(service);
    }
  }

  private static void aSecondSearchIsRefused(SheafProcess service, TestDatabase database)
      throws Exception {
    Future<HttpResponse<String>> first;
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE embedding");
      first =
          CompletableFuture.supplyAsync(() -> {
            try {
              return search(service);
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          });
      await()
          .until(() ->
              !database
                  .query(
                      "SELECT pid FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
                  .isEmpty());

      HttpResponse<String> second = search(service);

      assertThat(second.statusCode()).isEqualTo(503);
      assertThat(second.headers().firstValue("Retry-After")).hasValue("1");
      assertThat(second.body())
          .contains("urn:sheaf:problem:overloaded", "raise sheaf.limits.searches");
      // Writers have a share of their own.
      assertThat(service.send("GET", "/api/v1/collections/c", "").statusCode()).isEqualTo(200);
      connection.rollback();
    }
    assertThat(first.get().statusCode()).isEqualTo(200);
    assertThat(search(service).statusCode()).isEqualTo(200);
  }

  private static void aGreedyCallerIsRefused(SheafProcess service) throws Exception {
    List<HttpResponse<String>> refused = new ArrayList<>();
    try (HttpClient greedy =
        HttpClient.newBuilder().localAddress(InetAddress.getByName("127.0.0.2")).build()) {
      for (int i = 0; i < 40; i++) {
        HttpResponse<String> response =
            greedy.send(
                HttpRequest.newBuilder(service.uri("/api/v1/collections")).build(),
                HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() == 429) {
          refused.add(response);
        }
      }
    }

    assertThat(refused).isNotEmpty();
    assertThat(refused.getFirst().headers().firstValue("Retry-After")).hasValue("1");
    assertThat(refused.getFirst().body()).contains("urn:sheaf:problem:too-many-requests");
    assertThat(service.send("GET", "/api/v1/collections", "").statusCode()).isEqualTo(200);
  }

  private static HttpResponse<String> search(SheafProcess service) throws Exception {
    return service.send(
        "POST", "/api/v1/collections/c/search", "{\"text\":\"tides\",\"exact\":true}");
  }
}
