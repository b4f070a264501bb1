package dev.sheaf.migration.engine;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.Soak;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An older build on a newer schema, as processes. The built application is the older one; the
/// newer one is the same with two more changesets.
class OlderBuildIT {

  @TempDir private Path newer;
  private long head;

  @BeforeEach
  void write() throws IOException {
    Changelogs bundled = Changelogs.bundled();
    for (List<ChangelogFile> files : bundled.files().values()) {
      for (ChangelogFile file : files) {
        write(file.shortPath(), file.content().toString());
      }
    }
    for (ChangelogFile template : bundled.templates().values()) {
      write(template.shortPath(), template.content().toString());
    }
    head = bundled.files().getOrDefault("core", List.of()).getLast().version().number();
    TestChangelogs changelogs = new TestChangelogs(newer);
    changelogs.changeset(
        "core",
        head + 1,
        "language",
        "--tolerates 0.1\nALTER TABLE document ADD COLUMN language text;",
        "ALTER TABLE document DROP COLUMN language;");
    changelogs.concurrent(
        "core",
        head + 2,
        "language_index",
        "CREATE INDEX CONCURRENTLY collection_description ON collection (description);",
        "DROP INDEX CONCURRENTLY collection_description;");
  }

  @Test
  void servesWhileItIsCompatibleAndRollsBackOtherwise() throws Exception {
    try (TestDatabase database = TestDatabase.migrated()) {
      assertThat(newer(database, "migrate", "up", "--module", "core", "--to", "" + (head + 1)))
          .isEqualTo(
              "exit 0\nup    core/%s_language  TIME\n1 changeset applied in TIME\n"
                  .formatted(ChangelogFile.digits(head + 1)));

      try (SheafProcess older = SheafProcess.start(database, Map.of())) {
        assertThat(older.log())
            .anyMatch(line ->
                line.contains("the schema is newer than this application")
                    && line.contains("compatible with 0.1 and later"));
        assertThat(
                older
                    .send(
                        "POST",
                        "/api/v1/collections",
                        "{\"name\":\"shop\",\"model\":\"none\",\"dimensions\":2}")
                    .statusCode())
            .isEqualTo(201);
        awaitReady(older, 200);

        assertThat(newer(database, "migrate", "up")).startsWith("exit 0\n");
        awaitReady(older, 503);
        String refusal =
            "the schema is newer than this application (%1$s): core/%2$s_language_index, applied by %1$s, declares no compatible older version"
                .formatted(version(database), ChangelogFile.digits(head + 2));
        assertThat(older(database, "migrate", "up"))
            .isEqualTo(
                "exit 1\nsheaf: %s\n  start a newer version of the application, or roll the schema back: sheaf migrate goto\n"
                    .formatted(refusal));
        assertThatThrownBy(() -> SheafProcess.start(database, Map.of()).close())
            .hasRootCauseMessage("the process ended")
            .hasMessageContaining(refusal);

        assertThat(older(database, "migrate", "down", "2", "--module", "core"))
            .isEqualTo(
                """
                exit 0
                this version has no file of core/%2$s_language_index; using the rollback that is stored in the database
                this version has no file of core/%1$s_language; using the rollback that is stored in the database
                down  core/%2$s_language_index  TIME
                down  core/%1$s_language  TIME
                2 changesets rolled back in TIME
                """
                    .formatted(ChangelogFile.digits(head + 1), ChangelogFile.digits(head + 2)));
        awaitReady(older, 200);
        assertThat(older(database, "migrate", "verify")).isEqualTo("exit 0\nno differences\n");
        assertThat(older.send("GET", "/api/v1/collections/shop", "").statusCode()).isEqualTo(200);
      }
    }
  }

  /// A rolling deployment starts replicas of both builds at the same time, in any order.
  @Soak
  @Test
  void bothBuildsStartTogether() throws Exception {
    Files.delete(new TestChangelogs(newer).file("core", head + 2, "language_index"));
    List<SheafCommand> builds = new ArrayList<>();
    try (TestDatabase database = TestDatabase.migrated()) {
      for (int i = 0; i < 4; i++) {
        builds.add(SheafCommand.start(database, i % 2 == 0 ? root() : Map.of(), "migrate", "up"));
      }
      for (SheafCommand build : builds) {
        assertThat(build.await()).as("%s", build.said()).isZero();
      }
      assertThat(
              database.query(
                  "SELECT count(*) FROM schema_event WHERE path LIKE '%/core/%_language.sql'"))
          .containsExactly("1");
      assertThat(newer(database, "migrate", "verify")).isEqualTo("exit 0\nno differences\n");
    } finally {
      builds.forEach(SheafCommand::close);
    }
  }

  private void write(String path, String content) throws IOException {
    Path file = newer.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private Map<String, String> root() {
    return Map.of("sheaf.schema.root", newer.toString());
  }

  private String newer(TestDatabase database, String... arguments) throws Exception {
    return run(database, root(), arguments);
  }

  private static String older(TestDatabase database, String... arguments) throws Exception {
    return run(database, Map.of(), arguments);
  }

  private static String run(
      TestDatabase database, Map<String, String> settings, String... arguments) throws Exception {
    try (SheafCommand command = SheafCommand.start(database, settings, arguments)) {
      int exit = command.await();
      return ("exit " + exit + "\n" + String.join("\n", command.said()) + "\n")
          .replaceAll("\\d+(\\.\\d+)? (ms|s)\\b", "TIME");
    }
  }

  private static String version(TestDatabase database) throws Exception {
    return database
        .query("SELECT application_version FROM schema_event ORDER BY id DESC LIMIT 1")
        .getFirst();
  }

  private static void awaitReady(SheafProcess process, int status) {
    await()
        .untilAsserted(() ->
            assertThat(process.send("GET", "/q/health/ready", "").statusCode()).isEqualTo(status));
  }
}
