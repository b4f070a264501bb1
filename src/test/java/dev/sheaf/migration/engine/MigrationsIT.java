package dev.sheaf.migration.engine;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.LockHolder;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.TestProcess;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.engine.Migrations.Dependents;
import dev.sheaf.migration.execute.SchemaLock;
import dev.sheaf.migration.execute.SchemaSession;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import dev.sheaf.testing.TestDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.Liquibase;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.resource.ClassLoaderResourceAccessor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.PGConnection;

/// Applying and rolling back changelogs. Each test has its own database.
class MigrationsIT {

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
  void appliesPendingChangesetsOnce() throws Exception {
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    changelogs.changeset("core", 2, "b", "CREATE TABLE b (id int);", "DROP TABLE b;");

    assertThat(applied(up())).containsExactly("core/001_a", "core/002_b");
    assertThat(applied(up())).isEmpty();
    changelogs.changeset("core", 3, "c", "CREATE TABLE c (id int);", "DROP TABLE c;");
    assertThat(applied(up())).containsExactly("core/003_c");
  }

  @Test
  void plainLiquibaseFindsNothingPending() throws Exception {
    TestConfig.migrations(database).up(SILENT).orThrow();

    try (Liquibase plain =
        new Liquibase(
            "db/changelog/root.yaml",
            new ClassLoaderResourceAccessor(),
            DatabaseFactory.getInstance()
                .findCorrectDatabaseImplementation(new JdbcConnection(database.connect())))) {
      assertThat(plain.listUnrunChangeSets(new Contexts(), new LabelExpression())).isEmpty();
    }
  }

  @Test
  void liquibasesLockTableIsNotUsed() throws Exception {
    TestConfig.migrations(database).up(SILENT).orThrow();

    assertThat(database.query("SELECT to_regclass('databasechangeloglock')"))
        .containsExactly("null");
  }

  @Test
  void aFailingChangesetLeavesNothing() throws Exception {
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    changelogs.changeset(
        "core",
        2,
        "b",
        "CREATE TABLE b (id int);\nINSERT INTO b VALUES (1);\nSELECT 1 / 0;",
        "DROP TABLE b;");

    MigrationResult result = migrations().up(SILENT);

    assertThat(result.success()).isFalse();
    assertThat(applied(result)).containsExactly("core/001_a");
    assertThat(result.problems().getFirst())
        .hasMessage("core/002_b.sql failed: division by zero, in: SELECT 1 / 0");
    assertThat(database.query("SELECT to_regclass('b')")).containsExactly("null");
    assertThat(database.query("SELECT id FROM databasechangelog")).containsExactly("001");
    changelogs.changeset("core", 2, "b", "CREATE TABLE b (id int);", "DROP TABLE b;");
    assertThat(applied(up())).containsExactly("core/002_b");
  }

  @Test
  void aModifiedFileIsRejected() throws Exception {
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    up();
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id bigint);", "DROP TABLE a;");

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(this::up)
        .withMessage(
            "core/001_a.sql was modified after it was applied (checksum mismatch) - restore the file, and write the"
                + " change as a new changeset; if another application applied it, give each application a schema of its"
                + " own, and add currentSchema=NAME to its URL");
  }

  /// Each application has a history, a lock and a comparison of its own.
  @Test
  void applicationsShareADatabaseInSchemasOfTheirOwn(@TempDir Path otherRoot) throws Exception {
    TestChangelogs other = new TestChangelogs(otherRoot);
    changelogs.table("core", 1, "a");
    other.table("core", 1, "b");
    other.changeset(
        "core",
        2,
        "view",
        "CREATE VIEW v AS SELECT id FROM b; CREATE INDEX b_id ON b (id);",
        "DROP VIEW v; DROP INDEX b_id;");
    up();

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> TestConfig.migrations(database, otherRoot).up(SILENT).orThrow())
        .withMessage(
            "schema public holds the history of another application: core/001_a - give each application a schema of its"
                + " own, and add currentSchema=NAME to its URL");

    database.execute("CREATE SCHEMA \"Other\"");
    DatabaseAddress address = inSchema("\"Other\"");
    Changelogs read = Changelogs.in(otherRoot);
    Migrations others =
        new Migrations(address, TestConfig.schema(), read, Modules.everything(read), false);
    changelogs.table("core", 2, "c");
    try (Connection holder = database.connect();
        AdvisoryLock _ = SchemaLock.tryAcquire(holder).orElseThrow()) {
      MigrationResult first = others.up(SILENT).orThrow();
      assertThat(applied(first)).containsExactly("core/001_b", "core/002_view");
      assertThat(first.notes())
          .containsExactly(
              "nothing was applied in this schema before; the database also has a history in schema public");
      try (Connection connection = address.open("test")) {
        assertThat(SchemaLock.holder(connection)).isEmpty();
      }
    }
    try (Connection connection = address.open("test");
        AdvisoryLock _ = SchemaLock.tryAcquire(connection).orElseThrow()) {
      assertThat(applied(up())).containsExactly("core/002_c");
    }
    assertThat(TestConfig.migrations(database, root).verify()).isEmpty();
    assertThat(TestConfig.migrations(database, root).verify(true)).isEmpty();
    assertThat(others.verify()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          CREATE TABLE backfill (id int, note text)               | table public.backfill is not Sheaf's: it has no column name
          CREATE TABLE databasechangelog (id int) PARTITION BY LIST (id) | table public.databasechangelog is not Sheaf's: it has no column author
          CREATE TABLE schema_gate (history text)                 | table public.schema_gate is not Sheaf's: it has no column fingerprint
          CREATE VIEW schema_event AS SELECT 1 AS id              | view public.schema_event is not Sheaf's: Sheaf needs a table of this name
          CREATE TYPE schema_trash AS ENUM ('a')                  | type public.schema_trash is not Sheaf's: Sheaf needs a table of this name
          CREATE SEQUENCE schema_journal                          | sequence public.schema_journal is not Sheaf's: Sheaf needs a table of this name
          """)
  void anObjectWithTheNameOfAnEngineTableIsKept(String object, String problem) throws Exception {
    database.execute(object);
    changelogs.table("core", 1, "a");
    Migrations migrations = TestConfig.migrations(database, root);

    for (MigrationResult result :
        List.of(migrations.up(SILENT), migrations.baseline(Approval.NONE, SILENT))) {
      assertThat(result.problems())
          .extracting(OperatorException::getMessage)
          .containsExactly(
              problem
                  + " - rename it, or give Sheaf's objects a schema of their own: CREATE SCHEMA sheaf,"
                  + " and currentSchema=sheaf,public in the URL");
    }
    assertThat(
            database.query(
                "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')"))
        .containsExactly(object.contains("TYPE") ? "0" : "1");

    database.execute("CREATE SCHEMA sheaf");
    Changelogs read = Changelogs.in(root);
    Migrations beside =
        new Migrations(
            inSchema("sheaf,public"), TestConfig.schema(), read, Modules.everything(read), false);
    beside.up(SILENT).orThrow();
    assertThat(beside.status().upToDate()).isTrue();
    assertThat(database.query("SELECT to_regclass('sheaf.a') IS NOT NULL")).containsExactly("t");
  }

  @Test
  void whoMadeTheSessionReadOnlyIsNamed() throws Exception {
    changelogs.table("core", 1, "a");
    database.execute(
        "ALTER DATABASE \"%s\" SET default_transaction_read_only = on"
            .formatted(database.address().database()));

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(this::up)
        .withMessageStartingWith("the database is read-only - sheaf readonly off");

    String role = "sheaf_reader_" + ProcessHandle.current().pid();
    database.execute(
        """
        SET TRANSACTION READ WRITE;
        ALTER DATABASE "%1$s" RESET default_transaction_read_only;
        CREATE ROLE %2$s LOGIN SUPERUSER PASSWORD 'weak';
        ALTER ROLE %2$s SET default_transaction_read_only = on;
        """
            .formatted(database.address().database(), role));
    try {
      Changelogs files = Changelogs.in(root);
      MigrationResult result =
          new Migrations(
                  new DatabaseAddress(database.address().jdbcUrl(), role, "weak"),
                  TestConfig.schema(),
                  files,
                  Modules.everything(files),
                  false)
              .up(SILENT);

      assertThat(result.problems().getFirst())
          .hasMessageStartingWith(
              "default_transaction_read_only is on, by the source \"user\" - set it off where it is"
                  + " set: ALTER ROLE");
    } finally {
      database.execute("DROP ROLE " + role);
    }
  }

  /// As managed servers do it.
  @Test
  void pgvectorMayBeInAnotherSchema() throws Exception {
    database.execute(
        "DROP EXTENSION IF EXISTS vector; CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions");
    changelogs.table("core", 1, "first");
    String message =
        "core/002_a.sql uses the type %s, but the extension vector is installed in schema extensions, which is not in the"
            + " search_path (%s) - %s";
    String run =
        "run: ALTER DATABASE "
            + database.address().database()
            + " SET search_path = \"$user\", public, extensions";
    for (String sql :
        List.of(
            "CREATE TABLE a (v vector(2));",
            "CREATE TABLE a (id int, vector -- name\n vector NOT NULL);",
            "ALTER TABLE first ADD v \"vector\";",
            "ALTER TABLE first ALTER id TYPE vector USING NULL;",
            "SELECT '[1]'::vector;")) {
      changelogs.changeset("core", 2, "a", sql, "empty because it is a test");
      assertThatExceptionOfType(OperatorException.class)
          .as(sql)
          .isThrownBy(this::up)
          .withMessage(message.formatted("vector", "\"$user\", public", run));
    }
    assertThat(database.query("SELECT to_regclass('first')")).containsExactly("null");
    changelogs.changeset("core", 2, "a", "CREATE TABLE a (v halfvec(2));", "DROP TABLE a;");
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> migrations(inSchema("public")).up(SILENT).orThrow())
        .withMessage(
            message.formatted(
                "halfvec",
                "public",
                "add that schema to the URL: currentSchema=public,extensions"));

    // With the schema, with a search path of its own, and as other names.
    changelogs.changeset(
        "core",
        2,
        "b",
        """
        CREATE TABLE b (vector extensions.vector(2), halfvec extensions."halfvec");
        CREATE INDEX ON b USING hnsw (vector extensions.vector_l2_ops);
        ALTER TABLE b ADD CONSTRAINT vector CHECK (vector IS NOT NULL);
        ALTER TABLE b ADD COLUMN IF NOT EXISTS sparsevec extensions.sparsevec(2);
        SELECT vector, '[1,2]'::extensions.vector FROM b;
        COMMENT ON TABLE b IS 'v vector(2), ''[1]''::vector';
        CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql SET search_path = extensions
            AS $$ BEGIN RETURN '[1]'::vector(1); END $$;
        SET search_path = public, extensions;
        CREATE TABLE c (v vector(2));\
        """,
        "DROP TABLE b, c; DROP FUNCTION f;");
    changelogs.delete("core", 2, "a");
    assertThat(applied(up())).containsExactly("core/001_first", "core/002_b");
    changelogs.changeset("core", 3, "a", "CREATE TABLE a (v vector(2));", "DROP TABLE a;");

    assertThat(applied(migrations(inSchema("public,extensions")).up(SILENT).orThrow()))
        .containsExactly("core/003_a");
  }

  private Migrations migrations(DatabaseAddress address) {
    Changelogs read = Changelogs.in(root);
    return new Migrations(address, TestConfig.schema(), read, Modules.everything(read), false);
  }

  private DatabaseAddress inSchema(String schema) {
    DatabaseAddress address = database.address();
    return new DatabaseAddress(
        address.jdbcUrl()
            + (address.jdbcUrl().contains("?") ? "&" : "?")
            + "currentSchema="
            + URLEncoder.encode(schema, StandardCharsets.UTF_8),
        address.user(),
        address.password());
  }

  @Test
  void aCommentOutsideTheChangesetMayChange() throws Exception {
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    up();
    Path file = root.resolve("core/001_a.sql");
    Files.writeString(file, Files.readString(file).replaceFirst("\n\n", "\n\n-- said later\n\n"));

    assertThat(applied(up())).isEmpty();
  }

  @Test
  void aNewerSchemaIsRejected() throws Exception {
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    changelogs.changeset("core", 2, "b", "CREATE TABLE b (id int);", "DROP TABLE b;");
    up();
    Files.delete(root.resolve("core/002_b.sql"));

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(this::up)
        .withMessage(
            "the schema is newer than this application (%1$s): core/002_b, applied by %1$s, declares no compatible older version - start a newer version of the application, or roll the schema back: sheaf migrate goto",
            ProcessIdentity.VERSION);
  }

  @Test
  void anOutOfOrderChangesetIsAppliedAndReported() throws Exception {
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    changelogs.changeset("core", 3, "c", "CREATE TABLE c (id int);", "DROP TABLE c;");
    up();
    changelogs.changeset("core", 2, "b", "CREATE TABLE b (id int);", "DROP TABLE b;");

    MigrationResult result = up();

    assertThat(applied(result)).containsExactly("core/002_b");
    assertThat(result.notes())
        .containsExactly(
            "core/002_b is out of order: higher-numbered changesets of its module were applied before it");
  }

  @Test
  void anOutOfOrderChangesetIsRejectedIfConfigured() throws Exception {
    changelogs.changeset("core", 2, "b", "CREATE TABLE b (id int);", "DROP TABLE b;");
    up();
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");

    MigrationResult result =
        TestConfig.migrations(database, root, "sheaf.schema.out-of-order", "refuse").up(SILENT);

    assertThat(result.problems())
        .singleElement()
        .satisfies(problem ->
            assertThat(problem).hasMessageStartingWith("core/001_a.sql is out of order"));
    assertThat(database.query("SELECT to_regclass('a')")).containsExactly("null");
  }

  @Test
  void exactlyOneOfManyMigrates() throws Exception {
    int processes = 20;
    List<Future<MigrationResult>> results = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(processes)) {
      for (int i = 0; i < processes; i++) {
        results.add(executor.submit(() -> TestConfig.migrations(database).up(SILENT)));
      }
    }

    List<Integer> executed = new ArrayList<>();
    for (Future<MigrationResult> result : results) {
      executed.add(result.get().orThrow().executed().size());
    }
    assertThat(executed).filteredOn(size -> size > 0).hasSize(1);
  }

  @Test
  void anAbandonedInterruptedChangesetBlocksNothing() throws Exception {
    changelogs.table("core", 1, "a");
    up();
    database.execute(
        "INSERT INTO schema_journal (path, direction, statement) VALUES ('db/changelog/core/002_gone.sql', 'up', 0)");

    assertThat(migrations().status().upToDate()).isTrue();
    needsNoLock();
  }

  @Test
  void anUpToDateSchemaNeedsNoLock() throws Exception {
    changelogs.table("core", 1, "a");
    up();
    needsNoLock();
  }

  private void needsNoLock() throws SQLException {
    try (SchemaSession session = SchemaSession.open(database.address(), TestConfig.schema());
        AdvisoryLock _ = session.lock(SILENT, () -> false).orElseThrow()) {
      assertThat(
              applied(
                  TestConfig.migrations(database, root, "sheaf.schema.lock-wait", "0s").up(SILENT)))
          .isEmpty();
    }
  }

  @Test
  void theLockOfAKilledProcessIsFree() throws Exception {
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    Process holder = startLockHolder();
    try (Connection connection = database.connect()) {
      assertThat(SchemaLock.holder(connection)).isPresent();
      assertThat(SchemaLock.tryAcquire(connection)).isEmpty();
    }

    holder.destroyForcibly().waitFor();

    assertThat(applied(up())).containsExactly("core/001_a");
  }

  @Test
  void theLockHolderIsReportedAfterTheWait() throws Exception {
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    Process holder = startLockHolder();
    try {
      MigrationResult result =
          TestConfig.migrations(database, root, "sheaf.schema.lock-wait", "1s").up(SILENT);

      assertThat(result.problems())
          .singleElement()
          .satisfies(problem ->
              assertThat(problem)
                  .hasMessageMatching(
                      "the schema is locked by .+@.+/"
                          + holder.pid()
                          + " from .+, backend \\d+, since .+ - it was not released within 1 s; .*"));
    } finally {
      holder.destroyForcibly().waitFor();
    }
  }

  @Test
  void aTableLockIsRetried() throws Exception {
    database.execute("CREATE TABLE busy (id int)");
    changelogs.changeset(
        "core",
        1,
        "a",
        "ALTER TABLE busy ADD COLUMN name text;",
        "ALTER TABLE busy DROP COLUMN name;");
    List<Integer> attempts = new ArrayList<>();
    try (Connection other = database.connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE busy IN ACCESS SHARE MODE");

      MigrationResult result =
          TestConfig.migrations(
                  database,
                  root,
                  "sheaf.schema.lock-timeout",
                  "50ms",
                  "sheaf.schema.backoff",
                  "10ms")
              .up(
                  new MigrationListener() {
                    @Override
                    public void retrying(
                        String changeset, int attempt, Duration pause, String why) {
                      attempts.add(attempt);
                      if (attempt == 2) {
                        release(other);
                      }
                    }
                  });

      assertThat(applied(result)).containsExactly("core/001_a");
      assertThat(attempts).containsExactly(1, 2);
    }
  }

  @Test
  void aTableLockThatIsHeldTooLongIsAFailure() throws Exception {
    database.execute("CREATE TABLE busy (id int)");
    changelogs.changeset(
        "core",
        1,
        "a",
        "ALTER TABLE busy ADD COLUMN name text;",
        "ALTER TABLE busy DROP COLUMN name;");
    try (Connection other = database.connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE busy IN ACCESS SHARE MODE");

      MigrationResult result =
          TestConfig.migrations(
                  database,
                  root,
                  "sheaf.schema.lock-timeout",
                  "20ms",
                  "sheaf.schema.backoff",
                  "1ms",
                  "sheaf.schema.retries",
                  "2")
              .up(SILENT);

      assertThat(result.problems().getFirst())
          .hasMessageStartingWith("core/001_a.sql failed: canceling statement due to lock timeout");
    }
  }

  @Test
  void downWithoutAModuleTakesBackWhatWasAppliedLast() throws Exception {
    changelogs.table("core", 1, "a");
    changelogs.table("shop", 1, "b");
    up();
    changelogs.table("core", 2, "c");
    up();

    assertThat(
            migrations().scriptDown(null, 2, Dependents.REFUSE).stream()
                .map(Migrations.ChangesetScript::changeset))
        .containsExactly("core/002_c", "shop/001_b");
    assertThat(applied(migrations().down(null, 1, Approval.NONE, SILENT)))
        .containsExactly("core/002_c");
    assertThat(applied(migrations().down(null, 2, Approval.NONE, SILENT)))
        .containsExactly("shop/001_b", "core/001_a");
    assertThat(migrations().down(null, 1, Approval.NONE, SILENT).problems().getFirst())
        .hasMessageStartingWith("cannot roll back 1 changesets: the database has 0 applied");
  }

  @Test
  void aWaitForALockNamesWhoBlocksIt() throws Exception {
    database.execute("CREATE TABLE busy (id int)");
    changelogs.changeset(
        "core",
        1,
        "a",
        "ALTER TABLE busy ADD COLUMN name text;",
        "ALTER TABLE busy DROP COLUMN name;");
    List<String> blocked = Collections.synchronizedList(new ArrayList<>());
    List<String> retried = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        Connection holder = database.address().open("pg_dump");
        Connection next = database.address().open("nightly report");
        Statement hold = holder.createStatement()) {
      holder.setAutoCommit(false);
      next.setAutoCommit(false);
      hold.execute("/* trace */ SELECT count(*) FROM busy WHERE id > 4711");
      Future<?> waiting =
          executor.submit(() -> {
            try (Statement lock = next.createStatement()) {
              lock.execute("LOCK TABLE busy");
            }
            return null;
          });
      await()
          .until(() ->
              database
                      .query(
                          "SELECT pid FROM pg_locks WHERE relation = 'busy'::regclass AND NOT"
                              + " granted")
                      .size()
                  == 1);
      String role = database.query("SELECT current_user").getFirst();
      String sessions =
          "pg_dump, backend %s, role %s, idle in transaction since \\S+Z: SELECT count\\(\\*\\) FROM busy WHERE id >; and by nightly report, backend %s, role %s, waiting for a lock itself since \\S+Z: LOCK TABLE busy"
              .formatted(
                  holder.unwrap(PGConnection.class).getBackendPID(),
                  role,
                  next.unwrap(PGConnection.class).getBackendPID(),
                  role);

      MigrationResult result =
          TestConfig.migrations(
                  database,
                  root,
                  "sheaf.schema.lock-timeout",
                  "1s",
                  "sheaf.schema.backoff",
                  "1ms",
                  "sheaf.schema.retries",
                  "1")
              .up(
                  new MigrationListener() {
                    @Override
                    public void blocked(String changeset, Duration sofar, String sessions) {
                      blocked.add(sessions);
                    }

                    @Override
                    public void retrying(
                        String changeset, int attempt, Duration pause, String why) {
                      retried.add(why);
                    }
                  });

      assertThat(result.problems().getFirst())
          .hasMessageMatching(
              "core/001_a.sql failed: canceling statement due to lock timeout, in: ALTER TABLE busy"
                  + " ADD COLUMN name text, blocked by "
                  + sessions
                  + " - wait until it ends, or end it with pg_terminate_backend, then run it"
                  + " again");
      assertThat(retried)
          .singleElement()
          .asString()
          .matches("canceling statement due to lock timeout, blocked by " + sessions);
      assertThat(blocked).isNotEmpty().allMatch(text -> text.matches(sessions));
      release(holder);
      waiting.get();
    }
  }

  @Test
  void aMissingExtensionFailsBeforeAnyChange() throws Exception {
    changelogs.changeset("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    changelogs.changeset(
        "core",
        2,
        "b",
        "CREATE EXTENSION IF NOT EXISTS no_such_thing;",
        "DROP EXTENSION no_such_thing;");

    MigrationResult result = migrations().up(SILENT);

    assertThat(result.problems().getFirst().problem())
        .matches(
            "PostgreSQL [\\d.]+ at .+:\\d+, database "
                + database.address().database()
                + ", does not have the extension \"no_such_thing\"");
    assertThat(database.query("SELECT to_regclass('a')")).containsExactly("null");
  }

  @Test
  void anIndexThatACrashLeftInvalidIsRebuilt() throws Exception {
    changelogs.changeset(
        "core",
        1,
        "a",
        "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1), (1);",
        "DROP TABLE a;");
    up();
    changelogs.concurrent(
        "core",
        2,
        "b",
        "CREATE INDEX CONCURRENTLY a_id ON a (id);\nCREATE INDEX CONCURRENTLY a_id2 ON a (id);",
        "SELECT 1;");
    // The state after a crash in the second statement: the first index, half of the second, an open
    // journal.
    database.execute("CREATE INDEX a_id ON a (id)");
    database.execute("CREATE INDEX a_id2 ON a (id)");
    database.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a_id2'::regclass");
    database.execute(
        "INSERT INTO schema_journal (path, direction, statement) VALUES ('db/changelog/core/002_b.sql', 'up', 1)");

    MigrationResult result = up();

    assertThat(applied(result)).containsExactly("core/002_b");
    assertThat(result.notes())
        .containsExactly(
            "core/002_b: removed a remnant of an interrupted run: DROP INDEX CONCURRENTLY a_id2");
    assertThat(
            database.query(
                "SELECT indexrelid::regclass || ' ' || indisvalid FROM pg_index WHERE indrelid = 'a'::regclass ORDER BY 1"))
        .containsExactly("a_id true", "a_id2 true");
    assertThat(database.query("SELECT path FROM schema_journal")).isEmpty();
  }

  @Test
  void aRollbackThatWasInterruptedIsFinishedAndTheChangesetAppliedAgain() throws Exception {
    changelogs.table("core", 1, "a");
    changelogs.concurrent(
        "core",
        2,
        "b",
        "CREATE INDEX CONCURRENTLY a_id ON a (id);\nCREATE INDEX CONCURRENTLY a_id2 ON a (id);",
        "DROP INDEX CONCURRENTLY a_id2;\nDROP INDEX CONCURRENTLY a_id;");
    up();
    database.execute("DROP INDEX a_id2");
    database.execute(
        "INSERT INTO schema_journal (path, direction, statement) VALUES ('db/changelog/core/002_b.sql', 'down', 0)");
    assertThat(migrations().status().upToDate()).isFalse();
    try (Connection connection = database.connect()) {
      assertThat(migrations().compatibility(connection))
          .isEqualTo(new CompatibilityVerdict(false, "the rollback of core/002_b was interrupted"));
    }

    MigrationResult result = up();

    assertThat(result.executed())
        .extracting(executed -> executed.direction() + " " + executed.changeset())
        .containsExactly("DOWN core/002_b", "UP core/002_b");
    assertThat(migrations().verify()).isEmpty();
    assertThat(applied(up())).isEmpty();
  }

  @Test
  void aConcurrentBuildWaitsForATransaction() throws Exception {
    changelogs.table("core", 1, "a");
    up();
    changelogs.concurrent(
        "core",
        2,
        "b",
        "CREATE INDEX CONCURRENTLY a_id ON a (id);",
        "DROP INDEX CONCURRENTLY a_id;");
    List<String> seen = new ArrayList<>();
    try (Connection other = database.connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("INSERT INTO a VALUES (1)");

      MigrationResult result =
          TestConfig.migrations(database, root, "sheaf.schema.lock-timeout", "10ms")
              .up(
                  new MigrationListener() {
                    @Override
                    public void running(
                        String changeset,
                        Duration sofar,
                        @Nullable String phase,
                        @Nullable Double percent) {
                      seen.add(String.valueOf(phase));
                      release(other);
                    }
                  });

      assertThat(applied(result)).containsExactly("core/002_b");
      assertThat(seen.getFirst()).startsWith("waiting for writers");
    }
  }

  @Test
  void aConcurrentBuildThatFailsLeavesNoInvalidIndex() throws Exception {
    changelogs.changeset(
        "core",
        1,
        "a",
        "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1), (1);",
        "DROP TABLE a;");
    changelogs.concurrent(
        "core", 2, "b", "CREATE UNIQUE INDEX CONCURRENTLY a_id ON a (id);", "SELECT 1;");

    MigrationResult result = migrations().up(SILENT);

    assertThat(result.problems().getFirst())
        .hasMessageStartingWith("core/002_b.sql failed: could not create unique index \"a_id\"");
    assertThat(database.query("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"))
        .isEmpty();
    database.execute("DELETE FROM a");
    assertThat(applied(up())).containsExactly("core/002_b");
  }

  @Test
  void anIndexIsADifferenceOnlyAfterItsBuild() throws Exception {
    changelogs.table("core", 1, "a");
    up();
    try (var background = Executors.newVirtualThreadPerTaskExecutor();
        Connection writer = database.connect();
        Statement statement = writer.createStatement()) {
      writer.setAutoCommit(false);
      statement.execute("INSERT INTO a VALUES (1)");
      Future<?> build =
          background.submit(() -> {
            database.execute("CREATE INDEX CONCURRENTLY a_id ON a (id)");
            return null;
          });
      await()
          .until(() ->
              !database
                  .query(
                      "SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()")
                  .isEmpty());

      assertThat(migrations().verify()).isEmpty();

      writer.commit();
      build.get();
    }
    assertThat(migrations().verify())
        .extracting(Difference::object)
        .containsExactly("index public.a_id");
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }

  private MigrationResult up() {
    return migrations().up(SILENT).orThrow();
  }

  private static List<String> applied(MigrationResult result) {
    return result.executed().stream().map(MigrationResult.Executed::changeset).toList();
  }

  private Process startLockHolder() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LockHolder.class.getName(),
                TestProcess.url(database.address()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    assertThat(out.readLine()).startsWith("locked");
    return process;
  }

  private static void release(Connection other) {
    try {
      other.rollback();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
