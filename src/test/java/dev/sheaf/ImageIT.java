package dev.sheaf;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.SheafContainer;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.testcontainers.containers.Network;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/// The image itself. Left out where there is no container engine.
@EnabledIf(
    value = "dev.sheaf.testing.SheafContainer#engineAnswers",
    disabledReason = "no container engine answers")
class ImageIT {

  private static final int TERMINATED = 128 + 15;
  private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");

  private static Network network;
  private static PostgreSQLContainer postgres;
  private static int databases;

  private String database;

  @BeforeAll
  static void startPostgres() {
    network = Network.newNetwork();
    postgres =
        new PostgreSQLContainer(
                DockerImageName.parse("docker.io/pgvector/pgvector:pg17")
                    .asCompatibleSubstituteFor("postgres"))
            .withNetwork(network)
            .withNetworkAliases("postgres");
    postgres.start();
  }

  @AfterAll
  static void stopPostgres() {
    postgres.stop();
    network.close();
  }

  @BeforeEach
  void createDatabase() throws SQLException {
    database = "image_" + ++databases;
    try (Connection connection = connect(postgres.getDatabaseName());
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + database);
    }
  }

  @Test
  void runsAVerbWithAndWithoutTheNameBeforeIt() {
    try (SheafContainer up = sheaf("migrate", "up");
        SheafContainer status = sheaf("sheaf", "migrate", "status", "--check")) {
      assertThat(up.run()).isZero();
      assertThat(up.getLogs()).contains("up    core/001_vector_extension", "applied in");
      assertThat(status.run()).isZero();
      assertThat(status.getLogs()).contains("is up to date");
    }
  }

  /// The order that the manifests for Kubernetes rely on: a Job runs `up`, and each pod `wait`
  /// before its service, which only checks.
  @Test
  void waitsForWhoMigrates() throws Exception {
    try (SheafContainer wait = sheaf("migrate", "wait");
        SheafContainer up = sheaf("migrate", "up");
        SheafContainer again = sheaf("migrate", "up");
        SheafContainer service = sheaf().withEnv("SHEAF_SCHEMA_AT_START", "check")) {
      wait.start();
      await().until(() -> wait.getLogs().contains("waiting: the database has no schema yet"));

      assertThat(up.run()).isZero();
      assertThat(wait.awaitExit()).isZero();

      service.start();
      assertThat(service.send("GET", "/q/health/started", "").statusCode()).isEqualTo(200);
      assertThat(again.run()).isZero();
      assertThat(again.getLogs()).contains("nothing is pending");
    }
  }

  @Test
  void searchesWithVectorsOfTheClients() throws Exception {
    try (SheafContainer service = sheaf()) {
      service.start();
      ok(
          service.send(
              "POST",
              "/api/v1/collections",
              """
              {"name": "points", "model": "none", "dimensions": 2, "metric": "l2"}
              """));
      for (int i = 0; i < 3; i++) {
        ok(
            service.send(
                "PUT",
                "/api/v1/collections/points/documents/" + i,
                """
                {"chunks": [{"text": "point", "vector": [%s, 0]}]}
                """
                    .formatted(i)));
      }
      assertThat(
              ok(
                  service.send(
                      "POST",
                      "/api/v1/collections/points/search",
                      """
                      {"vector": [1.9, 0], "limit": 1}
                      """)))
          .contains("\"document\":\"2\"");
    }
  }

  @Test
  void embedsInHalfAGigabyte() throws Exception {
    try (SheafContainer service = sheaf()) {
      service.start();
      String mapped = service.exec("cat", "/proc/1/maps");
      assertThat(mapped)
          .contains(mapped.contains("libjvm.so") ? "/opt/sheaf/sheaf.aot" : "/opt/sheaf/sheaf");
      assertThat(service.exec("id", "-u").strip()).isEqualTo("10001");

      ok(service.send("POST", "/api/v1/collections", "{\"name\": \"notes\"}"));
      String text = "The tide turns twice a day, and the harbour with it. ".repeat(40);
      for (int i = 0; i < 20; i++) {
        ok(
            service.send(
                "PUT",
                "/api/v1/collections/notes/documents/" + i,
                "{\"text\": \"" + i + " " + text + "\"}"));
      }
      ok(
          service.send(
              "PUT",
              "/api/v1/collections/notes/documents/cats",
              "{\"text\": \"A cat sleeps most of the day.\"}"));
      assertThat(
              ok(
                  service.send(
                      "POST",
                      "/api/v1/collections/notes/search",
                      "{\"text\": \"which animal is asleep\", \"limit\": 1}")))
          .contains("\"document\":\"cats\"");
      assertThat(service.exec("cat", "/proc/1/maps")).contains("/opt/sheaf/native/libonnxruntime");

      Matcher resident = RESIDENT.matcher(service.exec("cat", "/proc/1/status"));
      assertThat(resident.find()).isTrue();
      assertThat(Integer.parseInt(resident.group(1)) / 1024).isLessThan(400);
    }
  }

  @Test
  void answersWhatItHasBegunBeforeItEnds() throws Exception {
    try (SheafContainer service = sheaf().withEnv("QUARKUS_SHUTDOWN_DELAY", "1s");
        Connection holder = connect(database)) {
      service.start();
      holder.setAutoCommit(false);
      try (Statement statement = holder.createStatement()) {
        statement.execute("LOCK TABLE collection IN SHARE MODE");
      }
      var begun =
          new FutureTask<>(
              () -> service.send("POST", "/api/v1/collections", "{\"name\": \"late\"}"));
      Thread.startVirtualThread(begun);
      awaitBlocked();

      service.terminate();
      await().until(() -> service.send("GET", "/q/health/ready", "").statusCode() == 503);
      holder.commit();

      assertThat(begun.get().statusCode()).isEqualTo(201);
      assertThat(service.awaitExit()).isEqualTo(TERMINATED);
    }
  }

  private void awaitBlocked() throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      await()
          .until(() -> {
            try (var row =
                statement.executeQuery(
                    """
                    SELECT 1
                      FROM pg_stat_activity
                     WHERE datname = current_database() AND wait_event_type = 'Lock'
                    """)) {
              return row.next();
            }
          });
    }
  }

  private SheafContainer sheaf(String... arguments) {
    return new SheafContainer(
        network,
        "postgres://%s:%s@postgres:5432/%s"
            .formatted(postgres.getUsername(), postgres.getPassword(), database),
        arguments);
  }

  private static Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%s/%s"
            .formatted(postgres.getHost(), postgres.getMappedPort(5432), database),
        postgres.getUsername(),
        postgres.getPassword());
  }

  private static String ok(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    return response.body();
  }
}
