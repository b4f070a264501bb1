package dev.sheaf.ingestion;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.GeneratedText;
import dev.sheaf.testing.HalfDocuments;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// The built application under load: eight clients write while others search.
///
/// `./mvnw verify -Dit.test=LoadSoak -Dsheaf.test.documents=10000` uses a realistic size.
class LoadSoak {

  private static final int DOCUMENTS = Integer.getInteger("sheaf.test.documents");
  private static final int CLIENTS = 8;
  private static final ObjectMapper JSON = new ObjectMapper();

  /// Builds the index early, so that most writes happen while it is built or updated.
  private static final Map<String, String> SETTINGS =
      Map.of(
          "SHEAF_EMBEDDING_MODEL",
          "bge-small-en-v1.5",
          "SHEAF_INDEX_MIN_ROWS",
          String.valueOf(DOCUMENTS / 2),
          "SHEAF_INDEX_CHECK_EVERY",
          "0.2s");

  @Test
  void everyDocumentIsStoredAndNoSearchFails() throws Exception {
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess sheaf = SheafProcess.start(database, SETTINGS)) {
      createCollection(sheaf);
      var loading = new AtomicBoolean(true);
      var failures = new ConcurrentLinkedQueue<String>();
      var searches = new AtomicInteger();
      try (var searchers = Executors.newFixedThreadPool(2)) {
        for (int i = 0; i < 2; i++) {
          searchers.execute(() -> {
            while (loading.get()) {
              try {
                HttpResponse<String> answer =
                    search(sheaf, GeneratedText.query(searches.incrementAndGet()));
                if (answer.statusCode() != 200) {
                  failures.add(answer.body());
                }
              } catch (Exception e) {
                failures.add(e.toString());
              }
            }
          });
        }
        putAll(sheaf);
        loading.set(false);
      }

      assertThat(failures).isEmpty();
      assertThat(searches.get()).isPositive();
      assertThat(count(database, "SELECT count(*) FROM document")).isEqualTo(DOCUMENTS);
      assertThat(HalfDocuments.count(database)).isZero();

      await()
          .untilAsserted(() -> {
            JsonNode answer = JSON.readTree(search(sheaf, GeneratedText.query(0)).body());
            assertThat(answer.get("strategy").textValue()).isEqualTo("hnsw");
            assertThat(answer.get("exact").booleanValue()).isFalse();
          });
      double recall = recall(sheaf, database);
      System.getLogger(LoadSoak.class.getName())
          .log(
              System.Logger.Level.INFO,
              "documents={0} searches={1} recall={2}",
              DOCUMENTS,
              searches,
              recall);
      assertThat(recall).as("recall at 10 of the index").isGreaterThanOrEqualTo(0.95);
    }
  }

  private static void createCollection(SheafProcess sheaf) throws Exception {
    assertThat(sheaf.send("POST", "/api/v1/collections", "{\"name\":\"load\"}").statusCode())
        .isEqualTo(201);
  }

  private static void putAll(SheafProcess sheaf) throws Exception {
    var next = new AtomicInteger();
    Callable<Void> client =
        () -> {
          for (int number = next.getAndIncrement();
              number < DOCUMENTS;
              number = next.getAndIncrement()) {
            put(sheaf, number);
          }
          return null;
        };
    try (var clients = Executors.newFixedThreadPool(CLIENTS)) {
      for (Future<Void> done : clients.invokeAll(Collections.nCopies(CLIENTS, client))) {
        done.get();
      }
    }
  }

  private static void put(SheafProcess sheaf, int number) throws Exception {
    String body = JSON.createObjectNode().put("text", GeneratedText.text(number)).toString();
    HttpResponse<String> answer;
    do {
      // An overloaded service asks its clients to retry.
      answer = sheaf.send("PUT", path(number), body);
    } while (answer.statusCode() == 503);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
  }

  private static String path(int number) {
    return "/api/v1/collections/load/documents/entry%2F" + number;
  }

  private static HttpResponse<String> search(SheafProcess sheaf, String text)
      throws IOException, InterruptedException {
    return sheaf.send(
        "POST",
        "/api/v1/collections/load/search",
        JSON.createObjectNode().put("text", text).toString());
  }

  /// Recall of searches for fifty stored vectors, compared with exact searches in plain SQL. If
  /// several vectors have the same distance, each of them is correct.
  private static double recall(SheafProcess sheaf, TestDatabase database) throws Exception {
    int found = 0;
    int expected = 0;
    try (Connection connection = database.connect();
        var statement = connection.createStatement();
        var sample =
            statement.executeQuery(
                "SELECT vector::text FROM embedding ORDER BY document_id LIMIT 50")) {
      while (sample.next()) {
        String vector = sample.getString(1);
        double tenth = 0;
        var exact = new HashSet<String>();
        try (var nearest =
            connection.prepareStatement(
                """
                SELECT d.external_id, e.vector <=> ?::vector AS distance
                  FROM embedding e
                  JOIN document d ON d.id = e.document_id
                 ORDER BY (e.vector <=> ?::vector) + 0
                 LIMIT 10
                """)) {
          nearest.setString(1, vector);
          nearest.setString(2, vector);
          var rows = nearest.executeQuery();
          while (rows.next()) {
            exact.add(rows.getString(1));
            tenth = rows.getDouble(2);
          }
        }
        JsonNode hits =
            JSON.readTree(
                    sheaf
                        .send(
                            "POST",
                            "/api/v1/collections/load/search",
                            "{\"limit\":10,\"vector\":" + vector + "}")
                        .body())
                .get("hits");
        expected += exact.size();
        for (JsonNode hit : hits) {
          if (exact.contains(hit.get("document").textValue())
              || hit.get("distance").doubleValue() <= tenth) {
            found++;
          }
        }
      }
    }
    return (double) found / expected;
  }

  private static long count(TestDatabase database, String sql) throws SQLException {
    try (Connection connection = database.connect();
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
