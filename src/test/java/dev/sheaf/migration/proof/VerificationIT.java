package dev.sheaf.migration.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.Sql;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.engine.ProofSelection;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.testing.Patience;
import dev.sheaf.testing.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a comparison with the changelogs sees, and what it does not depend on.
class VerificationIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  @TempDir private Path root;
  private TestDatabase database;
  private TestChangelogs changelogs;

  @BeforeEach
  void create() {
    database = TestDatabase.create();
    changelogs = new TestChangelogs(root);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void objectsThatAreNamedLikeTheEnginesAreCompared() throws Exception {
    changelogs.changeset(
        "core",
        1,
        "names",
        """
        CREATE TABLE t (id bigint PRIMARY KEY, backfill boolean, sheaf_trash text);
        CREATE SCHEMA hr;
        CREATE TABLE hr.backfill (id int);
        CREATE TABLE hr.schema_event (id int);
        CREATE FUNCTION hr.sheaf_run(statements text[]) RETURNS void LANGUAGE sql AS '';
        ALTER TABLE hr.schema_event ADD CONSTRAINT schema_journal CHECK (id > 0);
        CREATE INDEX databasechangelog ON hr.schema_event (id);
        CREATE VIEW hr.schema_gate AS SELECT 1 AS databasechangeloglock;
        CREATE TYPE hr.schema_rollback AS ENUM ('a');
        CREATE POLICY backfill ON hr.schema_event USING (true);
        """,
        "empty because it is a test");
    migrations().up(SILENT).orThrow();
    assertThat(migrations().verify()).isEmpty();

    database.execute(
        """
        ALTER TABLE hr.schema_event DROP CONSTRAINT schema_journal;
        DROP INDEX hr.databasechangelog;
        CREATE OR REPLACE VIEW hr.schema_gate AS SELECT 2 AS databasechangeloglock;
        ALTER TYPE hr.schema_rollback ADD VALUE 'b';
        DROP POLICY backfill ON hr.schema_event;
        ALTER TABLE t DROP COLUMN backfill, ALTER COLUMN sheaf_trash TYPE varchar(9);
        DROP TABLE hr.backfill;
        ALTER TABLE hr.schema_event ADD COLUMN more int;
        DROP FUNCTION hr.sheaf_run(text[]);
        """);
    assertThat(differences())
        .containsExactly(
            "MISSING column hr.backfill.id",
            "EXTRA column hr.schema_event.more",
            "MISSING column public.t.backfill",
            "CHANGED column public.t.sheaf_trash",
            "MISSING constraint hr.schema_event.schema_journal",
            "MISSING function hr.sheaf_run(statements text[])",
            "MISSING index hr.databasechangelog",
            "MISSING policy hr.schema_event.backfill",
            "MISSING table hr.backfill",
            "CHANGED type hr.schema_rollback",
            "CHANGED view hr.schema_gate");

    try (TestDatabase other = TestDatabase.create()) {
      other.execute(
          """
          CREATE TABLE t (id bigint PRIMARY KEY, sheaf_trash text);
          CREATE SCHEMA hr;
          CREATE TABLE hr.backfill (id int);
          CREATE TABLE hr.schema_event (id int);
          CREATE FUNCTION hr.sheaf_run(statements text[]) RETURNS void LANGUAGE sql AS '';
          ALTER TABLE hr.schema_event ADD CONSTRAINT schema_journal CHECK (id > 0);
          CREATE INDEX databasechangelog ON hr.schema_event (id);
          CREATE VIEW hr.schema_gate AS SELECT 1 AS databasechangeloglock;
          CREATE TYPE hr.schema_rollback AS ENUM ('a');
          CREATE POLICY backfill ON hr.schema_event USING (true);
          """);
      assertThatThrownBy(
              () -> TestConfig.migrations(other, root).baseline(Approval.NONE, SILENT).orThrow())
          .hasMessageContaining("public.t.backfill");
    }
  }

  @Test
  void whatBelongsToAnExtensionIsNoDifference() throws Exception {
    changelogs.table("core", 1, "a");
    migrations().up(SILENT).orThrow();

    database.execute(
        """
        CREATE EXTENSION pg_trgm;
        CREATE SCHEMA cron;
        CREATE TABLE cron.job (id serial PRIMARY KEY, name text CHECK (name <> ''));
        CREATE INDEX ON cron.job (name);
        COMMENT ON COLUMN cron.job.name IS 'What runs';
        CREATE FUNCTION cron.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER cron_watch ON ddl_command_end EXECUTE FUNCTION cron.watch();
        CREATE TYPE cron.state AS ENUM ('on', 'off');
        ALTER EXTENSION pg_trgm ADD SCHEMA cron;
        ALTER EXTENSION pg_trgm ADD TABLE cron.job;
        ALTER EXTENSION pg_trgm ADD FUNCTION cron.watch();
        ALTER EXTENSION pg_trgm ADD EVENT TRIGGER cron_watch;
        ALTER EXTENSION pg_trgm ADD TYPE cron.state;
        """);
    assertThat(migrations().verify()).isEmpty();

    database.execute(
        "CREATE TABLE cron.mine (id int); CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION cron.watch();");
    assertThat(differences())
        .containsExactly(
            "EXTRA column cron.mine.id", "EXTRA event trigger mine", "EXTRA table cron.mine");
  }

  @Test
  void whatBelongsToTheServerIsChangedByUpAlone() throws Exception {
    String name = TestDatabase.freshName();
    changelogs.concurrent(
        "core",
        1,
        "server",
        // The default, so that no other test notices it.
        """
        CREATE ROLE %1$s NOLOGIN;
        CREATE DATABASE %1$s;
        ALTER SYSTEM SET deadlock_timeout = '1s';
        """
            .formatted(name),
        """
        ALTER SYSTEM RESET deadlock_timeout;
        DROP DATABASE %1$s;
        DROP ROLE %1$s;\
        """
            .formatted(name));
    changelogs.changeset(
        "core",
        2,
        "grant",
        "CREATE TABLE t (id int); GRANT SELECT ON t TO " + name + ";",
        "DROP TABLE t;");
    List<String> everything =
        List.of("database " + name, "role " + name, "setting deadlock_timeout");
    try {
      assertThat(migrations().verify()).isEmpty();
      assertThat(
              migrations()
                  .prove(new ProofSelection.One(Path.of("core/001_server.sql")), null, _ -> {}))
          .extracting(RollbackProof::verdict)
          .containsExactly(RollbackProof.Verdict.PROVEN);
      assertThat(onTheServer(name)).isEmpty();

      migrations().up(SILENT).orThrow();

      assertThat(onTheServer(name)).isEqualTo(everything);
      assertThat(migrations().verify()).isEmpty();
      assertThat(migrations().verify(true)).isEmpty();
      assertThat(migrations().prove(new ProofSelection.All(), null, _ -> {}))
          .extracting(RollbackProof::verdict)
          .containsOnly(RollbackProof.Verdict.PROVEN);
      assertThat(onTheServer(name)).isEqualTo(everything);

      migrations().down("core", 2, Approval.NONE, SILENT).orThrow();
      assertThat(onTheServer(name)).isEmpty();
    } finally {
      database.execute("ALTER SYSTEM RESET deadlock_timeout");
      database.execute("DROP DATABASE IF EXISTS " + name);
      if (!onTheServer(name).isEmpty()) {
        database.execute("DROP OWNED BY %1$s; DROP ROLE %1$s".formatted(name));
      }
    }
  }

  private List<String> onTheServer(String name) throws SQLException {
    return database.query(
        """
        SELECT 'database ' || datname FROM pg_database WHERE datname = '%1$s'
         UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname = '%1$s'
         UNION ALL SELECT 'setting ' || name FROM pg_file_settings
                    WHERE sourcefile LIKE '%%auto.conf' AND name = 'deadlock_timeout'
        """
            .formatted(name));
  }

  @Test
  void objectsOfOthersAreIgnoredIfTheSettingsSaySo() throws Exception {
    changelogs.table("core", 1, "a");
    migrations().up(SILENT).orThrow();
    database.execute(
        """
        CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean);
        CREATE TABLE schema_migration (id int);
        CREATE SCHEMA cron;
        CREATE TABLE cron.a (id int);
        ALTER TABLE a DROP COLUMN id;
        """);

    assertThat(
            differences(
                TestConfig.migrations(
                    database,
                    root,
                    "sheaf.schema.verify-ignore",
                    "* public.schema_migrations*, schema cron,* cron.*,column public.a.*")))
        .containsExactly(
            "MISSING column public.a.id",
            "EXTRA column public.schema_migration.id",
            "EXTRA table public.schema_migration");
  }

  @Test
  void privilegesAreComparedWhenAskedFor() throws Exception {
    changelogs.changeset(
        "core",
        1,
        "grants",
        """
        CREATE TABLE t (id int, v text);
        GRANT SELECT ON t TO PUBLIC;
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
        """,
        "empty because it is a test");
    migrations().up(SILENT).orThrow();
    assertThat(migrations().verify(true)).isEmpty();
    String role = TestDatabase.freshName();
    database.execute("CREATE ROLE " + role);
    try {
      database.execute(
          """
          REVOKE SELECT ON t FROM PUBLIC;
          GRANT UPDATE (v) ON t TO PUBLIC;
          GRANT CREATE ON SCHEMA public TO PUBLIC;
          ALTER FUNCTION f() OWNER TO %1$s;
          ALTER DEFAULT PRIVILEGES FOR ROLE %1$s GRANT SELECT ON TABLES TO PUBLIC;
          """
              .formatted(role));

      assertThat(migrations().verify()).isEmpty();
      assertThat(migrations().verify(true).stream().map(VerificationIT::text))
          .containsExactly(
              "EXTRA default privileges " + role + " r",
              "CHANGED privileges public.f()",
              "CHANGED privileges public.t",
              "EXTRA privileges public.t.v",
              "CHANGED privileges schema public");
    } finally {
      database.execute("DROP OWNED BY %1$s; DROP ROLE %1$s".formatted(role));
    }
  }

  /// Settings of the database, which the scratch database does not have.
  @Test
  void settingsOfTheDatabaseAreNoDifference() throws Exception {
    changelogs.changeset(
        "core",
        1,
        "values",
        """
        CREATE SCHEMA extra;
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE t (
            id       bigint PRIMARY KEY,
            mood     mood NOT NULL DEFAULT 'sad',
            pause    interval DEFAULT interval '1 day 02:03:04',
            at       timestamptz DEFAULT '2026-01-02 03:04:05+06',
            price    float8 DEFAULT 0.1::float8 + 0.2,
            cost     money DEFAULT 5::money,
            bytes    bytea DEFAULT '\\x0102',
            path     text DEFAULT 'C:\\new' CHECK (path <> 'a\\b'),
            "Name"   text
        );
        CREATE TABLE extra.u (id bigint REFERENCES t, mood mood);
        CREATE TABLE part (at timestamptz) PARTITION BY RANGE (at);
        CREATE TABLE part_2026 PARTITION OF part FOR VALUES FROM ('2026-01-01Z') TO ('2027-01-01Z');
        CREATE VIEW v AS SELECT id, mood FROM t WHERE pause > interval '3 hours' AND at < '2026-05-06Z';
        CREATE FUNCTION f(m mood) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
        """,
        "empty because it is a test");
    migrations().up(SILENT).orThrow();

    for (String setting :
        List.of(
            "search_path = extra, public",
            "quote_all_identifiers = on",
            "standard_conforming_strings = off",
            "bytea_output = escape",
            "DateStyle = 'German'",
            "IntervalStyle = sql_standard",
            "TimeZone = 'Asia/Kathmandu'",
            "extra_float_digits = -15")) {
      database.execute(
          "ALTER DATABASE %s SET %s".formatted(database.address().database(), setting));
    }

    assertThat(migrations().verify()).isEmpty();
    database.execute("ALTER TABLE public.t DROP COLUMN \"Name\"");
    assertThat(differences()).containsExactly("MISSING column public.t.\"Name\"");
  }

  @Test
  void stringsMeanTheSameInEveryDatabase() throws Exception {
    database.execute(
        "ALTER DATABASE %s SET standard_conforming_strings = off"
            .formatted(database.address().database()));
    changelogs.changeset(
        "core",
        1,
        "strings",
        "CREATE TABLE t (bytes bytea DEFAULT '\\x0102', path text DEFAULT 'C:\\new'); INSERT INTO t DEFAULT VALUES;",
        "empty because it is a test");
    changelogs.concurrent(
        "core",
        2,
        "more",
        "INSERT INTO t (path) VALUES ('D:\\new');",
        "empty because it is a test");
    migrations().up(SILENT).orThrow();

    assertThat(database.query("SELECT encode(bytes, 'hex') || ' ' || path FROM t"))
        .containsExactly("0102 C:\\new", "0102 D:\\new");
    assertThat(migrations().verify()).isEmpty();
  }

  @Test
  void settingsOfTheRoleAreNoDifference() throws Exception {
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "empty because it is a test");
    changelogs.changeset("core", 2, "b", "CREATE SCHEMA extra;", "empty because it is a test");
    changelogs.changeset("core", 3, "c", "CREATE TABLE c (id int);", "empty because it is a test");
    migrations().up(SILENT).orThrow();
    String role = TestDatabase.freshName();
    database.execute(
        """
        CREATE ROLE %1$s LOGIN SUPERUSER PASSWORD 'role';
        ALTER ROLE %1$s SET search_path = extra, public;
        ALTER ROLE %1$s SET quote_all_identifiers = on;
        """
            .formatted(role));
    try {
      Changelogs read = Changelogs.in(root);
      Migrations asRole =
          new Migrations(
              new DatabaseAddress(database.address().jdbcUrl(), role, "role"),
              TestConfig.schema(),
              read,
              Modules.everything(read),
              false);
      assertThat(asRole.verify()).isEmpty();
    } finally {
      database.execute("DROP ROLE " + role);
    }
  }

  @Test
  void indexesThatTakeTheOthersPlaceAreNoDifference() throws Exception {
    try (TestDatabase live = withSpace();
        Connection connection = live.connect()) {
      ObjectTemplates templates = new ObjectTemplates(Changelogs.bundled());
      buildIndex(templates, connection, "embedding_1_hnsw", "halfvec", 8);
      buildIndex(templates, connection, "embedding_1_hnsw_next", "vector", 12);
      assertThat(differences(TestConfig.migrations(live))).isEmpty();

      templates.apply(connection, "space_index_swap", Map.of("index", "embedding_1_hnsw"));
      live.execute("UPDATE embedding_space SET \"precision\" = 'full'");
      assertThat(differences(TestConfig.migrations(live))).isEmpty();

      live.execute("UPDATE embedding_space SET \"precision\" = 'half'");
      assertThat(differences(TestConfig.migrations(live)))
          .containsExactly("CHANGED index public.embedding_1_hnsw");
    }
  }

  @Test
  void eachOfManyInstancesIsCompared() throws Exception {
    try (TestDatabase live = withSpace();
        Connection connection = live.connect()) {
      ObjectTemplates templates = new ObjectTemplates(Changelogs.bundled());
      buildIndex(templates, connection, "embedding_1_hnsw", "halfvec", 8);
      // The ids of a collection and its space differ, and 3 is also the number of dimensions.
      live.execute(
          """
          INSERT INTO collection (name) SELECT 'c' || i FROM generate_series(2, 12) i;
          INSERT INTO embedding_space (collection_id, model, dimensions, metric, "precision", storage)
               SELECT id, 'a', CASE WHEN id = 5 THEN 4 ELSE 3 END, 'cosine', 'half', CASE WHEN id % 4 = 0 THEN 'half' ELSE 'full' END
                 FROM collection WHERE id > 1 ORDER BY id DESC;
          """);
      for (long[] ids :
          Sql.of(
                  "SELECT collection_id, id, dimensions, (storage = 'half')::int FROM embedding_space WHERE id > 1")
              .list(
                  connection,
                  row ->
                      new long[] {
                        row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4)
                      })) {
        templates.apply(connection, "collection", Map.of("collection_id", ids[0]));
        templates.apply(
            connection,
            "space",
            Map.of(
                "space_id",
                ids[1],
                "collection_id",
                ids[0],
                "parent",
                ids[3] == 1 ? "embedding_half" : "embedding",
                "dimensions",
                ids[2]));
      }
      assertThat(TestConfig.migrations(live).verify(true)).isEmpty();

      live.execute(
          """
          ALTER TABLE embedding_11 DROP CONSTRAINT embedding_11_dimensions_check;
          ALTER TABLE document_5 ALTER COLUMN title SET DEFAULT 'none';
          DROP TABLE chunk_12 CASCADE;
          CREATE INDEX extra ON chunk_7 (text);
          """);
      assertThat(differences(TestConfig.migrations(live)))
          .contains(
              "CHANGED column public.document_5.title",
              "EXTRA index public.extra",
              "MISSING table public.chunk_12")
          .allMatch(difference ->
              difference.matches(
                  ".*(embedding_11|document_5|chunk_12|extra|embedding_2|document_12).*"));
    }
  }

  @Test
  void indexesThatASessionIsWorkingOnAreNoDifference() throws Exception {
    try (TestDatabase live = withSpace();
        Connection connection = live.connect();
        Connection writer = live.connect();
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      buildIndex(
          new ObjectTemplates(Changelogs.bundled()), connection, "embedding_1_hnsw", "halfvec", 8);
      Migrations migrations = TestConfig.migrations(live);
      for (String sql :
          List.of(
              "CREATE INDEX CONCURRENTLY other ON embedding_1 (ordinal)",
              "DROP INDEX CONCURRENTLY other",
              "REINDEX INDEX CONCURRENTLY embedding_1_hnsw")) {
        writer.setAutoCommit(false);
        Sql.of("LOCK TABLE embedding_1 IN ROW EXCLUSIVE MODE").update(writer);
        Future<?> waiting =
            threads.submit(() -> {
              live.execute(sql);
              return null;
            });
        Patience.await()
            .atMost(Duration.ofMinutes(1))
            .until(() ->
                Sql.of(
                        "SELECT EXISTS (SELECT FROM pg_index WHERE indrelid = 'embedding_1'::regclass AND NOT indisvalid)")
                    .isTrue(connection));

        assertThat(migrations.verify(true)).as(sql).isEmpty();

        assertThat(waiting.isDone()).as(sql).isFalse();
        writer.rollback();
        waiting.get();
      }

      // What a crash leaves.
      live.execute(
          "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'embedding_1_hnsw'::regclass");
      assertThat(differences(migrations)).containsExactly("CHANGED index public.embedding_1_hnsw");
    }
  }

  /// A database with the bundled schema, one collection and one space in it.
  private static TestDatabase withSpace() throws SQLException {
    TestDatabase live = TestDatabase.migrated();
    live.execute(
        """
        INSERT INTO collection (name) VALUES ('docs');
        INSERT INTO embedding_space (collection_id, model, dimensions, metric, "precision") VALUES (1, 'a', 3, 'cosine', 'half');
        """);
    ObjectTemplates templates = new ObjectTemplates(Changelogs.bundled());
    try (Connection connection = live.connect()) {
      templates.apply(connection, "collection", Map.of("collection_id", 1));
      templates.apply(
          connection,
          "space",
          Map.of("space_id", 1, "collection_id", 1, "parent", "embedding", "dimensions", 3));
    }
    return live;
  }

  private static void buildIndex(
      ObjectTemplates templates, Connection connection, String name, String type, int m)
      throws SQLException {
    templates.apply(
        connection,
        "space_index",
        Map.of(
            "space_id",
            1,
            "index",
            name,
            "element",
            "vector::%s(3)".formatted(type),
            "operator_class",
            type + "_cosine_ops",
            "m",
            m,
            "ef_construction",
            32));
  }

  private List<String> differences() {
    return differences(migrations());
  }

  private static List<String> differences(Migrations migrations) {
    return migrations.verify().stream().map(VerificationIT::text).toList();
  }

  private static String text(Difference difference) {
    return difference.kind() + " " + difference.object();
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }
}
