package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.execute.SchemaLock;
import dev.sheaf.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The session in which a changeset begins is the same whatever ran before it, and what it does to
/// the session does not reach the engine.
class SessionStateIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  /// What a changeset can see of its session, as a list of texts.
  private static final String VISIBLE =
      """
      SELECT name || ' = ' || setting FROM pg_settings
       WHERE name NOT IN ('transaction_isolation', 'transaction_read_only', 'sheaf.changeset')
      UNION ALL SELECT 'role ' || current_user || ' of ' || session_user
      UNION ALL SELECT 'temporary ' || relname FROM pg_class WHERE relpersistence = 't'
      UNION ALL SELECT 'prepared ' || name FROM pg_prepared_statements
      UNION ALL SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
      UNION ALL SELECT 'listening ' || channel FROM pg_listening_channels() AS channel
      UNION ALL SELECT 'lock ' || (classid::bigint << 32 | objid::bigint) FROM pg_locks
       WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      """;

  @TempDir private Path root;

  /// Statements whose effect outlives a transaction, and `RESET ALL` in most cases.
  private static final List<String> LEAKS =
      List.of(
          "SET session_replication_role = replica",
          "SET xmloption = document",
          "SET TIME ZONE 'Asia/Tokyo'",
          "SET default_transaction_read_only = on",
          "SET default_transaction_isolation = serializable",
          "SET statement_timeout = '1min'",
          "SET lock_timeout = 1",
          "SET row_security = on",
          "SET search_path = pg_catalog",
          "SELECT set_config('search_path', '', false)",
          "SELECT set_config('my.setting', 'x', false)",
          "SET ROLE pg_monitor",
          "SET SESSION AUTHORIZATION pg_monitor",
          "CREATE TEMP TABLE kept (v text)",
          "PREPARE p AS SELECT 1",
          "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
          "LISTEN channel",
          "SELECT pg_advisory_lock(4711)",
          "SELECT pg_advisory_unlock_all()");

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nothingOfOneChangesetReachesTheNext(boolean transactional) throws Exception {
    TestChangelogs changelogs = new TestChangelogs(root);
    changelogs.changeset(
        "core", 1, "probe", "CREATE TABLE probe (step int, seen text);", "DROP TABLE probe;");
    for (int step = 0; step <= LEAKS.size(); step++) {
      changelogs.changeset("core", 2 * step + 2, "look", look(step), "empty because it is a test");
      if (step < LEAKS.size()) {
        String leak = LEAKS.get(step) + ";";
        if (transactional) {
          changelogs.changeset("core", 2 * step + 3, "leak", leak, "empty because it is a test");
        } else {
          changelogs.concurrent("core", 2 * step + 3, "leak", leak, "empty because it is a test");
        }
      }
    }
    try (TestDatabase database = TestDatabase.create()) {
      TestConfig.migrations(database, root).up(SILENT).orThrow();

      assertThat(
              database.query(
                  """
                  SELECT step || ': ' || seen
                    FROM (SELECT step, seen, count(*) OVER (PARTITION BY seen) AS steps FROM probe) AS p
                   WHERE steps <> %s
                  """
                      .formatted(LEAKS.size() + 1)))
          .isEmpty();
      assertThat(
              database.query(
                  "SELECT count(*) FROM probe WHERE seen LIKE 'application\\_name = sheaf %changesets'"))
          .containsExactly(String.valueOf(LEAKS.size() + 1));
      assertThat(database.query("SELECT count(*) > 300 FROM probe WHERE step = 0"))
          .containsExactly("t");
    }
  }

  private static String look(int step) {
    return "INSERT INTO probe SELECT %s, seen FROM (%s) AS v (seen);".formatted(step, VISIBLE);
  }

  /// Outside of a transaction, a changeset's own statements run between those of the engine.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "SET ROLE pg_monitor; RESET ROLE; SET SESSION AUTHORIZATION pg_monitor",
        "SET default_transaction_read_only = on",
        "CREATE TEMP TABLE schema_journal (); CREATE TEMP TABLE databasechangelog ()"
      })
  void whatAChangesetSetsDoesNotReachTheEngine(String statements) throws Exception {
    TestChangelogs changelogs = new TestChangelogs(root);
    changelogs.changeset("core", 1, "a", statements + ";", "empty because it is a test");
    changelogs.concurrent("core", 2, "b", statements + ";", "empty because it is a test");
    try (TestDatabase database = TestDatabase.create()) {
      Migrations migrations = TestConfig.migrations(database, root);

      assertThat(migrations.up(SILENT).orThrow().executed()).hasSize(2);
      assertThat(migrations.status().upToDate()).isTrue();
      assertThat(
              migrations
                  .goTo("core", ChangesetVersion.of(0), Approval.NONE, SILENT)
                  .orThrow()
                  .executed())
          .hasSize(2);
    }
  }

  @Test
  void deferredTriggersRunInTheSessionOfTheChangeset() throws Exception {
    TestChangelogs changelogs = new TestChangelogs(root);
    changelogs.changeset(
        "core",
        1,
        "stamp",
        """
        CREATE TABLE t (id int);
        CREATE TABLE stamp (by text, tenant text);
        CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
          $$BEGIN INSERT INTO stamp VALUES (current_user, current_setting('app.tenant')); RETURN NULL; END$$;
        CREATE CONSTRAINT TRIGGER stamp AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION stamp();
        GRANT INSERT ON t, stamp TO pg_monitor;
        """,
        "DROP TABLE t, stamp;\nDROP FUNCTION stamp;");
    changelogs.changeset(
        "core",
        2,
        "row",
        "SET ROLE pg_monitor; SET LOCAL app.tenant = 'blue'; INSERT INTO t VALUES (1);",
        "DELETE FROM t;");
    try (TestDatabase database = TestDatabase.create()) {
      TestConfig.migrations(database, root).up(SILENT).orThrow();

      assertThat(database.query("SELECT by || ' ' || tenant FROM stamp"))
          .containsExactly("pg_monitor blue");
    }
  }

  @Test
  void aChangesetCannotReleaseTheLockOfTheSchema() throws Exception {
    TestChangelogs changelogs = new TestChangelogs(root);
    String release =
        """
        SELECT pg_advisory_unlock_all();
        SELECT pg_advisory_unlock(classid::bigint << 32 | objid::bigint), pg_advisory_unlock(classid::int, objid::int)
          FROM pg_locks WHERE locktype = 'advisory';
        """;
    changelogs.changeset("core", 1, "a", release, "SELECT 1;");
    changelogs.concurrent("core", 2, "b", release + "DISCARD ALL;", "SELECT 1;");
    List<String> held = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create();
        Connection other = database.connect()) {
      MigrationListener whileItHoldsTheLock =
          new MigrationListener() {
            @Override
            public void finished(String changeset, Direction direction, Duration took) {
              try {
                if (SchemaLock.tryAcquire(other).isEmpty()) {
                  held.add(changeset);
                }
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
            }
          };

      TestConfig.migrations(database, root).up(whileItHoldsTheLock).orThrow();
    }
    assertThat(held).containsExactly("core/001_a", "core/002_b");
  }

  @Test
  void settingsOfADatabaseApplyToTheNextChangeset() throws Exception {
    TestChangelogs changelogs = new TestChangelogs(root);
    changelogs.changeset(
        "core",
        1,
        "a",
        """
        CREATE SCHEMA app;
        DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app, public', current_database()); END$$;
        """,
        "DROP SCHEMA app;");
    changelogs.table("core", 2, "b");
    try (TestDatabase database = TestDatabase.create()) {
      Migrations migrations = TestConfig.migrations(database, root);

      migrations.up(SILENT).orThrow();

      assertThat(database.query("SELECT 'app.b'::regclass")).containsExactly("b");
      assertThat(
              database.query("SELECT count(*) FROM pg_class WHERE relname = 'databasechangelog'"))
          .containsExactly("1");
      assertThat(migrations.status().upToDate()).isTrue();
      assertThat(migrations.verify()).isEmpty();
    }
  }

  /// The engine is idle while it waits for the lock, and while changesets run in other sessions.
  @Test
  void timeLimitsOfARoleDoNotEndTheEngine() throws Exception {
    TestChangelogs changelogs = new TestChangelogs(root);
    String settings =
        """
        CREATE TABLE seen AS
        SELECT name, setting FROM pg_settings WHERE name ~ '_timeout$|^default_transaction_(isol|defer)';
        """;
    changelogs.changeset(
        "core",
        1,
        "slow",
        "SELECT pg_sleep(0.4);\n" + settings,
        "DROP TABLE seen;\nSELECT pg_sleep(0.4);");
    String role = "sheaf_limited_" + ProcessHandle.current().pid();
    try (TestDatabase database = TestDatabase.create()) {
      List<String> limits =
          database.query(
              "SELECT name FROM pg_settings WHERE name IN ('idle_session_timeout',"
                  + " 'idle_in_transaction_session_timeout', 'transaction_timeout',"
                  + " 'statement_timeout', 'lock_timeout')");
      database.execute("CREATE ROLE %s LOGIN SUPERUSER PASSWORD 'weak'".formatted(role));
      try {
        for (String limit : limits) {
          // Also in scratch databases, in which a setting of the database would not apply.
          database.execute("ALTER ROLE %s SET %s = '200ms'".formatted(role, limit));
        }
        database.execute(
            """
            ALTER ROLE %1$s SET default_transaction_isolation = 'serializable';
            ALTER ROLE %1$s SET default_transaction_deferrable = on;
            """
                .formatted(role));
        Changelogs files = Changelogs.in(root);
        Migrations migrations =
            new Migrations(
                new DatabaseAddress(database.address().jdbcUrl(), role, "weak"),
                TestConfig.schema("sheaf.schema.lock-poll", "500ms"),
                files,
                Modules.everything(files),
                false);
        try (Connection other = database.connect()) {
          AdvisoryLock lock = SchemaLock.tryAcquire(other).orElseThrow();
          migrations
              .up(
                  new MigrationListener() {
                    @Override
                    public void waiting(String holder) {
                      try {
                        lock.close();
                      } catch (SQLException e) {
                        throw new IllegalStateException(e);
                      }
                    }
                  })
              .orThrow();
        }

        assertThat(
                database.query(
                    """
                    SELECT concat(name, ' ', s.setting)
                      FROM seen s
                      JOIN pg_settings p USING (name)
                     WHERE s.setting <> p.boot_val
                     ORDER BY 1
                    """))
            .containsExactly("lock_timeout 3000", "statement_timeout 300000");
        assertThat(migrations.verify()).isEmpty();
        migrations.down("core", 1, Approval.NONE, SILENT).orThrow();
      } finally {
        database.execute("DROP OWNED BY %1$s; DROP ROLE %1$s".formatted(role));
      }
    }
  }

  /// @param statement of a changeset; a backfill if it is empty
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "UPDATE item SET label = title;",
        "CREATE VIEW v AS SELECT * FROM item;\nCREATE TABLE copied AS SELECT title FROM v;"
      })
  void rowsThatRowLevelSecurityHidesAreAnError(String statement) throws Exception {
    boolean backfill = statement.isEmpty();
    String role = "sheaf_rls_" + ProcessHandle.current().pid();
    try (TestDatabase database = TestDatabase.create()) {
      String name = database.address().database();
      database.execute(
          "CREATE ROLE %1$s LOGIN PASSWORD 'weak'; ALTER DATABASE %2$s OWNER TO %1$s; ALTER SCHEMA public OWNER TO %1$s"
              .formatted(role, name));
      try {
        TestChangelogs changelogs = new TestChangelogs(root);
        changelogs.changeset(
            "core",
            1,
            "item",
            """
            CREATE TABLE item (id bigint PRIMARY KEY, tenant text NOT NULL, title text, label text);
            INSERT INTO item SELECT i, 'a', 'title' FROM generate_series(1, 10) AS i;
            ALTER TABLE item ENABLE ROW LEVEL SECURITY;
            ALTER TABLE item FORCE ROW LEVEL SECURITY;
            CREATE POLICY p ON item USING (tenant = current_setting('app.tenant', true));
            """,
            "DROP TABLE item;");
        changelogs.changeset(
            "core", 2, "label", backfill ? "SELECT 1;" : statement, "empty because it is a test");
        if (backfill) {
          Files.writeString(
              changelogs.root().resolve("core/002_label.backfill.sql"),
              """
              --liquibase formatted sql
              --backfill table:item key:id
              UPDATE item SET label = title WHERE :batch AND label IS NULL;
              --condition
              SELECT NOT EXISTS (SELECT FROM item WHERE label IS NULL);
              """);
          changelogs.changeset(
              "core",
              3,
              "drop",
              "--requires-backfill core/002_label\n--destructive title\nALTER TABLE item DROP COLUMN title;",
              "ALTER TABLE item ADD COLUMN title text;");
        }
        DatabaseAddress weak = new DatabaseAddress(database.address().jdbcUrl(), role, "weak");
        Changelogs files = Changelogs.in(root);
        MigrationResult result =
            new Migrations(weak, TestConfig.schema(), files, Modules.everything(files), false)
                .up(SILENT);

        assertThat(result.problems().getFirst())
            .hasMessageContaining("row-level security")
            .hasMessageContaining("use a role with BYPASSRLS instead of \"" + role + "\"");
        assertThat(database.query("SELECT count(title) FROM item")).containsExactly("10");
      } finally {
        database.execute(
            "ALTER DATABASE %2$s OWNER TO CURRENT_USER; DROP OWNED BY %1$s; DROP ROLE %1$s"
                .formatted(role, name));
      }
    }
  }
}
