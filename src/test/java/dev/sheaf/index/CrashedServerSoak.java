package dev.sheaf.index;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.sheaf.testing.FaultyPostgres;
import dev.sheaf.testing.LockWaits;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// PostgreSQL crashes while vectors are copied and while an index is built, replaced and rebuilt.
/// Afterwards every vector is found through the index, every B-tree is sound, nothing is left over,
/// and the schema is what the changelogs say.
///
/// Without other options, the server crashes during the upload and the first build, because the
/// service pauses after each build that failed. `make soak` goes through all of them.
class CrashedServerSoak {

  private static final boolean EVERY_BUILD = Boolean.getBoolean("sheaf.soak.every-build");

  private static final int DOCUMENTS = 600;
  private static final int DIMENSIONS = 8;
  private static final int BATCH = 100;
  private static final String COLLECTION = "/api/v1/collections/c";
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Map<String, String> SETTINGS =
      Map.of(
          "SHEAF_INDEX_MIN_ROWS", "500",
          "SHEAF_INDEX_CHECK_EVERY", "0.2s",
          "SHEAF_SEARCH_EF_SEARCH", "1000");

  private final List<float[]> vectors = vectors();

  @Test
  void everyStoredVectorStillFindsItself() throws Exception {
    try (FaultyPostgres postgres = FaultyPostgres.start();
        TestDatabase database = TestDatabase.at(postgres.address());
        SheafProcess sheaf = SheafProcess.start(database, SETTINGS)) {
      assertThat(
              sheaf
                  .send(
                      "POST",
                      "/api/v1/collections",
                      "{\"name\":\"c\",\"model\":\"none\",\"dimensions\":" + DIMENSIONS + "}")
                  .statusCode())
          .isEqualTo(201);

      crashDuringCopy(postgres, database, sheaf);
      assertThat(database.query("SELECT count(*) FROM document")).containsExactly("0");
      crashDuring(postgres, database, () -> assertThat(upload(sheaf).statusCode()).isEqualTo(200));
      soundAndComplete(database, sheaf);

      if (EVERY_BUILD) {
        crashDuring(postgres, database, () -> patch(sheaf, "{\"precision\":\"full\"}"));
        soundAndComplete(database, sheaf);
        crashDuring(
            postgres,
            database,
            () -> database.execute("UPDATE index_recall SET recall = 0, recall_high = 0"));
        soundAndComplete(database, sheaf);
      }
    }
  }

  /// Stops the upload between its documents and its vectors.
  private void crashDuringCopy(FaultyPostgres postgres, TestDatabase database, SheafProcess sheaf)
      throws Exception {
    try (ExecutorService client = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<HttpResponse<String>> upload;
      try (Connection holder = database.connect();
          Statement lock = holder.createStatement()) {
        holder.setAutoCommit(false);
        lock.execute("LOCK TABLE embedding IN SHARE MODE");
        upload = client.submit(() -> upload(sheaf));
        await().until(() -> LockWaits.behind(holder) > 0);
        postgres.crash();
      }
      assertThat(upload.get().statusCode()).isEqualTo(503);
      postgres.awaitReady();
    }
  }

  private interface Action {
    void run() throws Exception;
  }

  /// @param action what makes the service build an index. An open snapshot keeps the build from its
  ///   end
  private static void crashDuring(FaultyPostgres postgres, TestDatabase database, Action action)
      throws Exception {
    try (Connection holder = database.connect();
        Statement snapshot = holder.createStatement()) {
      holder.setAutoCommit(false);
      holder.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      snapshot.execute("SELECT 1");
      action.run();
      await()
          .until(() ->
              !database
                  .query(
                      "SELECT 1 FROM pg_stat_progress_create_index WHERE phase = 'waiting for old snapshots'")
                  .isEmpty());
      postgres.crash();
    }
    postgres.awaitReady();
  }

  private void soundAndComplete(TestDatabase database, SheafProcess sheaf) throws Exception {
    await()
        .until(() ->
            database
                .query(
                    """
                    SELECT string_agg(c.relname || i.indisvalid, ',' ORDER BY c.relname)
                      FROM pg_index i
                      JOIN pg_class c ON c.oid = i.indexrelid
                      JOIN pg_am a ON a.oid = c.relam
                     WHERE a.amname = 'hnsw' AND c.relkind = 'i' OR NOT i.indisvalid
                    """)
                .equals(List.of("embedding_1_hnswtrue")));
    assertThat(database.query("SELECT count(*) FROM embedding"))
        .containsExactly(String.valueOf(DOCUMENTS));
    for (int first = 0; first < DOCUMENTS; first += BATCH) {
      ArrayNode searches = JSON.createArrayNode();
      for (int i = first; i < first + BATCH; i++) {
        searches
            .addObject()
            .put("collection", "c")
            .putObject("search")
            .put("limit", 1)
            .putPOJO("vector", vectors.get(i));
      }
      String request = JSON.createObjectNode().set("searches", searches).toString();
      JsonNode answers =
          JSON.readTree(ok(sheaf.send("POST", "/api/v1/search/batch", request)).body())
              .path("answers");
      assertThat(answers).hasSize(BATCH);
      for (int i = 0; i < BATCH; i++) {
        assertThat(answers.get(i).path("strategy").asText()).isEqualTo("hnsw");
        assertThat(answers.get(i).path("hits").path(0).path("document").asText())
            .isEqualTo("d" + (first + i));
      }
    }
    database.execute("CREATE EXTENSION IF NOT EXISTS amcheck");
    // The function raises an error at the first inconsistency.
    assertThat(
            database.query(
                """
                SELECT count(bt_index_check(i.indexrelid, true)::text)
                  FROM pg_index i
                  JOIN pg_class c ON c.oid = i.indexrelid
                  JOIN pg_am a ON a.oid = c.relam
                 WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p'
                """))
        .singleElement()
        .satisfies(count -> assertThat(Integer.parseInt(count)).isGreaterThan(20));
    database.execute("DROP EXTENSION amcheck");
    try (SheafCommand verify = SheafCommand.start(database, Map.of(), "migrate", "verify")) {
      assertThat(verify.await()).as("%s", verify.said()).isZero();
    }
  }

  private HttpResponse<String> upload(SheafProcess sheaf) throws IOException, InterruptedException {
    var lines = new StringBuilder();
    for (int i = 0; i < DOCUMENTS; i++) {
      lines.append(
          JSON.createObjectNode()
              .put("id", "d" + i)
              .set(
                  "chunks",
                  JSON.createArrayNode()
                      .add(
                          JSON.createObjectNode()
                              .put("text", "text " + i)
                              .putPOJO("vector", vectors.get(i))))
              .toString());
      lines.append('\n');
    }
    return sheaf.upload(
        COLLECTION + "/documents",
        Map.of(),
        new ByteArrayInputStream(lines.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private static void patch(SheafProcess sheaf, String settings) throws Exception {
    ok(sheaf.send("PATCH", COLLECTION, settings));
  }

  private static HttpResponse<String> ok(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response;
  }

  private static List<float[]> vectors() {
    var random = new Random(7);
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      float[] vector = new float[DIMENSIONS];
      IntStream.range(0, DIMENSIONS).forEach(at -> vector[at] = (float) random.nextGaussian());
      vectors.add(vector);
    }
    return vectors;
  }
}
