package dev.sheaf.ingestion;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.Gate;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.Soak;
import dev.sheaf.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Uploads to the built application that are larger than its heap, and uploads during which it is
/// killed or suspended.
///
/// `make soak` uses realistic sizes: 2 GB with a heap of 512 MB, and 200,000 lines with ten kills.
class BulkLoadIT {

  private static final int MEGABYTES = Integer.getInteger("sheaf.test.upload-megabytes");
  private static final int LINES = Integer.getInteger("sheaf.test.upload-lines");
  private static final int KILLS = Integer.getInteger("sheaf.test.upload-kills");

  /// In megabytes.
  private static final int HEAP = Integer.getInteger("sheaf.test.upload-heap");

  /// Tolerance for the live objects of two batches, in bytes.
  private static final long TOLERANCE = 32_000_000;

  private static final Duration TIMEOUT = Duration.ofMinutes(15);
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Map<String, String> SETTINGS =
      Map.of("SHEAF_INGESTION_LEASE", "2s", "SHEAF_INGESTION_POLL_EVERY", "0.1s");

  @Test
  void anUploadMayBeLargerThanTheHeap() throws Exception {
    int dimensions = 1_024;
    String vector = vector(dimensions);
    int lines = (int) (MEGABYTES * 1_000_000L / (vector.length() + 60));
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess sheaf = SheafProcess.start(database, SETTINGS, HEAP + "m");
        var client = Executors.newSingleThreadExecutor()) {
      create(sheaf, dimensions);

      Future<JsonNode> answer =
          client.submit(() -> upload(sheaf, Map.of(), new GeneratedLines("d", 0, lines, vector)));
      var live = new ArrayList<Long>();
      while (!isDone(answer)) {
        live.add(sheaf.liveBytes());
      }

      assertThat(answer.get().path("created").asInt()).isEqualTo(lines);
      assertThat(database.query("SELECT count(*) FROM embedding"))
          .containsExactly(String.valueOf(lines));
      System.out.printf(
          "%s MB with a heap of %s MB; live bytes: %s%n",
          MEGABYTES, HEAP, live.stream().mapToLong(Long::longValue).summaryStatistics());
      int half = live.size() / 2;
      assertThat(max(live.subList(half, live.size())))
          .as("live bytes in the second half of the upload")
          .isLessThan(max(live.subList(0, half)) + TOLERANCE);
    }
  }

  /// Waits half a second, so that the test does not compete with the upload.
  private static boolean isDone(Future<?> answer) throws Exception {
    try {
      answer.get(500, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  private static long max(List<Long> samples) {
    return samples.stream().mapToLong(Long::longValue).max().orElseThrow();
  }

  @Test
  void everyLineIsLoadedOnceAlthoughTheServiceIsKilled() throws Exception {
    int bad = 10;
    try (TestDatabase database = TestDatabase.migrated()) {
      var killedAt = new ArrayList<Long>();
      long id = 0;
      long done = 0;
      for (int kill = 0; kill <= KILLS; kill++) {
        // The service is killed before it loads this document.
        int last = (kill + 1) * LINES / (KILLS + 1);
        try (Gate _ = kill < KILLS ? gate(database, "d" + last) : null;
            SheafProcess sheaf = SheafProcess.start(database, SETTINGS)) {
          if (kill == 0) {
            create(sheaf, 3);
            id =
                upload(
                        sheaf,
                        Map.of("Prefer", "respond-async"),
                        new GeneratedLines("d", bad, LINES, "[1,2,3]"))
                    .path("id")
                    .asLong();
          }
          if (kill < KILLS) {
            long before = done;
            await().atMost(TIMEOUT).until(() -> read(database) > before);
            sheaf.kill();
            done = read(database);
            killedAt.add(done);
            assertThat(done).isLessThan(LINES + bad);
          } else {
            String path = "/api/v1/jobs/" + id;
            await()
                .atMost(TIMEOUT)
                .until(() ->
                    JSON.readTree(sheaf.send("GET", path, "").body())
                        .path("state")
                        .asText()
                        .equals("completed"));
          }
        }
      }

      assertThat(
              database.query(
                  """
                  SELECT concat_ws(' ', state, read, created, updated, unchanged, replaced, failed, line)
                    FROM ingestion_job
                  """))
          .containsExactly(
              "completed %s %s 0 0 0 %s %s".formatted(LINES + bad, LINES, bad, LINES + bad));
      assertThat(database.query("SELECT count(*) FROM document"))
          .containsExactly(String.valueOf(LINES));
      assertThat(database.query("SELECT count(*) FROM chunk"))
          .containsExactly(String.valueOf(LINES));
      assertThat(database.query("SELECT count(*) FROM embedding"))
          .containsExactly(String.valueOf(LINES));
      assertThat(database.query("SELECT line FROM ingestion_error ORDER BY line"))
          .isEqualTo(IntStream.rangeClosed(1, bad).mapToObj(String::valueOf).toList());
      assertThat(database.query("SELECT count(*) FROM ingestion_part")).containsExactly("0");
      System.out.printf("%s lines, killed after %s%n", LINES, killedAt);
    }
  }

  /// The replica that works on the job is suspended for longer than its lease, in the middle of a
  /// transaction at first, and goes on when the other one has taken over.
  @Soak
  @Test
  void aReplicaThatStoodStillLoadsNothingTwice() throws Exception {
    int bad = 10;
    // The server ends a transaction that stands still.
    Map<String, String> settings = new HashMap<>(SETTINGS);
    settings.put("SHEAF_DATABASE_TIMEOUT", "3s");
    try (TestDatabase database = TestDatabase.migrated();
        Gate gate = gate(database, "d" + LINES / 2);
        SheafProcess first = SheafProcess.start(database, settings);
        SheafProcess second =
            startAfter(
                () -> {
                  create(first, 3);
                  upload(
                      first,
                      Map.of("Prefer", "respond-async"),
                      new GeneratedLines("d", bad, LINES, "[1,2,3]"));
                  await().atMost(TIMEOUT).until(gate::isReached);
                },
                database,
                settings)) {
      SheafProcess worker = first;
      SheafProcess other = second;
      for (int stop = 0; stop < KILLS && !isCompleted(database); stop++) {
        long before = read(database);
        if (stop > 0) {
          await().atMost(TIMEOUT).until(() -> read(database) > before || isCompleted(database));
        }
        String holder = holder(database);
        worker.suspend();
        gate.open();
        await()
            .atMost(TIMEOUT)
            .until(() -> isCompleted(database) || !holder(database).equals(holder));
        worker.resume();
        SheafProcess stopped = worker;
        worker = other;
        other = stopped;
      }
      await().atMost(TIMEOUT).until(() -> isCompleted(database));
      // It has noticed before the test looks.
      await()
          .until(() ->
              first.log().stream()
                  .anyMatch(line ->
                      line.contains("Job stopped: ") || line.contains("Job attempt failed: ")));

      assertThat(
              database.query(
                  """
                  SELECT concat_ws(' ', state, read, created, updated, unchanged, replaced, failed, line)
                    FROM ingestion_job
                  """))
          .containsExactly(
              "completed %s %s 0 0 0 %s %s".formatted(LINES + bad, LINES, bad, LINES + bad));
      assertThat(
              database.query(
                  """
                  SELECT concat_ws(' ', count(*), count(DISTINCT d.external_id),
                                   count(*) FILTER (WHERE c.text = 'text ' || substr(d.external_id, 2)))
                    FROM document d
                    JOIN chunk c ON c.collection_id = d.collection_id AND c.document_id = d.id
                    JOIN embedding e ON e.document_id = d.id
                  """))
          .containsExactly("%1$s %1$s %1$s".formatted(LINES));
      assertThat(database.query("SELECT line FROM ingestion_error ORDER BY line"))
          .isEqualTo(IntStream.rangeClosed(1, bad).mapToObj(String::valueOf).toList());
    }
  }

  private interface Step {
    void run() throws Exception;
  }

  private static SheafProcess startAfter(
      Step step, TestDatabase database, Map<String, String> settings) throws Exception {
    step.run();
    return SheafProcess.start(database, settings);
  }

  private static boolean isCompleted(TestDatabase database) throws Exception {
    return database.query("SELECT state FROM ingestion_job").equals(List.of("completed"));
  }

  private static String holder(TestDatabase database) throws Exception {
    return database.query("SELECT COALESCE(lease_holder::text, '') FROM ingestion_job").getFirst();
  }

  @Soak
  @Test
  void replicasShareTheJobs() throws Exception {
    int jobs = 6;
    int bad = 3;
    int lines = LINES / jobs;
    try (TestDatabase database = TestDatabase.migrated();
        SheafProcess first = SheafProcess.start(database, SETTINGS);
        SheafProcess second = SheafProcess.start(database, SETTINGS)) {
      create(first, 3);
      // The replica with the first job waits until the other replica has completed one.
      try (Gate _ = gate(database, "job0-0")) {
        for (int job = 0; job < jobs; job++) {
          upload(
              job % 2 == 0 ? first : second,
              Map.of("Prefer", "respond-async"),
              new GeneratedLines("job" + job + "-", bad, lines, "[1,2,3]"));
        }
        await()
            .atMost(TIMEOUT)
            .until(() ->
                !database.query("SELECT 1 FROM ingestion_job WHERE state = 'completed'").isEmpty());
      }
      await()
          .atMost(TIMEOUT)
          .until(() ->
              database
                  .query("SELECT count(*) FROM ingestion_job WHERE state <> 'completed'")
                  .equals(List.of("0")));

      assertThat(
              database.query(
                  "SELECT concat_ws(' ', read, created, updated, unchanged, replaced, failed) FROM ingestion_job"))
          .hasSize(jobs)
          .containsOnly("%s %s 0 0 0 %s".formatted(lines + bad, lines, bad));
      for (String table : List.of("document", "chunk", "embedding")) {
        assertThat(database.query("SELECT count(*) FROM " + table))
            .containsExactly(String.valueOf(jobs * lines));
      }
      for (SheafProcess replica : List.of(first, second)) {
        assertThat(replica.log()).anyMatch(line -> line.contains("Job completed: "));
      }
    }
  }

  /// Blocks the replica that loads this document.
  private static Gate gate(TestDatabase database, String id) throws SQLException {
    return Gate.before(database.connect(), "document", "NEW.external_id = '%s'".formatted(id));
  }

  private static long read(TestDatabase database) throws Exception {
    return Long.parseLong(database.query("SELECT read FROM ingestion_job").getFirst());
  }

  private static void create(SheafProcess sheaf, int dimensions) throws Exception {
    assertThat(
            sheaf
                .send(
                    "POST",
                    "/api/v1/collections",
                    "{\"name\":\"bulk\",\"model\":\"none\",\"dimensions\":" + dimensions + "}")
                .statusCode())
        .isEqualTo(201);
  }

  private static JsonNode upload(SheafProcess sheaf, Map<String, String> headers, InputStream lines)
      throws Exception {
    var answer = sheaf.upload("/api/v1/collections/bulk/documents", headers, lines);
    assertThat(answer.statusCode()).as(answer.body()).isIn(200, 202);
    return JSON.readTree(answer.body());
  }

  private static String vector(int dimensions) {
    var random = new Random(1);
    return IntStream.range(0, dimensions)
        .mapToObj(_ -> String.valueOf((float) random.nextGaussian()))
        .toList()
        .toString();
  }

  /// Generates lines while they are read, after some lines that are not JSON.
  private static final class GeneratedLines extends InputStream {
    private final String prefix;
    private final int count;
    private final String vector;
    private int made;
    private ByteArrayInputStream line;

    GeneratedLines(String prefix, int bad, int count, String vector) {
      this.prefix = prefix;
      this.count = count;
      this.vector = vector;
      this.line = new ByteArrayInputStream("?\n".repeat(bad).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public int read() {
      throw new UnsupportedOperationException("single bytes are never read");
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      if (line.available() == 0) {
        if (made == count) {
          return -1;
        }
        line =
            new ByteArrayInputStream(
                "{\"id\":\"%s%s\",\"chunks\":[{\"text\":\"text %s\",\"vector\":%s}]}\n"
                    .formatted(prefix, made, made, vector)
                    .getBytes(StandardCharsets.UTF_8));
        made++;
      }
      return line.read(target, offset, length);
    }
  }
}
