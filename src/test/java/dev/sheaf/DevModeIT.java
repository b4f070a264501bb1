package dev.sheaf;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.OutOfProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// Follows `docs/entities.md` in a copy of the sources, while `quarkus:dev` runs: a field with its
/// changeset, a finder and an endpoint are there with the next request. Takes minutes, so it is
/// part of `make soak`. Prints the time from saving a file to the answer.
@OutOfProcess
@EnabledIfSystemProperty(named = "sheaf.soak.dev-mode", matches = "true")
class DevModeIT {

  @TempDir Path directory;

  private final HttpClient http = HttpClient.newHttpClient();
  private URI base = URI.create("http://127.0.0.1");

  @Test
  void theTutorialWorksWhileTheServiceRuns() throws Exception {
    for (String name : List.of("pom.xml", "mvnw", "src", "bin", "scripts", "Makefile", "docs")) {
      run(Path.of("."), Map.of(), "cp", "-r", name, directory + "/" + name);
    }
    try (TestDatabase database = TestDatabase.create()) {
      int port = freePort();
      base = URI.create("http://127.0.0.1:" + port);
      Map<String, String> environment =
          Map.of(
              "QUARKUS_DATASOURCE_JDBC_URL", database.address().jdbcUrl(),
              "QUARKUS_DATASOURCE_USERNAME", String.valueOf(database.address().user()),
              "QUARKUS_DATASOURCE_PASSWORD", String.valueOf(database.address().password()),
              "QUARKUS_HTTP_PORT", Integer.toString(port));
      Process service =
          start(
              directory, environment, "./mvnw", "-B", "-ntp", "-o", "quarkus:dev", "-Ddebug=false");
      try {
        await()
            .atMost(Duration.ofMinutes(5))
            .ignoreExceptions()
            .until(() -> get("/q/health/ready").statusCode() == 200);
        List<Tutorial.Step> steps =
            Tutorial.steps().stream().filter(step -> step.file() != null).toList();

        steps.get(0).apply(directory);
        assertThat(
                run(
                    directory,
                    environment,
                    "bin/sheaf",
                    "migrate",
                    "create",
                    "document_reviewed_at",
                    "--module",
                    "core",
                    "--from-entities"))
            .contains("document_reviewed_at.sql");
        answered("changeset", "/api/v1/collections/sample", 200);

        steps.get(1).apply(directory);
        answered("finders", "/api/v1/collections/sample", 200);

        steps.get(2).apply(directory);
        String waiting = answered("endpoint", "/api/v1/collections/sample/reviews", 200);
        assertThat(waiting).contains("\"document\":\"", "\"similar\":[{\"id\":\"");
        assertThat(post("/api/v1/collections/sample/reviews/astronomy%2Ftidal-locking"))
            .isEqualTo(204);

        steps.get(3).apply(directory);
      } finally {
        service.descendants().forEach(ProcessHandle::destroy);
        service.destroy();
        service.waitFor();
      }
      assertThat(
              run(
                  directory,
                  Map.of("SHEAF_TEST_DATABASE_URL", System.getenv("SHEAF_TEST_DATABASE_URL")),
                  "./mvnw",
                  "-B",
                  "-ntp",
                  "-o",
                  "-Pquick",
                  "test-compile",
                  "failsafe:integration-test",
                  "failsafe:verify",
                  "-Dit.test=ReviewIT"))
          .contains("Tests run: 1, Failures: 0, Errors: 0, Skipped: 0");
    }
  }

  /// Waits for the first answer with this status, and prints how long it took.
  private String answered(String step, String path, int status) {
    long start = System.nanoTime();
    await()
        .atMost(Duration.ofMinutes(5))
        .ignoreExceptions()
        .until(() -> get(path).statusCode() == status);
    System.out.printf("%s: answered after %d ms%n", step, (System.nanoTime() - start) / 1_000_000);
    try {
      return get(path).body();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(base.resolve(path)).timeout(Duration.ofMinutes(2)).build(),
        BodyHandlers.ofString());
  }

  private int post(String path) throws IOException, InterruptedException {
    return http.send(
            HttpRequest.newBuilder(base.resolve(path)).POST(BodyPublishers.noBody()).build(),
            BodyHandlers.discarding())
        .statusCode();
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static Process start(Path directory, Map<String, String> environment, String... command)
      throws IOException {
    var builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().remove("DATABASE_URL");
    builder.environment().putAll(environment);
    return builder
        .redirectErrorStream(true)
        .redirectInput(ProcessBuilder.Redirect.PIPE)
        .redirectOutput(directory.resolve("dev.log").toFile())
        .start();
  }

  private static String run(Path directory, Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Path log = Files.createTempFile("sheaf-dev", ".log");
    try {
      var builder = new ProcessBuilder(command).directory(directory.toFile());
      builder.environment().remove("DATABASE_URL");
      builder.environment().putAll(environment);
      Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
      assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
      String output = Files.readString(log);
      assertThat(process.exitValue()).as(output).isZero();
      return output;
    } finally {
      Files.delete(log);
    }
  }
}
