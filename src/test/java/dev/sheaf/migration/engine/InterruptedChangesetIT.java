package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Changesets outside a transaction that fail or are killed: what is recorded is there, and what is
/// taken back is what they made.
class InterruptedChangesetIT {

  private static final MigrationListener SILENT = new MigrationListener() {};
  private static final String INVALID =
      "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid";

  @TempDir private Path root;
  private TestDatabase database;
  private TestChangelogs changelogs;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    changelogs = new TestChangelogs(root);
    changelogs.changeset(
        "core",
        1,
        "base",
        """
        CREATE SCHEMA app;
        CREATE TABLE app.t (id bigint PRIMARY KEY, v text);
        INSERT INTO app.t VALUES (1, 'a'), (2, 'a');\
        """,
        "DROP TABLE app.t;\nDROP SCHEMA app;");
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      textBlock =
          """
          IF NOT EXISTS t_v_key, t_v_key
          t_v_key,               t_v_key
          IF NOT EXISTS größe_😀, größe_😀
          "My Index",            My Index
          IF NOT EXISTS "a "" b", a " b
          IF NOT EXISTS "a--b /* c", a--b /* c
          /* a /* b */ c */ IF NOT EXISTS on$x, on$x
          """)
  void aUniqueIndexIsRecordedOnceItIsThere(String clause, String name) throws Exception {
    index("CREATE UNIQUE INDEX CONCURRENTLY " + clause + " ON app.t (v);");

    for (int attempt = 1; attempt <= 3; attempt++) {
      assertThat(up().problems().getFirst()).hasMessageContaining("is duplicated");
      assertThat(database.query(INVALID)).isEmpty();
      assertThat(applied()).containsExactly("001");
    }
    database.execute("DELETE FROM app.t WHERE id = 2");
    up().orThrow();

    assertThat(applied()).containsExactly("001", "002");
    assertThat(database.query(INVALID)).isEmpty();
    assertThat(
            database.query(
                "SELECT relname FROM pg_class WHERE oid IN (SELECT indexrelid FROM pg_index WHERE indisunique AND NOT indisprimary AND indrelid = 'app.t'::regclass)"))
        .containsExactly(name);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      textBlock =
          """
          t_v
          IF NOT EXISTS t_v
          größe_idx
          IF NOT EXISTS größe_idx
          "My Index"
          """)
  void whatACrashLeftIsBuiltAnew(String clause) throws Exception {
    up().orThrow();
    index("CREATE INDEX CONCURRENTLY " + clause + " ON app.t (v);");
    database.execute("CREATE INDEX " + clause.replace("IF NOT EXISTS ", "") + " ON app.t (v)");
    database.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indrelid = 'app.t'::regclass AND NOT indisprimary");
    interruptedAt(0, "'{}'", "'{}'");

    up().orThrow();

    assertThat(
            database.query(
                "SELECT count(*) || ' ' || bool_and(indisvalid) FROM pg_index WHERE indrelid = 'app.t'::regclass AND NOT indisprimary"))
        .containsExactly("1 true");
  }

  @Test
  void whatAnInterruptedReindexLeftIsRemoved() throws Exception {
    up().orThrow();
    database.execute("CREATE TABLE other AS SELECT 1 AS v");
    long number = 2;
    for (String reindex :
        List.of(
            "REINDEX (CONCURRENTLY) TABLE app.t;",
            "REINDEX SCHEMA CONCURRENTLY app;",
            "REINDEX INDEX CONCURRENTLY app.t_pkey;")) {
      database.execute(
          "CREATE INDEX t_pkey_ccnew ON app.t (id); CREATE INDEX other_ccnew ON other (v)");
      database.execute(
          "UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('app.t_pkey_ccnew'::regclass, 'other_ccnew'::regclass)");
      changelogs.concurrent("core", number++, "reindex", reindex, "SELECT 1;");

      up().orThrow();

      assertThat(database.query(INVALID)).as(reindex).containsExactly("other_ccnew");
      database.execute("DROP INDEX other_ccnew");
    }
  }

  @Test
  void anotherTablesIndexIsNotTakenForOurs() throws Exception {
    up().orThrow();
    database.execute("CREATE TABLE app.other (v text); CREATE INDEX t_v ON app.other (v)");
    index("CREATE INDEX CONCURRENTLY IF NOT EXISTS t_v ON app.t (v);");

    assertThat(up().problems().getFirst())
        .hasMessageContaining("created no valid index t_v on app.t");
    assertThat(applied()).containsExactly("001");
  }

  @Test
  void anInvalidIndexIsNotTakenForTheWantedOne() throws Exception {
    up().orThrow();
    database.execute("CREATE INDEX \"t--v\" ON app.t (v)");
    database.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.\"t--v\"'::regclass");
    changelogs.changeset(
        "core", 2, "i", "CREATE INDEX IF NOT EXISTS \"t--v\" ON app.t (v);", "SELECT 1;");

    assertThat(up().problems().getFirst())
        .hasMessageContaining("because an invalid index app.\"t--v\" exists");
    assertThat(applied()).containsExactly("001");
  }

  @Test
  void anIndexHasAName() throws Exception {
    index("CREATE INDEX CONCURRENTLY ON app.t (v);");

    assertThat(up().problems().getFirst())
        .hasMessageContaining(
            "core/002_i.sql:5:1: creates an index on app.t concurrently without naming it");
    assertThat(database.query("SELECT to_regnamespace('app') IS NULL")).containsExactly("t");
  }

  /// The session of the first attempt is gone, and with it what its statements had set.
  @Test
  void aResumedChangesetHasTheSettingsOfItsEarlierStatements() throws Exception {
    up().orThrow();
    database.execute("CREATE TABLE t (v text)");
    index(
        """
        SET search_path = app;
        SELECT pg_catalog.set_config('role', 'pg_database_owner', false);
        RESET ROLE;
        CREATE UNIQUE INDEX CONCURRENTLY t_v_key ON t (v);
        CREATE TABLE u ();\
        """);
    assertThat(up().problems().getFirst()).hasMessageContaining("is duplicated");
    database.execute("DELETE FROM app.t WHERE id = 2");

    up().orThrow();

    assertThat(
            database.query(
                "SELECT indrelid::regclass FROM pg_index WHERE indexrelid = to_regclass('app.t_v_key')"))
        .containsExactly("app.t");
    assertThat(database.query("SELECT to_regclass('app.u')")).containsExactly("app.u");
  }

  @Test
  void statementsThatRanAreNotModified() throws Exception {
    index("CREATE TABLE app.u ();\nSELECT 1 / 0;");
    assertThat(up().success()).isFalse();

    index("CREATE TABLE app.v ();\nSELECT 1;");
    assertThat(up().problems().getFirst())
        .hasMessage(
            "core/002_i was interrupted in its statement 2, and the statements before it were modified - restore"
                + " them; or take it back: sheaf migrate down --module core");
    assertThat(applied()).containsExactly("001");

    index("-- corrected\nCREATE  TABLE app.u ();\nSELECT 1;\nCREATE TABLE app.v ();");
    up().orThrow();
    assertThat(database.query("SELECT to_regclass('app.v')")).containsExactly("app.v");
    assertThat(database.query("SELECT path FROM schema_journal")).isEmpty();
  }

  @Test
  void aFailedChangesetMayBeMadeTransactional() throws Exception {
    index("CREATE TABLE IF NOT EXISTS app.u ();\nSELECT 1 / 0;");
    assertThat(up().success()).isFalse();

    changelogs.changeset("core", 2, "i", "CREATE TABLE IF NOT EXISTS app.u ();", "SELECT 1;");
    up().orThrow();

    assertThat(database.query("SELECT path FROM schema_journal")).isEmpty();
  }

  @Test
  void aChangesetWhoseTemporaryTableIsGoneIsNotResumed() throws Exception {
    up().orThrow();
    database.execute("CREATE TABLE kept (id int)");
    index(
        "CREATE TEMP TABLE kept (id int);\nSELECT 1 / count(*) FROM app.t WHERE id = 3;\nINSERT INTO kept VALUES (1);");
    assertThat(up().success()).isFalse();
    database.execute("INSERT INTO app.t VALUES (3)");

    assertThat(up().problems().getFirst())
        .hasMessageStartingWith(
            "core/002_i was interrupted in its statement 2, and what the statements before it created in their session"
                + " is gone");
    assertThat(database.query("SELECT id FROM kept")).isEmpty();
  }

  @Test
  void goingDownKeepsATableThatTheFailedChangesetDidNotCreate() throws Exception {
    up().orThrow();
    database.execute("CREATE TABLE customers (id bigint PRIMARY KEY)");
    database.execute("INSERT INTO customers VALUES (1), (2)");
    changelogs.concurrent(
        "core",
        2,
        "customers",
        "CREATE TABLE customers (id bigint PRIMARY KEY);\nCREATE INDEX CONCURRENTLY ci ON customers ((id + 1));",
        "DROP TABLE customers;");
    assertThat(up().success()).isFalse();

    MigrationResult result = migrations().down("core", 1, Approval.NONE, SILENT).orThrow();

    assertThat(result.executed())
        .extracting(MigrationResult.Executed::changeset)
        .containsExactly("core/002_customers");
    assertThat(database.query("SELECT count(*) FROM customers")).containsExactly("2");
    assertThat(applied()).containsExactly("001");
    assertThat(database.query("SELECT path FROM schema_journal")).isEmpty();
  }

  @Test
  void goingDownTakesBackWhatEndedAndKeepsWhatWasThere() throws Exception {
    up().orThrow();
    database.execute("CREATE TABLE app.orders AS SELECT 1 AS id");
    changelogs.concurrent(
        "core",
        2,
        "orders",
        "CREATE SEQUENCE app.s;\nCREATE TABLE app.orders (id bigint);",
        "DROP TABLE app.orders;\nDROP SEQUENCE app.s;");
    assertThat(up().success()).isFalse();
    assertThat(database.query("SELECT to_regclass('app.s')")).containsExactly("app.s");

    migrations().goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT).orThrow();

    assertThat(database.query("SELECT id FROM app.orders")).containsExactly("1");
    assertThat(database.query("SELECT to_regclass('app.s') IS NULL")).containsExactly("t");
  }

  @Test
  void aRollbackThatNobodyCanJudgeIsLeftToAPerson() throws Exception {
    up().orThrow();
    changelogs.concurrent(
        "core",
        2,
        "rows",
        "CREATE TABLE app.u (id bigint);\nSELECT 1 / 0;",
        "DELETE FROM app.t;\nDROP TABLE app.u;");
    assertThat(up().success()).isFalse();

    assertThat(migrations().down("core", 1, Approval.NONE, SILENT).problems().getFirst())
        .hasMessageContaining("core/002_rows was interrupted in its statement 2");
    assertThat(database.query("SELECT count(*) FROM app.t")).containsExactly("2");
    assertThat(applied()).containsExactly("001");
  }

  private void index(String statement) throws IOException {
    changelogs.concurrent("core", 2, "i", statement, "SELECT 1;");
  }

  private void interruptedAt(int statement, String indexes, String kept) throws SQLException {
    database.execute(
        "INSERT INTO schema_journal (path, direction, statement, indexes, kept) VALUES ('db/changelog/core/002_i.sql', 'up', %s, %s, %s)"
            .formatted(statement, indexes, kept));
  }

  private List<String> applied() throws SQLException {
    return database.query("SELECT id FROM databasechangelog ORDER BY orderexecuted");
  }

  private MigrationResult up() {
    return migrations().up(SILENT);
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }
}
