package dev.sheaf.faults;

import static dev.sheaf.testing.Patience.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.ReadOnlyMode;
import dev.sheaf.testing.LockWaits;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The packaged application with a restricted database, a model that does not answer, and clients
/// that stop sending.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FaultsIT {

  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int POOL = 12;
  private static final int STREAMS = 100;

  private static final String SEARCH = "/api/v1/collections/given/search";
  private static final String QUERY = "{\"vector\":[1,2]}";
  private static final String DOCUMENT = "/api/v1/collections/given/documents/one";
  private static final String CONTENT = "{\"chunks\":[{\"text\":\"%s\",\"vector\":[1,2]}]}";

  private static TestDatabase database;
  private static ServerSocket silent;
  private static SheafProcess sheaf;

  @BeforeAll
  static void start() throws Exception {
    database = TestDatabase.migrated();
    // The kernel accepts connections, but nothing answers.
    silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    sheaf =
        SheafProcess.start(
            database,
            Map.ofEntries(
                entry("SHEAF_INGESTION_MAX_ATTEMPTS", "1"),
                entry("QUARKUS_DATASOURCE_JDBC_MAX_SIZE", String.valueOf(POOL)),
                entry("SHEAF_DATABASE_TIMEOUT", "3s"),
                entry("SHEAF_LIMITS_SEARCHES", "3"),
                entry("SHEAF_LIMITS_READS", "3"),
                entry("SHEAF_LIMITS_EVENT_STREAMS_PER_CALLER", String.valueOf(STREAMS)),
                entry("SHEAF_INGESTION_HEARTBEAT_EVERY", "1s"),
                entry("QUARKUS_DATASOURCE_JDBC_ACQUISITION_TIMEOUT", "1s"),
                entry("QUARKUS_DATASOURCE_JDBC_LOGIN_TIMEOUT", "1s"),
                entry("QUARKUS_HTTP_READ_TIMEOUT", "1s"),
                entry(
                    "SHEAF_EMBEDDING_OPENAI_HANGING_URL",
                    "http://localhost:" + silent.getLocalPort() + "/v1"),
                entry("SHEAF_EMBEDDING_OPENAI_HANGING_DIMENSIONS", "2"),
                entry("SHEAF_EMBEDDING_OPENAI_HANGING_TIMEOUT", "0.5s"),
                entry("SHEAF_EMBEDDING_OPENAI_HANGING_QUERY_TIMEOUT", "0.5s"),
                entry("SHEAF_EMBEDDING_OPENAI_HANGING_RETRIES", "1")));
    create("given", "none");
    create("hanging", "hanging");
    assertThat(sheaf.send("PUT", DOCUMENT, CONTENT.formatted("first")).statusCode()).isEqualTo(201);
  }

  @AfterAll
  static void stop() throws IOException {
    sheaf.close();
    silent.close();
    database.close();
  }

  private static void create(String name, String model) throws Exception {
    String body = "{\"name\":\"%s\",\"model\":\"%s\",\"dimensions\":2}".formatted(name, model);
    HttpResponse<String> answer = sheaf.send("POST", "/api/v1/collections", body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
  }

  /// When a server becomes a standby, its existing sessions stay open and reject all writes. Here,
  /// the sessions of this database keep the setting with which they were opened.
  @Test
  void searchesGoOnWhileTheDatabaseIsReadOnly() throws Exception {
    String name = database.address().database();
    database.execute("ALTER DATABASE " + name + " SET default_transaction_read_only = on");
    try {
      endSessions();
      await()
          .untilAsserted(() ->
              assertThat(refusal(put("second")))
                  .isEqualTo(
                      """
                      {"type":"urn:sheaf:problem:database-read-only","title":"The database is read-only","status":503,\
                      "detail":"PostgreSQL accepts no writes now: it is a standby, or default_transaction_read_only is on. Searches work. Retry the write later."}\
                      """));
      // Each connection of the pool was closed, and the first search that uses it can fail.
      await().until(() -> search().statusCode() == 200);
    } finally {
      TestDatabase.at(TestDatabase.server())
          .execute("ALTER DATABASE " + name + " RESET default_transaction_read_only");
    }
    await().until(() -> put("third").statusCode() == 200);
  }

  /// As `sheaf readonly` does it, with a service that works. It runs first: jobs of other tests
  /// fail, and the log says so.
  @Test
  @Order(1)
  void aDatabaseThatAPersonMadeReadOnlySaysWhy() throws Exception {
    Predicate<String> knows = line -> line.contains("the database is read-only since");
    database.endSessions();
    try (Connection connection = database.address().open("readonly")) {
      Instant changed = ReadOnlyMode.set(connection, true, "ann", "the disk is being replaced");
      // The service replaces its sessions by itself, and no request fails because of that.
      while (sheaf.log().stream().noneMatch(knows)) {
        assertThat(search().statusCode()).isEqualTo(200);
      }
      assertThat(ReadOnlyMode.endEarlierSessions(connection, changed, PATIENCE)).isEmpty();
      // Background work that had begun before it was known may fail once.
      long begun = commits();
      await().until(() -> commits() > begun + 20);
      int quiet = sheaf.log().size();
      String detail =
          "\"detail\":\"PostgreSQL accepts no writes now: the database is read-only since [^ ]+Z,"
              + " by ann: the disk is being replaced\\. Searches work\\. Retry the write"
              + " later\\.\"";

      for (HttpResponse<String> refused :
          List.of(
              put("fourth"),
              sheaf.send("DELETE", DOCUMENT, ""),
              sheaf.send(
                  "POST",
                  "/api/v1/collections",
                  "{\"name\":\"x\",\"model\":\"none\",\"dimensions\":2}"),
              sheaf.send("DELETE", "/api/v1/collections/hanging", ""),
              sheaf.upload(
                  "/api/v1/collections/given/documents",
                  Map.of("Prefer", "respond-async", "Content-Type", "application/x-ndjson"),
                  new ByteArrayInputStream(
                      "{\"id\":\"a\",\"chunks\":[{\"text\":\"a\",\"vector\":[1,2]}]}\n"
                          .getBytes(UTF_8))))) {
        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
        assertThat(refused.body())
            .contains("urn:sheaf:problem:database-read-only")
            .containsPattern(detail);
      }
      assertThat(search().statusCode()).isEqualTo(200);
      assertThat(sheaf.send("GET", DOCUMENT, "").statusCode()).isEqualTo(200);
      HttpResponse<String> ready = sheaf.send("GET", "/q/health/ready", "");
      assertThat(ready.statusCode()).isEqualTo(200);
      assertThat(ready.body())
          .containsPattern(
              "\"readOnly\": ?\"the database is read-only since [^ ]+Z, by ann: the disk");
      long commits = commits();
      await().until(() -> commits() > commits + 20);
      assertThat(sheaf.log().subList(quiet, sheaf.log().size()))
          .noneMatch(line -> line.contains("read-only") || line.contains("\"level\":\"WARN\""));
    } finally {
      try (Connection connection = database.address().open("readonly")) {
        ReadOnlyMode.set(connection, false, "ann", null);
      }
      database.endSessions();
    }
    await().until(() -> put("fifth").statusCode() == 200);
    await().until(() -> sheaf.log().stream().anyMatch(l -> l.contains("accepts writes again")));
    assertThat(
            database.query(
                "SELECT concat_ws(', ', action, approved_by, reason) FROM schema_event WHERE path"
                    + " IS NULL ORDER BY id"))
        .containsExactly("readonly on, ann, the disk is being replaced", "readonly off, ann");
  }

  private static long commits() throws SQLException {
    return Long.parseLong(
        database
            .query("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
            .getFirst());
  }

  private static void endSessions() throws Exception {
    database.query(
        """
        SELECT pg_terminate_backend(pid)
          FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()
        """);
  }

  @Test
  void whoFindsNoConnectionFreeIsToldToComeAgain() throws Exception {
    List<Future<HttpResponse<String>>> answers;
    try (var clients = Executors.newVirtualThreadPerTaskExecutor();
        Connection holder = database.connect();
        Statement lock = holder.createStatement()) {
      holder.setAutoCommit(false);
      lock.execute("LOCK TABLE collection IN ACCESS EXCLUSIVE MODE");
      answers =
          Stream.generate(() -> clients.submit(() -> sheaf.send("GET", "/api/v1/collections", "")))
              .limit(3 * POOL)
              .toList();
      await().until(() -> answers.stream().anyMatch(Future::isDone));
      holder.rollback();
    }

    // On a slow machine, the time of those that had a connection may be over, too.
    var statuses = new ArrayList<Integer>();
    for (var answer : answers) {
      statuses.add(answer.get().statusCode());
      if (answer.get().statusCode() != 200) {
        assertThat(refusal(answer.get()))
            .containsAnyOf(
                "urn:sheaf:problem:database-unavailable", "urn:sheaf:problem:overloaded");
      }
    }
    assertThat(statuses).contains(503);
    assertThat(sheaf.send("GET", "/api/v1/collections", "").statusCode()).isEqualTo(200);
    assertThat(search().statusCode()).isEqualTo(200);
  }

  /// The service answers after three seconds. A session that it gives up must not go on waiting.
  @Test
  void aLockedCollectionTakesNoSessionsAndNoOtherCollection() throws Exception {
    create("locked", "none");
    String id = database.query("SELECT id FROM collection WHERE name = 'locked'").getFirst();
    try (var clients = Executors.newVirtualThreadPerTaskExecutor();
        Connection holder = database.connect();
        Statement lock = holder.createStatement()) {
      holder.setAutoCommit(false);
      lock.execute("LOCK TABLE document_%1$s, chunk_%1$s".formatted(id));
      for (int round = 0; round < 3; round++) {
        List<Future<HttpResponse<String>>> answers = new ArrayList<>();
        for (String path : List.of("", "/documents/one", "/documents")) {
          for (int i = 0; i < 15; i++) {
            answers.add(
                clients.submit(() -> sheaf.send("GET", "/api/v1/collections/locked" + path, "")));
          }
        }
        assertThat(search().statusCode()).isEqualTo(200);
        assertThat(sheaf.send("GET", DOCUMENT, "").statusCode()).isEqualTo(200);
        for (var answer : answers) {
          assertThat(refusal(answer.get())).contains("urn:sheaf:problem:overloaded");
        }
        assertThat(sessions()).isLessThanOrEqualTo(POOL);
      }
      await().until(() -> LockWaits.behind(holder) == 0);
      holder.rollback();
    }
  }

  private static int sessions() throws Exception {
    return Integer.parseInt(
        database
            .query(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'sheaf test'")
            .getFirst());
  }

  @Test
  void aModelThatHangsIsGivenUp() throws Exception {
    String collection = "/api/v1/collections/hanging";

    assertThat(refusal(sheaf.send("POST", collection + "/search", "{\"text\":\"anything\"}")))
        .contains("urn:sheaf:problem:model-unavailable", "did not answer in time")
        .doesNotContain("http:", "localhost", "127.0.0.1");
    assertThat(refusal(sheaf.send("PUT", collection + "/documents/one", "{\"text\":\"any\"}")))
        .contains("urn:sheaf:problem:model-unavailable", "did not answer in time")
        .doesNotContain("http:", "localhost", "127.0.0.1");
    assertThat(search().statusCode()).isEqualTo(200);
  }

  /// An upload that was accepted is kept, and its attempts do not count.
  @Test
  void aStoredUploadWaitsForItsModel() throws Exception {
    String job = jobThatHangs("two");
    String id = job.substring(job.lastIndexOf('/') + 1);

    await()
        .until(() ->
            sheaf.log().stream()
                    .filter(line -> line.contains("Job attempt failed: job=" + id))
                    .count()
                >= 3);

    assertThat(
            database.query(
                "SELECT finished_at IS NULL, count(*) FROM ingestion_job j JOIN ingestion_part p ON p.job_id = j.id WHERE j.id = %s GROUP BY j.id"
                    .formatted(id)))
        .hasSize(1)
        .first()
        .asString()
        .startsWith("t");
    assertThat(sheaf.send("DELETE", job, "").statusCode()).isEqualTo(204);
  }

  /// Uploads a document to a collection whose model does not answer.
  ///
  /// @return the path of the job
  private static String jobThatHangs(String document) throws Exception {
    String line = "{\"id\":\"%s\",\"text\":\"any\"}".formatted(document);
    return sheaf
        .upload(
            "/api/v1/collections/hanging/documents",
            Map.of("Prefer", "respond-async"),
            new ByteArrayInputStream(line.getBytes(StandardCharsets.UTF_8)))
        .headers()
        .firstValue("Location")
        .orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST /api/v1/collections/given/documents application/x-ndjson 1000000",
        "PUT /api/v1/collections/given/documents/stalled application/json 1000000",
        "PUT /api/v1/collections/given/documents/stalled application/json 1000"
      })
  void whoStallsInAnUploadIsCutOff(String request) throws Exception {
    String[] parts = request.split(" ");
    try (Socket client = connect()) {
      send(
          client,
          """
          %s %s HTTP/1.1
          Host: localhost
          Content-Type: %s
          Content-Length: %s

          {"id":\
          """
              .formatted((Object[]) parts));
      assertThat(search().statusCode()).isEqualTo(200);

      client.setSoTimeout(Math.toIntExact(PATIENCE.toMillis()));
      assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .doesNotStartWith("HTTP/1.1 2")
          .doesNotStartWith("HTTP/1.1 5");
    }
    assertThat(sheaf.log()).noneMatch(line -> line.contains("Request failed"));
  }

  /// The model does not answer, so the job and its event stream do not end.
  @Test
  void eventStreamsHoldNoThreadsAndHaveALimit() throws Exception {
    String job = jobThatHangs("one");
    long threads = sheaf.threads();
    var clients = new ArrayList<Socket>();
    try {
      // One after the other: the job of each is looked up among the few reads that are allowed.
      for (int i = 0; i < STREAMS; i++) {
        clients.add(follow(job));
        assertThat(statusLine(clients.getLast())).isEqualTo("HTTP/1.1 200 OK");
      }
      try (Socket further = follow(job)) {
        assertThat(statusLine(further)).startsWith("HTTP/1.1 429 ");
      }
      // Nobody reads the streams.
      assertThat(search().statusCode()).isEqualTo(200);
      assertThat(sheaf.threads()).isLessThan(threads + STREAMS / 2);
      // A comment arrives while nothing happens.
      BufferedReader events = lines(clients.getFirst());
      await().until(() -> events.readLine().startsWith(":"));
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
    await()
        .until(() -> {
          try (Socket client = follow(job)) {
            return statusLine(client).equals("HTTP/1.1 200 OK");
          }
        });
  }

  private static Socket follow(String job) throws IOException {
    Socket client = connect();
    client.setSoTimeout(Math.toIntExact(PATIENCE.toMillis()));
    send(client, "GET " + job + "/events HTTP/1.1\nHost: localhost\n\n");
    return client;
  }

  private static BufferedReader lines(Socket client) throws IOException {
    return new BufferedReader(
        new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8), 1);
  }

  /// Reads no further than the line.
  private static String statusLine(Socket client) throws IOException {
    var line = new StringBuilder();
    for (int c = client.getInputStream().read(); c >= 0 && c != '\r'; ) {
      line.append((char) c);
      c = client.getInputStream().read();
    }
    return line.toString();
  }

  private static Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), sheaf.uri("/").getPort());
  }

  private static void send(Socket client, String text) throws IOException {
    client.getOutputStream().write(text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
  }

  private static HttpResponse<String> search() throws IOException, InterruptedException {
    return sheaf.send("POST", SEARCH, QUERY);
  }

  private static HttpResponse<String> put(String text) throws IOException, InterruptedException {
    return sheaf.send("PUT", DOCUMENT, CONTENT.formatted(text));
  }

  /// The problem of a response that must contain `Retry-After`.
  private static String refusal(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(answer.headers().firstValue("Retry-After")).contains("1");
    return answer.body();
  }
}
