package dev.sheaf.index;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Eight clients write and eight clients search while an index is built, replaced and rebuilt.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class IndexUnderLoadSoak {

  private static final int CLIENTS = 8;
  private static final int DIMENSIONS = 8;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TestHTTPResource URI base;
  @Inject AgroalDataSource dataSource;

  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicBoolean working = new AtomicBoolean(true);
  private final AtomicInteger rounds = new AtomicInteger();
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private final AtomicInteger indexSearches = new AtomicInteger();

  @Test
  void clientsDoNotBlockEachOtherAndNoDocumentIsLost() throws Exception {
    String name = Api.newCollection(Map.of("model", "none", "dimensions", DIMENSIONS));
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < CLIENTS; i++) {
        clients.execute(() -> untilDone(random -> write(name, random)));
      }
      await().until(() -> acknowledged.size() > 50);
      for (int i = 0; i < CLIENTS; i++) {
        clients.execute(() -> untilDone(random -> search(name, random)));
      }
      try {
        String built = awaitIndexOtherThan("", name);
        patch(name, "{\"hnsw\": {\"m\": 8}}");
        String replaced = awaitIndexOtherThan(built, name);
        patch(name, "{\"precision\": \"full\"}");
        String full = awaitIndexOtherThan(replaced, name);
        await()
            .until(() -> {
              loseRecall(name);
              return !full.equals(index(name));
            });
      } finally {
        working.set(false);
      }
    }

    assertThat(failures).isEmpty();
    assertThat(indexSearches).hasPositiveValue();
    assertThat(stored(name)).isEqualTo(acknowledged);
    await()
        .untilAsserted(() ->
            assertThat(
                    answer("POST", "/" + name + "/index/measure", "").path("value").doubleValue())
                .isGreaterThan(0.95));
  }

  private interface ClientAction {
    void run(Random random) throws Exception;
  }

  private void untilDone(ClientAction action) {
    var random = new Random();
    while (working.get() && failures.isEmpty()) {
      try {
        action.run(random);
      } catch (Exception | AssertionError e) {
        failures.add(e.toString());
      }
    }
  }

  /// Stores three documents, replaces one and deletes another.
  private void write(String collection, Random random) throws Exception {
    int round = rounds.incrementAndGet();
    for (String document : List.of("kept", "again", "again", "deleted")) {
      String id = document + "-" + round;
      String path = "/" + collection + "/documents/" + id;
      String content =
          "{\"chunks\": [{\"text\": \"%s\", \"vector\": %s}]}".formatted(id, vector(random));
      answer("PUT", path, content);
      acknowledged.add(id);
      if (document.equals("deleted")) {
        answer("DELETE", path, "");
        acknowledged.remove(id);
      }
    }
  }

  private void search(String collection, Random random) throws Exception {
    JsonNode found =
        answer("POST", "/" + collection + "/search", "{\"vector\": " + vector(random) + "}");
    assertThat(found.path("hits")).hasSize(10);
    assertThat(found.path("truncated").booleanValue()).isFalse();
    if (found.path("strategy").textValue().equals("hnsw")) {
      indexSearches.incrementAndGet();
    }
  }

  private void patch(String collection, String settings) throws Exception {
    answer("PATCH", "/" + collection, settings);
  }

  /// Makes the index look as if it had lost recall, so that it is rebuilt.
  private void loseRecall(String collection) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(
          """
          UPDATE index_recall r
             SET recall = 0, recall_high = 0
            FROM collection c
           WHERE c.name = '%s' AND r.space_id = c.active_space_id
          """
              .formatted(collection));
    }
  }

  private String awaitIndexOtherThan(String oid, String collection) {
    return await().until(() -> index(collection), found -> !found.equals(oid));
  }

  /// The oid of the valid index of a collection; empty while there is none.
  private String index(String collection) throws SQLException {
    return query(
            """
            SELECT indexrelid::text
              FROM pg_index
             WHERE indisvalid
               AND indexrelid = to_regclass((SELECT 'embedding_' || active_space_id || '_hnsw'
                                               FROM collection WHERE name = '%s'))
            """
                .formatted(collection))
        .stream()
        .findFirst()
        .orElse("");
  }

  private Set<String> stored(String collection) throws SQLException {
    return query(
        """
        SELECT d.external_id
          FROM collection c
          JOIN document d  ON d.collection_id = c.id
          JOIN embedding e ON e.space_id = c.active_space_id AND e.document_id = d.id
         WHERE c.name = '%s'
        """
            .formatted(collection));
  }

  private static String vector(Random random) {
    return random.doubles(DIMENSIONS, -1, 1).boxed().toList().toString();
  }

  private JsonNode answer(String method, String path, String body) throws Exception {
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(base.resolve("/api/v1/collections" + path))
                .header("content-type", "application/json")
                .method(method, BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    return JSON.readTree(response.body());
  }

  private Set<String> query(String sql) throws SQLException {
    var values = new HashSet<String>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      while (row.next()) {
        values.add(row.getString(1));
      }
    }
    return values;
  }
}
