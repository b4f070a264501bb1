package dev.sheaf.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.TestDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Kills a migration at random points, on its way up and on its way down, again and again; the next
/// ordinary start always recovers, and the schema is then what the changelogs make.
///
/// `make soak` does it two hundred times.
class SoakIT {

  private static final int KILLS = Integer.getInteger("sheaf.soak.kills", 10);

  @TempDir private Path root;

  @Test
  void aKilledMigrationIsRecoveredByTheNextStart() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    write();
    int interrupted = 0;
    TestDatabase database = TestDatabase.create();
    try {
      for (int kill = 1; kill <= KILLS; kill++) {
        boolean up = kill % 2 == 1;
        if (!up) {
          TestConfig.migrations(database, root).up(new MigrationListener() {}).orThrow();
        }
        Process process = start(database, up ? "up" : "down");
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        // From the first changeset on: before it there is nothing to kill but a JVM that starts.
        assertThat(out.readLine()).as("seed %d, kill %d", seed, kill).isNotNull();
        boolean ended = process.waitFor(random.nextInt(900), TimeUnit.MILLISECONDS);
        process.destroyForcibly().waitFor();
        interrupted += ended ? 0 : 1;

        MigrationResult result =
            TestConfig.migrations(database, root).up(new MigrationListener() {});

        assertThat(result.problems()).as("seed %d, kill %d", seed, kill).isEmpty();
        assertThat(TestConfig.migrations(database, root).verify())
            .as("seed %d, kill %d", seed, kill)
            .isEmpty();
        assertThat(database.query("SELECT path FROM schema_journal")).isEmpty();
        database.close();
        database = TestDatabase.create();
      }
    } finally {
      database.close();
    }
    // On the way down there is less to do.
    assertThat(interrupted).as("kills that came in time").isGreaterThan(KILLS / 4);
  }

  private void write() throws IOException {
    TestChangelogs changelogs = new TestChangelogs(root);
    changelogs.changeset(
        "core",
        1,
        "rows",
        "CREATE TABLE rows (id bigint, name text);\nINSERT INTO rows SELECT i, md5(i::text) FROM generate_series(1, 60000) i;",
        "DROP TABLE rows;");
    changelogs.concurrent(
        "core",
        2,
        "indexes",
        "CREATE INDEX CONCURRENTLY rows_name ON rows (name);\nCREATE UNIQUE INDEX CONCURRENTLY rows_id ON rows (id);",
        "DROP INDEX CONCURRENTLY rows_id;\nDROP INDEX CONCURRENTLY rows_name;");
    changelogs.changeset(
        "core",
        3,
        "column",
        "ALTER TABLE rows ADD COLUMN length integer;\nUPDATE rows SET length = length(name);",
        "ALTER TABLE rows DROP COLUMN length;");
    changelogs.concurrent(
        "core",
        4,
        "replaced",
        "CREATE INDEX CONCURRENTLY rows_length ON rows (length, name);\nDROP INDEX CONCURRENTLY rows_name;\nREINDEX INDEX CONCURRENTLY rows_id;",
        "CREATE INDEX CONCURRENTLY rows_name ON rows (name);\nDROP INDEX CONCURRENTLY rows_length;");
    changelogs.table("core", 5, "last");
  }

  private Process start(TestDatabase database, String direction) throws IOException {
    DatabaseAddress address = database.address();
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            MigratingProcess.class.getName(),
            TestProcess.url(address),
            root.toString(),
            direction)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }
}
