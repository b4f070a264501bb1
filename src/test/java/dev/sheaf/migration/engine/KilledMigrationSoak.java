package dev.sheaf.migration.engine;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A migration, up or down, is killed at random points. The next normal run recovers by itself, and
/// the schema then matches the changelogs.
///
/// Without other options, it is killed a few times, in `make soak` two hundred times.
class KilledMigrationSoak {

  private static final int KILLS = Integer.getInteger("sheaf.soak.kills", 10);

  /// The seed, to repeat a failed run as far as a race can be repeated.
  private static final long SEED = Long.getLong("sheaf.soak.seed", System.nanoTime());

  private static final int CHANGESETS = 6;

  private final Random random = new Random(SEED);

  @TempDir private Path root;

  /// Every kind of step that can be interrupted, and that takes long enough: a transaction that
  /// writes rows, indexes that are created, dropped and rebuilt concurrently, and several of them
  /// in one file. The indexes have names of every kind and are in a schema that is not searched.
  @BeforeEach
  void write() throws IOException {
    TestChangelogs changelogs = new TestChangelogs(root);
    changelogs.table("core", 1, "first");
    changelogs.changeset(
        "core",
        2,
        "page",
        """
        CREATE SCHEMA app;
        CREATE TABLE app.page (id bigint NOT NULL, title text NOT NULL);
        INSERT INTO app.page SELECT i, md5(i::text) FROM generate_series(1, 25000) AS i;\
        """,
        "DROP TABLE app.page; DROP SCHEMA app;");
    changelogs.concurrent(
        "core",
        3,
        "page_index",
        """
        CREATE INDEX CONCURRENTLY "Strange ""Name" ON app.page (title);
        CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS größe ON app.page (id);\
        """,
        """
        DROP INDEX CONCURRENTLY app."größe";
        DROP INDEX CONCURRENTLY app."Strange ""Name";\
        """);
    changelogs.changeset(
        "core",
        4,
        "page_length",
        """
        ALTER TABLE app.page ADD COLUMN length integer;
        UPDATE app.page SET length = length(title);\
        """,
        "ALTER TABLE app.page DROP COLUMN length;");
    changelogs.concurrent(
        "core",
        5,
        "page_reindex",
        """
        CREATE INDEX CONCURRENTLY page_length ON app . page (length, title);
        DROP INDEX CONCURRENTLY IF EXISTS app."Strange ""Name";
        REINDEX INDEX CONCURRENTLY app.page_length;\
        """,
        """
        CREATE INDEX CONCURRENTLY "Strange ""Name" ON app.page (title);
        DROP INDEX CONCURRENTLY app.page_length;\
        """);
    changelogs.table("core", CHANGESETS, "last");
  }

  @ParameterizedTest
  @EnumSource
  void theNextRunRecovers(Direction direction) throws Exception {
    Duration whole = uninterrupted(direction);
    int interrupted = 0;
    Map<String, Integer> found = new TreeMap<>();
    for (int kill = 1; kill <= KILLS / 2; kill++) {
      boolean atLine = kill % 2 == 0;
      int lines = 1 + random.nextInt(CHANGESETS - 1);
      Duration delay = whole.multipliedBy(random.nextInt(1000)).dividedBy(1000);
      String trial =
          "%s, kill %s of %s, %s, -Dsheaf.soak.seed=%s"
              .formatted(
                  direction, kill, KILLS / 2, atLine ? "at line " + lines : "after " + delay, SEED);
      try (TestDatabase database = TestDatabase.create()) {
        try (SheafCommand killed = start(database, direction)) {
          // Before its first line, the JVM is starting, and there is nothing to interrupt.
          awaitLines(killed, direction, atLine ? lines : 1, trial);
          if (killed.killAfter(atLine ? Duration.ZERO : delay)) {
            interrupted++;
          } else if (!atLine) {
            // The run ended earlier than the measured one.
            whole = delay;
          }
        }

        found.merge(state(database), 1, Integer::sum);
        try (SheafCommand next = start(database, Direction.UP)) {
          assertThat(next.await()).as("%s: %s", trial, next.said()).isZero();
        }

        assertThat(TestConfig.migrations(database, root).verify()).as(trial).isEmpty();
        assertThat(database.query("SELECT id FROM databasechangelog ORDER BY orderexecuted"))
            .as(trial)
            .containsExactly("001", "002", "003", "004", "005", "006");
        assertThat(database.query("SELECT path FROM schema_journal")).as(trial).isEmpty();
        assertThat(database.query("SELECT count(*) FROM app.page WHERE length = 32"))
            .as(trial)
            .containsExactly("25000");
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%s: %d of %d kills came before the end; found after them: %s%n",
        direction,
        interrupted,
        KILLS / 2,
        found);
    assertThat(interrupted)
        .as("kills that came before the end, -Dsheaf.soak.seed=%s", SEED)
        .isPositive();
  }

  /// What a kill left, as far as the next run has to recover from it.
  private static String state(TestDatabase database) throws SQLException {
    return database
        .query(
            """
            SELECT CASE WHEN EXISTS (SELECT FROM pg_index WHERE NOT indisvalid) THEN 'an invalid index'
                        WHEN EXISTS (SELECT FROM schema_journal) THEN 'a changeset that is interrupted between statements'
                        WHEN (SELECT count(*) FROM databasechangelog) IN (0, 6) THEN 'nothing to recover'
                        ELSE 'some changesets applied' END
            """)
        .getFirst();
  }

  /// The duration of a run from its first line to its end.
  private Duration uninterrupted(Direction direction) throws Exception {
    try (TestDatabase database = TestDatabase.create();
        SheafCommand whole = start(database, direction)) {
      awaitLines(whole, direction, 1, "uninterrupted");
      long begun = System.nanoTime();
      assertThat(whole.await()).as("%s", whole.said()).isZero();
      return Duration.ofNanos(System.nanoTime() - begun);
    }
  }

  /// Waits until this number of changesets is reported as done, or the process has ended.
  private static void awaitLines(
      SheafCommand command, Direction direction, int lines, String trial) {
    String done = direction == Direction.UP ? "up " : "down ";
    await(trial)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(() ->
            !command.isRunning()
                || command.said().stream().filter(line -> line.startsWith(done)).count() >= lines);
  }

  /// A run in one direction, through all changesets.
  private SheafCommand start(TestDatabase database, Direction direction) throws IOException {
    List<String> verb =
        switch (direction) {
          case UP -> List.of("migrate", "up");
          case DOWN -> {
            TestConfig.migrations(database, root).up(new MigrationListener() {}).orThrow();
            yield List.of("migrate", "goto", "0", "--module", "core");
          }
        };
    return SheafCommand.start(
        database,
        Map.of(),
        Stream.concat(verb.stream(), Stream.of("--root", root.toString())).toArray(String[]::new));
  }
}
