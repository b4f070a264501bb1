package dev.sheaf;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/// The end of the packaged service.
class SheafIT {

  /// How long it goes on to serve, not ready any more, before it stops to take requests.
  private static final String DELAY = "3s";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int TERMINATED = 128 + 15;

  @Test
  void endsInOrderWhileTheModelLoads() throws IOException, InterruptedException {
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess sheaf = SheafProcess.start(database, SheafProcess.BUNDLED_MODEL)) {
      assertThat(sheaf.terminate()).isEqualTo(TERMINATED);
      // Ended before the load has, the process would sometimes crash.
      assertThat(sheaf.log()).anyMatch(line -> line.contains("Embedding model loaded"));
    }
  }

  @Test
  void drainsBeforeItEnds() throws Exception {
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess sheaf = SheafProcess.start(database, Map.of("QUARKUS_SHUTDOWN_DELAY", DELAY));
        Connection holder = database.connect();
        Statement lock = holder.createStatement()) {
      saysWhichRequestItWas(sheaf);
      holder.setAutoCommit(false);
      lock.execute("LOCK TABLE collection IN SHARE MODE");
      var begun =
          begin(() ->
              sheaf.send(
                  "POST",
                  "/api/v1/collections",
                  "{\"name\": \"late\", \"model\": \"none\", \"dimensions\": 2}"));
      await()
          .until(() ->
              !database
                  .query(
                      """
                      SELECT 1
                        FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'
                      """)
                  .isEmpty());

      var exit = begin(sheaf::terminate);
      await().until(() -> sheaf.send("GET", "/q/health/ready", "").statusCode() == 503);
      assertThat(sheaf.send("GET", "/q/health/live", "").statusCode()).isEqualTo(200);
      holder.commit();

      assertThat(begun.get().statusCode()).isEqualTo(201);
      assertThat(exit.get()).isEqualTo(TERMINATED);
      saysItInJson(sheaf.log());
    }
  }

  private static void saysWhichRequestItWas(SheafProcess sheaf) throws Exception {
    sheaf.send(
        "POST",
        "/api/v1/collections",
        "{\"name\": \"early\", \"model\": \"none\", \"dimensions\": 2}");
    HttpResponse<String> named =
        sheaf.send("DELETE", "/api/v1/collections/early", "", Map.of("X-Request-Id", "friday/17"));
    assertThat(named.statusCode()).isEqualTo(204);
    assertThat(named.headers().firstValue("X-Request-Id")).hasValue("friday/17");
    HttpResponse<String> unnamed =
        sheaf.send("GET", "/api/v1/collections/early", "", Map.of("X-Request-Id", "two words"));
    assertThat(unnamed.headers().firstValue("X-Request-Id").orElseThrow()).matches("[0-9a-f-]{36}");
  }

  private static void saysItInJson(List<String> log) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : log) {
      // The JVM's own complaints, and the banner, are not the service's.
      if (line.startsWith("{")) {
        lines.add(JSON.readTree(line));
      }
    }
    assertThat(lines)
        .filteredOn(line -> line.at("/mdc/requestId").asText().equals("friday/17"))
        .map(line -> line.path("level").asText() + " " + line.path("message").asText())
        .containsExactly("INFO Collection dropped: collection=early");
    assertThat(log.getLast()).startsWith("{").contains("stopped in");
  }

  private static <T> FutureTask<T> begin(Callable<T> work) {
    var task = new FutureTask<>(work);
    Thread.startVirtualThread(task);
    return task;
  }
}
