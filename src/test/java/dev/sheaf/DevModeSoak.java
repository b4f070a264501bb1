package dev.sheaf;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Follows `docs/entities.md` in a copy of the sources, while `quarkus:dev` runs: a field with its
/// changeset, a finder and an endpoint are there with the next request. Takes minutes, so it is
/// part of `make soak`. Prints the time from saving a file to the answer.
class DevModeSoak {

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
        answered(
            "changeset",
            "/api/v1/collections/sample",
            () ->
                !database
                    .query(
                        "SELECT attname FROM pg_attribute WHERE attrelid = 'document'::regclass AND attname = 'reviewed_at'")
                    .isEmpty());

        steps.get(1).apply(directory);
        steps.get(2).apply(directory);
        String reviews = "/api/v1/collections/sample/reviews";
        String waiting = answered("finders and endpoint", reviews, () -> true);
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

  /// Requests a path until the answer is 200 and the condition is met, and prints how long it took.
  /// Quarkus looks for changes every two seconds.
  private String answered(String step, String path, Callable<Boolean> condition) throws Exception {
    long start = System.nanoTime();
    var last = new AtomicReference<String>();
    try {
      await()
          .atMost(Duration.ofMinutes(5))
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(() -> {
            HttpResponse<String> answer = get(path);
            last.set(answer.body());
            return answer.statusCode() == 200 && condition.call();
          });
    } catch (ConditionTimeoutException e) {
      String log = Files.readString(directory.resolve("dev.log"));
      throw new AssertionError(last + "\n" + log.substring(Math.max(0, log.length() - 20_000)), e);
    }
    System.out.printf(
        Locale.ROOT, "%s: answered after %s ms%n", step, (System.nanoTime() - start) / 1_000_000);
    return last.get();
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
