package dev.sheaf.ingestion;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasEntry;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.Gate;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.LockWaits;
import dev.sheaf.testing.PostgresTestResource;
import dev.sheaf.testing.Warnings;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Uploads with a job.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class JobIT {

  @Inject AgroalDataSource dataSource;
  @Inject CollectionService collections;
  @Inject JobTable table;

  private static String vectors() {
    return Api.newCollection(Map.of("model", "none", "dimensions", 2));
  }

  private static String line(int i) {
    return "{\"id\":\"d%s\",\"chunks\":[{\"text\":\"text %s\",\"vector\":[1,%s]}]}\n"
        .formatted(i, i, i);
  }

  private static String lines(int count) {
    return IntStream.range(0, count).mapToObj(JobIT::line).collect(Collectors.joining());
  }

  private static int store(String collection, String lines) {
    return Api.upload(collection, Map.of("Prefer", "respond-async"), lines)
        .statusCode(202)
        .body("state", equalTo("queued"))
        .extract()
        .path("id");
  }

  private static String jobsOf(String collection) {
    return "SELECT count(*) FROM ingestion_job WHERE collection = '" + collection + "'";
  }

  /// Blocks the load of [#lines] in its second batch.
  private Gate gate(String collection) throws SQLException {
    return Gate.before(
        dataSource.getConnection(),
        collections.activeSpace(collection).documentTable(),
        "NEW.external_id = 'd3000'");
  }

  private static ValidatableResponse job(int id) {
    return given().get("/api/v1/jobs/{id}", id).then();
  }

  private static void awaitState(int id, String state) {
    await().untilAsserted(() -> job(id).body("$", hasEntry("state", state)));
  }

  private long count(String sql) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  private void execute(String sql) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void anUploadIsStoredLoadedAndDeleted() throws SQLException {
    String collection = vectors();
    String upload = lines(1_500) + "not json\n" + line(3) + "\n";

    ValidatableResponse accepted =
        Api.upload(collection, Map.of("Prefer", "wait=5, respond-async"), upload)
            .statusCode(202)
            .header("Preference-Applied", equalTo("respond-async"));
    int id = accepted.extract().path("id");
    accepted.header("Location", equalTo("/api/v1/jobs/" + id));
    awaitState(id, "completed");

    job(id)
        .body("collection", equalTo(collection))
        .body("read", equalTo(1_502))
        .body("created", equalTo(1_500))
        .body("replaced", equalTo(1))
        .body("failed", equalTo(1))
        .body("bytes", equalTo(upload.length()))
        .body("bytesDone", equalTo(upload.length()))
        .body("linesPerSecond", greaterThan(0f))
        .body("finishedAt", notNullValue());
    given()
        .get("/api/v1/jobs/{id}/errors", id)
        .then()
        .body("line", equalTo(List.of(1_501)))
        .body("type", equalTo(List.of("urn:sheaf:problem:malformed-json")));
    given().get("/api/v1/jobs").then().body("id", hasItem(id));
    given()
        .get("/api/v1/collections/{collection}?count=true", collection)
        .then()
        .body("countsEstimated", equalTo(false))
        .body("documents", equalTo(1_500));
    assertThat(count("SELECT count(*) FROM ingestion_part WHERE job_id = " + id)).isZero();

    given().delete("/api/v1/jobs/{id}", id).then().statusCode(204);
    job(id).statusCode(404).body("type", equalTo("urn:sheaf:problem:job-not-found"));
    given().get("/api/v1/jobs/{id}/events", id).then().statusCode(404);
  }

  @Test
  void textsThatTheModelCannotReadAreCounted() {
    String english = "{\"id\":\"a\",\"text\":\"The tides follow the moon.\"}\n";
    String russian = "{\"id\":\"%s\",\"text\":\"Приливы следуют за луной.\"}\n";
    String collection = Api.newCollection(Map.of());

    Api.upload(collection, Map.of(), english + russian.formatted("b") + russian.formatted("c"))
        .statusCode(200)
        .body("created", equalTo(3))
        .body("unreadable", equalTo(2));
    Api.upload(collection, Map.of(), english + russian.formatted("b"))
        .statusCode(200)
        .body("unchanged", equalTo(2))
        .body("unreadable", nullValue());
    int id = store(collection, english + russian.formatted("d") + russian.formatted("e"));
    awaitState(id, "completed");
    job(id).body("created", equalTo(2)).body("unreadable", equalTo(2));

    String warning =
        "Most of the text is in a script that the model bge-small-en-v1.5 does not know, so its"
            + " vectors say little about it. Use a collection with a multilingual model, or search"
            + " for words.";
    Api.put(collection, "f", Map.of("text", "潮汐由月球引起。"))
        .statusCode(201)
        .body("warnings", equalTo(List.of(warning)));
    Api.put(collection, "f", Map.of("text", "潮汐由月球引起。"))
        .statusCode(200)
        .body("warnings", nullValue());
    Api.put(collection, "g", Map.of("text", "Tides."))
        .statusCode(201)
        .body("warnings", nullValue());
    Api.search(collection, Map.of("text", "луна")).body("warnings", equalTo(List.of(warning)));
    Api.search(collection, Map.of("text", "moon")).body("warnings", nullValue());
  }

  @Test
  void eventsReportProgressUntilTheJobEnds() {
    int id = store(vectors(), lines(10));

    List<String> events =
        given()
            .get("/api/v1/jobs/{id}/events", id)
            .then()
            .extract()
            .asString()
            .lines()
            .filter(line -> line.startsWith("data:"))
            .toList();

    assertThat(events.getFirst()).startsWith("data:{\"id\":" + id + ",");
    assertThat(events.getLast()).contains("\"state\":\"completed\",\"read\":10,\"created\":10");
  }

  @Test
  void aRepeatedRequestGetsTheFirstResult() {
    String collection = vectors();
    Map<String, String> key = Map.of("Idempotency-Key", "nightly 1");

    String first =
        Api.upload(collection, key, lines(3) + "x\n")
            .statusCode(200)
            .body("created", equalTo(3))
            .extract()
            .asString();
    Api.upload(collection, key, lines(3) + "x\n").statusCode(200).body(equalTo(first));
    Api.upload(vectors(), key, lines(1)).statusCode(200).body("created", equalTo(1));

    Map<String, String> async = Map.of("Idempotency-Key", "nightly 2", "Prefer", "respond-async");
    int id = Api.upload(collection, async, lines(5)).statusCode(202).extract().path("id");
    Api.upload(collection, async, lines(5)).statusCode(202).body("id", equalTo(id));
    awaitState(id, "completed");
    Api.upload(collection, async, lines(5))
        .statusCode(202)
        .body("id", equalTo(id))
        .body("created", equalTo(2));

    Api.upload(collection, Map.of("Idempotency-Key", "x".repeat(256)), lines(1)).statusCode(400);
  }

  @Test
  void aKeyBelongsToOneBody() throws SQLException {
    String collection = vectors();
    Map<String, String> sync = Map.of("Idempotency-Key", "one");
    Map<String, String> async = Map.of("Idempotency-Key", "two", "Prefer", "respond-async");
    Api.upload(collection, sync, lines(3)).statusCode(200);
    int id = Api.upload(collection, async, lines(3)).statusCode(202).extract().path("id");

    for (String other : List.of("", lines(2), lines(3) + "\n", lines(4_000))) {
      for (Map<String, String> key : List.of(sync, async)) {
        Api.upload(collection, key, other)
            .statusCode(422)
            .body("type", equalTo("urn:sheaf:problem:key-reused"));
      }
    }

    Api.upload(collection, async, lines(3)).statusCode(202).body("id", equalTo(id));
    given()
        .get("/api/v1/collections/{collection}", collection)
        .then()
        .body("documents", equalTo(3));
    assertThat(count(jobsOf(collection))).isEqualTo(2);
  }

  /// An older version stored the key as the client sent it, and no hash.
  @Test
  void aJobOfAnOlderVersionKeepsItsKey() throws SQLException {
    String collection = vectors();
    for (String creator : List.of("anybody", "key:another")) {
      execute(
          """
          INSERT INTO ingestion_job (collection_id, collection, mode, state, idempotency_key, created_by, read, created, finished_at)
          SELECT id, name, 'sync', 'completed', '%1$s', '%1$s', 7, 7, now() FROM collection WHERE name = '%2$s'
          """
              .formatted(creator, collection));
    }

    Api.upload(collection, Map.of("Idempotency-Key", "anybody"), lines(1))
        .statusCode(200)
        .body("created", equalTo(7));
    Api.upload(collection, Map.of("Idempotency-Key", "key:another"), lines(1))
        .statusCode(200)
        .body("created", equalTo(1));
  }

  @Test
  void aRequestInProgressBlocksItsKey() throws SQLException, IOException {
    String collection = vectors();
    Map<String, String> key = Map.of("Idempotency-Key", "slow");
    try (Socket client = open(collection, "Idempotency-Key: slow\r\n")) {
      send(client, lines(1));
      await().until(() -> count(jobsOf(collection)) == 1);

      Api.upload(collection, key, lines(3))
          .statusCode(409)
          .body("type", equalTo("urn:sheaf:problem:busy"));
    }

    // The first client disconnected without a result, so the key is free again.
    await().untilAsserted(() -> Api.upload(collection, key, lines(3)).statusCode(200));
  }

  @Test
  void aJobThatCouldNotBeEndedExpires() throws SQLException {
    String collection = vectors();
    Map<String, String> key = Map.of("Idempotency-Key", "cut off");
    execute(
        """
        CREATE FUNCTION fail_to_end() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE 'database unavailable'; END $$;
        CREATE TRIGGER fail_to_end BEFORE DELETE OR UPDATE OF finished_at ON ingestion_job
            FOR EACH ROW WHEN (OLD.collection = '%s') EXECUTE FUNCTION fail_to_end()
        """
            .formatted(collection));
    try {
      Api.upload(collection, key, lines(3)).statusCode(500);
    } finally {
      execute("DROP FUNCTION fail_to_end() CASCADE");
    }
    Api.upload(collection, key, lines(3)).statusCode(409);

    execute(
        "UPDATE ingestion_job SET lease_until = now() + interval '2 s' WHERE collection = '%s'"
            .formatted(collection));

    await().untilAsserted(() -> Api.upload(collection, key, lines(3)).statusCode(200));
  }

  @Test
  void aJobCanBeDeletedWhileItsUploadIsStored() throws IOException, SQLException {
    String collection = vectors();
    try (Socket client = open(collection, "Prefer: respond-async\r\n")) {
      send(client, lines(1));
      String newest =
          "SELECT coalesce(max(id), 0) FROM ingestion_job WHERE state = 'receiving' AND collection = '"
              + collection
              + "'";
      await().until(() -> count(newest) > 0);
      given().delete("/api/v1/jobs/{id}", count(newest)).then().statusCode(204);
      send(client, "");

      var answer = new String(client.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
      assertThat(answer).isEqualTo("HTTP/1.1 404");
    }
    given()
        .get("/api/v1/collections/{collection}", collection)
        .then()
        .body("documents", equalTo(0));
  }

  @Test
  void aLongJobGivesWayToTheNext() throws SQLException {
    String large = vectors();
    String small = vectors();
    int first;
    int second;
    try (Gate gate = gate(large)) {
      first = store(large, lines(12_000));
      await().until(gate::isReached);
      second = store(small, lines(1));
    }

    awaitState(first, "completed");
    awaitState(second, "completed");

    assertThat(
            count(
                "SELECT count(*) FROM ingestion_job WHERE id = %s AND finished_at < (SELECT finished_at FROM ingestion_job WHERE id = %s)"
                    .formatted(second, first)))
        .isOne();
    job(first).body("created", equalTo(12_000));
  }

  @Test
  void theRowOfAJobDoesNotGrow() throws SQLException {
    String collection = vectors();
    int id;
    try (Gate gate = gate(collection)) {
      id = store(collection, lines(6_000));
      await().until(gate::isReached);
      assertThat(count("SELECT cardinality(written_at) FROM ingestion_job WHERE id = " + id))
          .isZero();
      assertThat(count("SELECT count(*) FROM ingestion_batch WHERE job_id = " + id)).isPositive();
    }

    awaitState(id, "completed");

    assertThat(count("SELECT count(*) FROM ingestion_batch WHERE job_id = " + id)).isZero();
  }

  /// Of each caller, the newest failed uploads are kept, up to 20 GB.
  @Test
  void theOldestFailedUploadsGiveWay() throws SQLException {
    String collection = vectors();
    for (String creator : List.of("greedy", "modest")) {
      execute(
          """
          WITH job AS (
               INSERT INTO ingestion_job (collection_id, collection, mode, state, created_by, bytes, finished_at)
               SELECT id, name, 'async', 'failed', '%s', 9 * 1073741824::bigint, now() - n * interval '1 min'
                 FROM collection, generate_series(1, %s) n
                WHERE name = '%s'
            RETURNING id
          )
          INSERT INTO ingestion_part (job_id, "position", bytes) SELECT id, 0, '' FROM job
          """
              .formatted(creator, creator.equals("greedy") ? 5 : 1, collection));
    }
    String kept =
        """
        SELECT count(*)
          FROM ingestion_job j
          JOIN ingestion_part p ON p.job_id = j.id
         WHERE j.collection = '%s' AND created_by = '%s' AND finished_at >= now() - interval '%s min'
        """;

    table.deleteExcessUploads(
        count(
            "SELECT id FROM ingestion_job WHERE collection = '%s' AND created_by = 'greedy' ORDER BY finished_at DESC LIMIT 1"
                .formatted(collection)));

    assertThat(count(kept.formatted(collection, "greedy", 100))).isEqualTo(2);
    assertThat(count(kept.formatted(collection, "greedy", 2.9))).isEqualTo(2);
    assertThat(count(kept.formatted(collection, "modest", 100))).isOne();
    execute("DELETE FROM ingestion_job WHERE created_by IN ('greedy', 'modest')");
  }

  @Test
  void whatWaitsOfOneCallerHasABound() throws SQLException {
    String collection = vectors();
    int first = store(collection, lines(1));
    awaitState(first, "completed");
    execute(
        """
        INSERT INTO ingestion_job (collection_id, collection, mode, state, created_by, bytes, due_at)
        SELECT collection_id, collection, mode, 'queued', created_by, 20 * 1073741824::bigint, now() + interval '1 day'
          FROM ingestion_job
         WHERE id = %s
        """
            .formatted(first));
    String waiting = "state = 'queued' AND collection = '" + collection + "'";

    Api.upload(collection, Map.of("Prefer", "respond-async"), lines(1))
        .statusCode(429)
        .body("type", equalTo("urn:sheaf:problem:too-many-requests"))
        .body(
            "detail",
            equalTo(
                "Stored uploads of the caller have 21474836480 bytes, uncompressed, that are not loaded yet,"
                    + " and 21474836480 are allowed with this one. Wait until jobs have ended, cancel some,"
                    + " or raise sheaf.ingestion.max-waiting-size."));
    execute("UPDATE ingestion_job SET bytes = bytes - 10 WHERE " + waiting);
    Api.upload(collection, Map.of("Prefer", "respond-async"), lines(1)).statusCode(429);
    assertThat(
            count(
                "SELECT count(*) FROM ingestion_job WHERE state = 'receiving' AND collection = '"
                    + collection
                    + "'"))
        .isZero();
    execute("UPDATE ingestion_job SET created_by = 'another' WHERE " + waiting);

    int second = store(collection, lines(1));

    awaitState(second, "completed");
    execute("DELETE FROM ingestion_job WHERE " + waiting);
  }

  /// The plan reads as many rows as it deletes.
  @Test
  void removingOldJobsDoesNotReadTheOthers() throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(
          """
          INSERT INTO ingestion_job (collection_id, collection, mode, state, finished_at)
          SELECT 0, 'old jobs', 'async', 'completed', now() - n * interval '1 min'
            FROM generate_series(1, 20000) n
          """);
      statement.execute("ANALYZE ingestion_job");
      var plan = new StringBuilder();
      try (var row =
          statement.executeQuery("EXPLAIN " + JobTable.DELETE_FINISHED.replace("?", "1000000"))) {
        while (row.next()) {
          plan.append(row.getString(1)).append('\n');
        }
      }
      connection.rollback();

      assertThat(plan.toString())
          .contains("ingestion_job_finished_idx", "Limit")
          .doesNotContain("Seq Scan");
    }
  }

  @Test
  void aCancelledJobStopsLoading() throws SQLException {
    String collection = vectors();
    int id;
    var warnings = new Warnings();
    try (Gate gate = gate(collection)) {
      id = store(collection, lines(5_000));
      await().until(gate::isReached);

      given()
          .post("/api/v1/jobs/{id}/cancel", id)
          .then()
          .statusCode(200)
          .body("state", equalTo("cancelled"));

      job(id).body("read", equalTo(2_000));
      assertThat(count("SELECT count(*) FROM ingestion_part WHERE job_id = " + id)).isZero();
    }
    // The worker loads the next job, and has not changed this one.
    awaitState(store(collection, lines(1)), "completed");
    job(id).body("state", equalTo("cancelled")).body("read", equalTo(2_000));
    warnings.close();
    assertThat(warnings.messages()).isEmpty();
  }

  /// The stored upload is deleted with the job, even if a worker is about to read it.
  @Test
  void aJobThatIsCancelledBeforeItsFirstReadIsStopped() throws SQLException {
    String collection = vectors();
    byte[] upload = lines(3).getBytes(StandardCharsets.UTF_8);
    var target = new Loader.Target(collection, collections.activeSpace(collection));
    long id = table.begin(target, true, null, "client").orElseThrow();
    table.addPart(id, 0, upload);
    table.disown(id);
    String job = " WHERE id = " + id;
    try (var warnings = new Warnings();
        var holder = dataSource.getConnection();
        var statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("LOCK TABLE ingestion_part IN ACCESS EXCLUSIVE MODE");
      execute(
          "UPDATE ingestion_job SET state = 'queued', due_at = now(), bytes = "
              + upload.length
              + job);
      await().until(() -> LockWaits.behind(holder) > 0);
      statement.execute("UPDATE ingestion_job SET state = 'cancelled', finished_at = now()" + job);
      statement.execute("DELETE FROM ingestion_part WHERE job_id = " + id);
      holder.commit();
      holder.setAutoCommit(true);

      awaitState(store(collection, lines(1)), "completed");
      assertThat(warnings.messages()).isEmpty();
    }
    job(Math.toIntExact(id)).body("state", equalTo("cancelled")).body("read", equalTo(0));
  }

  @Test
  void anUploadWhoseJobIsCancelledFails() throws Exception {
    String collection = vectors();
    String jobs =
        "SELECT coalesce(max(id), 0) FROM ingestion_job WHERE collection = '" + collection + "'";
    try (Socket client = open(collection, "Idempotency-Key: cancelled\r\n")) {
      send(client, lines(1));
      await().until(() -> count(jobs) > 0);
      given().post("/api/v1/jobs/{id}/cancel", count(jobs)).then().statusCode(200);
      send(client, "");

      var answer = new String(client.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
      assertThat(answer).isEqualTo("HTTP/1.1 409");
    }
    job(Math.toIntExact(count(jobs))).body("state", equalTo("cancelled")).body("read", equalTo(0));
    Api.upload(collection, Map.of("Idempotency-Key", "cancelled"), lines(1))
        .statusCode(409)
        .body("type", equalTo("urn:sheaf:problem:job-cancelled"));
  }

  /// The owner of a job may be any writer. The message of an exception may contain anything.
  @Test
  void theErrorOfAJobRevealsNothingOfTheDatabase() throws SQLException {
    String collection = vectors();
    long partition = count("SELECT id FROM collection WHERE name = '" + collection + "'");
    execute(
        """
        CREATE FUNCTION reveal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'internals of 10.1.2.3'; END $$;
        CREATE TRIGGER reveal BEFORE INSERT ON chunk_%s FOR EACH ROW EXECUTE FUNCTION reveal();
        """
            .formatted(partition));
    try {
      int id = store(collection, lines(1));
      await().until(() -> job(id).extract().path("error") != null);

      job(id)
          .body(
              "error",
              equalTo(
                  "An internal error occurred. The cause is in the service's log, under the job's"
                      + " number."));
      given().post("/api/v1/jobs/{id}/cancel", id).then().statusCode(200);
    } finally {
      execute("DROP FUNCTION reveal() CASCADE");
    }
  }

  @Test
  void aJobFailsIfItsCollectionIsDropped() throws SQLException {
    String collection = vectors();
    int id;
    var warnings = new Warnings();
    execute(
        """
        CREATE FUNCTION unclaimed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER unclaimed BEFORE UPDATE ON ingestion_job
            FOR EACH ROW WHEN (OLD.state = 'queued' AND NEW.state = 'running') EXECUTE FUNCTION unclaimed();
        """);
    try {
      // No worker can claim the job before the collection is dropped.
      id = store(collection, lines(5_000));
      given().delete("/api/v1/collections/{collection}", collection).then().statusCode(204);
    } finally {
      execute("DROP FUNCTION unclaimed() CASCADE");
    }

    awaitState(id, "failed");

    job(id).body("error", equalTo("There is no collection named " + collection + "."));
    warnings.close();
    assertThat(warnings.messages()).isEmpty();
    assertThat(count("SELECT count(*) FROM ingestion_part WHERE job_id = " + id)).isZero();
    given()
        .post("/api/v1/jobs/{id}/retry", id)
        .then()
        .statusCode(409)
        .body("detail", containsString("Send the whole upload again."));
  }

  @Test
  void anIncompleteUploadStoresOnlyCompleteDocuments() throws IOException {
    String collection = vectors();
    try (Socket client = open(collection, "")) {
      send(client, lines(2_500) + "{\"id\":\"half\",\"chunks\":[{\"text\":\"a\",\"vec");
      await()
          .untilAsserted(() ->
              given()
                  .get("/api/v1/collections/{collection}", collection)
                  .then()
                  .body("documents", greaterThan(999)));
    }

    given()
        .get("/api/v1/collections/{collection}/documents/half", collection)
        .then()
        .statusCode(404);
    Api.upload(collection, Map.of(), lines(2_500))
        .statusCode(200)
        .body("read", equalTo(2_500))
        .body("failed", equalTo(0));
    given()
        .get("/api/v1/collections/{collection}?count=true", collection)
        .then()
        .body("countsEstimated", equalTo(false))
        .body("documents", equalTo(2_500))
        .body("chunks", equalTo(2_500));
  }

  /// Starts a request whose body the test sends in chunks.
  private static Socket open(String collection, String headers) throws IOException {
    var client = new Socket("localhost", RestAssured.port);
    String head =
        String.join(
            "\r\n",
            "POST /api/v1/collections/" + collection + "/documents HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/x-ndjson",
            "Transfer-Encoding: chunked",
            headers + "\r\n");
    client.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    return client;
  }

  private static void send(Socket client, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    var out = client.getOutputStream();
    out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
    out.write(bytes);
    out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  /// The service stores the upload until its work has ended, so it needs no second upload.
  @Test
  void aFailedJobKeepsItsUploadAndIsRetried() throws SQLException {
    String collection = vectors();
    long partition = count("SELECT id FROM collection WHERE name = '" + collection + "'");
    execute(
        """
        CREATE FUNCTION reject_third() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'rejected'; END $$;
        CREATE TRIGGER reject_third BEFORE INSERT ON document_%s
            FOR EACH ROW WHEN (NEW.external_id = 'd3000') EXECUTE FUNCTION reject_third();
        """
            .formatted(partition));
    int id;
    try {
      id = store(collection, lines(5_000));
      await().until(() -> job(id).extract().path("error") != null);
      // The next attempt is the last.
      execute("UPDATE ingestion_job SET attempts = 7, due_at = now() WHERE id = " + id);
      awaitState(id, "failed");
      job(id).body("read", equalTo(2_000)).body("finishedAt", notNullValue());
    } finally {
      execute("DROP FUNCTION reject_third() CASCADE");
    }

    given()
        .post("/api/v1/jobs/{id}/retry", id)
        .then()
        .statusCode(200)
        .body("state", equalTo("queued"));

    awaitState(id, "completed");
    job(id).body("read", equalTo(5_000)).body("created", equalTo(5_000));
    assertThat(count("SELECT count(*) FROM ingestion_part WHERE job_id = " + id)).isZero();
    given()
        .post("/api/v1/jobs/{id}/retry", id)
        .then()
        .statusCode(409)
        .body("type", equalTo("urn:sheaf:problem:job-state"));
    given().post("/api/v1/jobs/{id}/retry", 0).then().statusCode(404);
  }

  /// A replica that was paused for longer than its lease still owns what it receives.
  @Test
  void anUploadOfAPausedReplicaIsKept() throws SQLException {
    String collection = vectors();
    byte[] upload = lines(3).getBytes(StandardCharsets.UTF_8);
    var target = new Loader.Target(collection, collections.activeSpace(collection));
    long paused = table.begin(target, true, null, "client").orElseThrow();
    long gone = table.begin(target, true, null, "client").orElseThrow();
    for (long id : List.of(paused, gone)) {
      table.addPart(id, 0, upload);
      table.disown(id);
    }
    String leaseUntil =
        "UPDATE ingestion_job SET lease_until = now() - interval '%s' WHERE id = %s";
    execute(leaseUntil.formatted("45 s", paused));
    execute(leaseUntil.formatted("6 min", gone));

    table.deleteOldJobs();

    assertThat(table.find(gone)).isEmpty();
    assertThat(table.queue(paused, upload.length, new byte[32])).isTrue();
    awaitState(Math.toIntExact(paused), "completed");
    job(Math.toIntExact(paused)).body("created", equalTo(3));
  }

  /// Simulates an outage that prevents the update of the table: the process is alive, but no longer
  /// works on the job.
  @Test
  void theLeaseOfADisownedJobExpires() throws SQLException {
    String collection = vectors();
    var target = new Loader.Target(collection, collections.activeSpace(collection));
    long kept = table.begin(target, true, null, "client").orElseThrow();
    long disowned = table.begin(target, true, null, "client").orElseThrow();

    table.disown(disowned);
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(
          "UPDATE ingestion_job SET lease_until = now() - interval '299.5 s' WHERE id IN (%s, %s)"
              .formatted(kept, disowned));
    }

    await().until(() -> table.find(disowned).isEmpty());
    assertThat(table.find(kept)).isPresent();
    table.disown(kept);
    table.delete(kept);
  }
}
