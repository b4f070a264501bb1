package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.HistoryEntry;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.SchemaStatus;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.migration.execute.SchemaSession;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every operation on a small schema with two modules.
class VerbsIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  @TempDir private Path root;
  private TestDatabase database;
  private TestChangelogs changelogs;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    changelogs = new TestChangelogs(root);
    changelogs.table("core", 1, "a");
    changelogs.table("core", 2, "b");
    changelogs.table("core", 3, "c");
    changelogs.table("extra", 1, "x");
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void upStopsAtTheGivenVersion() throws SQLException {
    assertThat(
            run(
                migrations()
                    .up(
                        new Migrations.Scope("core", ChangesetVersion.of(2)),
                        Approval.NONE,
                        SILENT)))
        .containsExactly("up core/001_a", "up core/002_b");
    assertThat(tables()).containsExactly("a", "b");
    assertThat(run(migrations().up(SILENT))).containsExactly("up core/003_c", "up extra/001_x");
  }

  @Test
  void downRollsBackTheLastOfOneModule() throws SQLException {
    migrations().up(SILENT).orThrow();

    assertThat(run(migrations().down("core", 2, Approval.NONE, SILENT)))
        .containsExactly("down core/003_c", "down core/002_b");
    assertThat(tables()).containsExactly("a", "x");
  }

  /// A module that requires another one stands on it as it was when its changesets were applied.
  @Test
  void whatOthersDependOnIsNotRolledBackAlone() throws Exception {
    changelogs.changeset(
        "extra", 2, "y", "ALTER TABLE c ADD COLUMN y int;", "ALTER TABLE c DROP COLUMN y;");
    migrations().up(SILENT).orThrow();
    changelogs.table("core", 4, "d");
    migrations().up(SILENT).orThrow();

    assertThat(run(migrations().down("core", 1, Approval.NONE, SILENT)))
        .containsExactly("down core/004_d");
    assertThat(migrations().down("core", 1, Approval.NONE, SILENT).problems().getFirst())
        .hasMessage(
            "core/003_c cannot be rolled back alone: without it, extra/002_y.sql failed: relation \"c\" does not exist,"
                + " in: ALTER TABLE c ADD COLUMN y int - add --with-dependents to roll back first what was applied later");
    assertThat(migrations().goTo("core", ChangesetVersion.of(2), Approval.NONE, SILENT).success())
        .isFalse();
    assertThat(tables()).containsExactly("a", "b", "c", "x");

    assertThat(
            run(
                migrations()
                    .goTo(
                        "core",
                        ChangesetVersion.of(2),
                        Migrations.Dependents.ROLL_BACK,
                        Approval.NONE,
                        SILENT)))
        .containsExactly("down extra/002_y", "down extra/001_x", "down core/003_c");
    assertThat(
            run(
                migrations()
                    .up(
                        new Migrations.Scope("extra", ChangesetVersion.of(1)),
                        Approval.NONE,
                        SILENT)))
        .containsExactly("up core/003_c", "up core/004_d", "up extra/001_x");
    assertThat(run(migrations().down("extra", 1, Approval.NONE, SILENT)))
        .containsExactly("down extra/001_x");

    // It passes without the table.
    changelogs.changeset(
        "extra",
        2,
        "y",
        "ALTER TABLE IF EXISTS d ADD COLUMN y int;",
        "ALTER TABLE IF EXISTS d DROP COLUMN y;");
    migrations().up(SILENT).orThrow();
    assertThat(migrations().down("core", 1, Approval.NONE, SILENT).problems().getFirst())
        .hasMessage(
            "core/004_d cannot be rolled back alone: applied again, it would be without what extra/001_x, extra/002_y"
                + " changed later: column public.d.y - add --with-dependents to roll back first what was applied later");
  }

  @Test
  void goToEndsAtExactlyThatVersion() throws SQLException {
    assertThat(run(migrations().goTo("core", ChangesetVersion.of(3), Approval.NONE, SILENT)))
        .hasSize(3);
    assertThat(run(migrations().goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT)))
        .containsExactly("down core/003_c", "down core/002_b");
    assertThat(run(migrations().goTo("core", ChangesetVersion.of(2), Approval.NONE, SILENT)))
        .containsExactly("up core/002_b");
    assertThat(run(migrations().goTo("core", ChangesetVersion.of(0), Approval.NONE, SILENT)))
        .containsExactly("down core/002_b", "down core/001_a");
    assertThat(tables()).isEmpty();
    assertThat(
            migrations()
                .goTo("core", ChangesetVersion.of(9), Approval.NONE, SILENT)
                .problems()
                .getFirst())
        .hasMessage("module core has no version 9 - its versions are 0 to 3");
  }

  @Test
  void goToRollsBackInterruptedLaterChangesets() throws Exception {
    migrations().up(SILENT).orThrow();
    interrupt("core", 4, "d");

    assertThat(run(migrations().goTo("core", ChangesetVersion.of(3), Approval.NONE, SILENT)))
        .containsExactly("down core/004_d");
    assertThat(tables()).containsExactly("a", "b", "c", "x");
  }

  @Test
  void statusShowsTheStateOfEveryModule() throws Exception {
    migrations()
        .up(new Migrations.Scope("core", ChangesetVersion.of(2)), Approval.NONE, SILENT)
        .orThrow();
    changelogs.delete("core", 1, "a");
    changelogs.table("core", 2, "bb");
    changelogs.delete("core", 2, "b");
    changelogs.concurrent(
        "core", 4, "d", "CREATE INDEX CONCURRENTLY d ON b (id);", "DROP INDEX CONCURRENTLY d;");
    database.execute(
        "INSERT INTO schema_journal (path, direction, statement) VALUES ('db/changelog/core/004_d.sql', 'up', 0)");

    SchemaStatus status = migrations().status();

    assertThat(status.upToDate()).isFalse();
    assertThat(status.modules())
        .containsExactly(
            new SchemaStatus.Module(
                "core",
                true,
                2,
                4,
                "002",
                "004",
                List.of("core/002_bb", "core/003_c", "core/004_d"),
                List.of(),
                List.of(),
                List.of("core/004_d"),
                List.of(),
                List.of("core/001_a", "core/002_b"),
                List.of()),
            new SchemaStatus.Module(
                "extra",
                true,
                0,
                1,
                "",
                "001",
                List.of("extra/001_x"),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of()));
  }

  @Test
  void aChangesetThatCannotBeRecordedIsRolledBack() throws Exception {
    migrations().up(SILENT).orThrow();
    changelogs.concurrent(
        "core", 4, "d", "CREATE INDEX CONCURRENTLY d ON a (id);", "DROP INDEX CONCURRENTLY d;");
    database.execute(
        "ALTER TABLE schema_event ADD CONSTRAINT full_up CHECK (path NOT LIKE '%004_d.sql')");

    assertThat(migrations().up(SILENT).problems().getFirst().problem())
        .startsWith("core/004_d.sql failed: new row for relation \"schema_event\" violates");
    assertThat(migrations().status().modules().getFirst().failed()).containsExactly("core/004_d");

    database.execute("ALTER TABLE schema_event DROP CONSTRAINT full_up");
    assertThat(run(migrations().up(SILENT))).containsExactly("up core/004_d");
  }

  @Test
  void statusNamesTheLockHolder() throws SQLException {
    assertThat(migrations().status().lock()).isNull();
    try (SchemaSession session = SchemaSession.open(database.address(), TestConfig.schema())) {
      try (AdvisoryLock _ = session.lock(SILENT, () -> false).orElseThrow()) {
        SchemaStatus.Lock lock = migrations().status().lock();
        assertThat(lock).extracting(SchemaStatus.Lock::client).isEqualTo(ProcessIdentity.NAME);
      }
    }
  }

  @Test
  void aDisabledModuleIsKeptAndReported() throws SQLException {
    migrations().up(SILENT).orThrow();
    Changelogs all = Changelogs.in(root);
    Migrations without =
        new Migrations(
            database.address(),
            TestConfig.schema(),
            all,
            Modules.of(all, TestConfig.modules("sheaf.modules.extra.enabled", "false")),
            false);

    assertThat(run(without.up(SILENT))).isEmpty();
    SchemaStatus status = without.status();
    assertThat(status.upToDate()).isTrue();
    assertThat(status.modules().getLast().name()).isEqualTo("extra");
    assertThat(status.modules().getLast().enabled()).isFalse();
    assertThat(status.modules().getLast().applied()).isEqualTo(1);
    assertThat(tables()).contains("x");
  }

  @Test
  void rowsOfOtherUsersOfLiquibaseAreIgnored() throws SQLException {
    migrations().up(SILENT).orThrow();
    database.execute(
        """
        INSERT INTO databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype)
        VALUES ('1', 'ann', 'db/changelog/core/004_users.sql', localtimestamp, 9, 'EXECUTED')
        """);

    assertThat(migrations().status().upToDate()).isTrue();
    assertThat(run(migrations().goTo("core", ChangesetVersion.of(2), Approval.NONE, SILENT)))
        .containsExactly("down core/003_c");
    migrations().drop(database.address().database(), false, Approval.NONE, SILENT).orThrow();
    assertThat(database.query("SELECT author FROM databasechangelog")).containsExactly("ann");
  }

  @Test
  void historyKeepsWhatWasUndone() {
    migrations()
        .up(new Migrations.Scope("core", ChangesetVersion.of(1)), Approval.NONE, SILENT)
        .orThrow();
    migrations().down("core", 1, new Approval("ann", null), SILENT).orThrow();

    List<HistoryEntry> history = migrations().history();

    assertThat(history).extracting(HistoryEntry::action).containsExactly("up", "down");
    assertThat(history).extracting(HistoryEntry::changeset).containsOnly("core/001_a");
    assertThat(history.getLast().approvedBy()).isEqualTo("ann");
    assertThat(history.getLast().client()).isEqualTo(ProcessIdentity.NAME);
  }

  @Test
  void verifyNamesEveryDifference() throws SQLException {
    migrations().up(SILENT).orThrow();
    assertThat(migrations().verify()).isEmpty();

    database.execute("ALTER TABLE a ALTER COLUMN id TYPE bigint");
    database.execute("DROP TABLE b");
    database.execute("CREATE INDEX stray ON c (id)");
    database.execute("COMMENT ON TABLE c IS 'new'");

    assertThat(migrations().verify())
        .extracting(difference -> difference.kind() + " " + difference.object())
        .containsExactly(
            "CHANGED column public.a.id",
            "MISSING column public.b.id",
            "EXTRA comment table public.c",
            "EXTRA index public.stray",
            "MISSING table public.b");
  }

  @Test
  void verifyKnowsThePartitionsOfCollectionsAndSpaces() throws SQLException {
    Migrations bundled = TestConfig.migrations(database);
    bundled.up(SILENT).orThrow();
    database.execute(
        """
        INSERT INTO collection (name) VALUES ('docs');
        INSERT INTO embedding_space (collection_id, model, dimensions, metric, "precision", storage)
        VALUES (1, 'a', 3, 'cosine', 'half', 'half'), (1, 'b', 4, 'l2', 'full', 'full'), (1, 'c', 8, 'inner_product', 'binary', 'half')
        """);
    ObjectTemplates templates = new ObjectTemplates(Changelogs.bundled());
    try (Connection connection = database.connect()) {
      templates.apply(connection, "collection", Map.of("collection_id", 1));
      int space = 1;
      for (int dimensions : new int[] {3, 4, 8}) {
        templates.apply(
            connection,
            "space",
            Map.of(
                "space_id",
                space++,
                "collection_id",
                1,
                "parent",
                dimensions == 4 ? "embedding" : "embedding_half",
                "dimensions",
                dimensions));
      }
      index(templates, connection, 1, "vector::halfvec(3)", "halfvec_cosine_ops");
      index(templates, connection, 2, "vector::vector(4)", "vector_l2_ops");
      index(templates, connection, 3, "binary_quantize(vector)::bit(8)", "bit_hamming_ops");
    }

    assertThat(bundled.verify()).isEmpty();

    database.execute(
        "DROP INDEX embedding_1_hnsw; ALTER TABLE embedding_2 DROP CONSTRAINT embedding_2_dimensions_check");
    assertThat(bundled.verify())
        .extracting(difference -> difference.kind() + " " + difference.object())
        .containsExactly("MISSING constraint public.embedding_2.embedding_2_dimensions_check");
  }

  private static void index(
      ObjectTemplates templates,
      Connection connection,
      int space,
      String element,
      String operatorClass)
      throws SQLException {
    templates.apply(
        connection,
        "space_index",
        Map.of(
            "space_id",
            space,
            "index",
            "embedding_" + space + "_hnsw",
            "element",
            element,
            "operator_class",
            operatorClass,
            "m",
            8,
            "ef_construction",
            32));
  }

  @Test
  void forceRecordsWithoutRunningAndSaysWhy() throws SQLException {
    migrations()
        .up(new Migrations.Scope("core", ChangesetVersion.of(1)), Approval.NONE, SILENT)
        .orThrow();

    assertThat(
            migrations()
                .force("core", ChangesetVersion.of(3), Approval.NONE, SILENT)
                .problems()
                .getFirst())
        .hasMessage("force requires a reason - add --reason WHY");
    assertThat(
            run(
                migrations()
                    .force(
                        "core",
                        ChangesetVersion.of(3),
                        new Approval("ann", "repaired by hand"),
                        SILENT)))
        .containsExactly("up core/002_b", "up core/003_c");
    assertThat(tables()).containsExactly("a");
    assertThat(migrations().history().getLast().reason()).isEqualTo("repaired by hand");
    assertThat(
            run(
                migrations()
                    .force(
                        "core", ChangesetVersion.of(1), new Approval("ann", "back again"), SILENT)))
        .hasSize(2);
    assertThat(run(migrations().up(SILENT))).hasSize(3);
  }

  @Test
  void baselineAdoptsExistingObjects() throws SQLException {
    database.execute(
        "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id bigint); CREATE TABLE x (id int)");

    assertThat(migrations().baseline(Approval.NONE, SILENT).problems().getFirst())
        .hasMessageStartingWith(
            "the database differs from the changelogs: column public.c.id is changed");
    database.execute("ALTER TABLE c ALTER COLUMN id TYPE int");
    assertThat(run(migrations().baseline(Approval.NONE, SILENT))).hasSize(4);
    assertThat(run(migrations().up(SILENT))).isEmpty();
  }

  @Test
  void dropLeavesNothing() throws Exception {
    database.execute("CREATE TABLE somebody_elses (id int)");
    List<String> before = catalog();
    migrations().up(SILENT).orThrow();
    interrupt("extra", 2, "y");

    assertThat(migrations().drop("sheaf", false, Approval.NONE, SILENT).problems().getFirst())
        .hasMessageContaining("not dropped: the database is " + database.address().database());
    assertThat(
            migrations()
                .drop(database.address().database(), false, Approval.NONE, SILENT)
                .success())
        .isTrue();
    assertThat(catalog()).isEqualTo(before);
  }

  @Test
  void dropNamesWhatTheRollbacksLeft() throws Exception {
    database.execute("CREATE TABLE somebody_elses (id int)");
    changelogs.changeset(
        "core",
        4,
        "wrong",
        """
        CREATE SCHEMA "My app";
        CREATE TABLE "My app".orders (id int);
        CREATE TABLE item (id int); ALTER TABLE item RENAME TO thing;
        CREATE TABLE gone (id int);
        CREATE MATERIALIZED VIEW m AS SELECT 1; CREATE SEQUENCE IF NOT EXISTS s; CREATE DOMAIN positive AS int;
        CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
        """,
        "DROP TABLE orders; DROP TABLE IF EXISTS item; DROP TABLE gone;");
    migrations().up(SILENT).orThrow();

    MigrationResult result =
        migrations().drop(database.address().database(), false, Approval.NONE, SILENT);

    assertThat(result.executed()).hasSize(5);
    assertThat(result.problems())
        .extracting(OperatorException::getMessage)
        .containsExactly(
            "all changesets are rolled back, but their rollbacks left function public.twice(n integer),"
                + " materialized view public.m, schema \"My app\", sequence public.s, table \"My app\".orders,"
                + " table public.thing, type public.positive - drop these objects by hand, and correct the rollbacks");
    assertThat(database.query("SELECT to_regclass('schema_event')")).containsExactly("null");
  }

  @Test
  void productionRequiresApproval() throws Exception {
    Migrations production = production();
    production.up(SILENT).orThrow();
    backUp(1);
    Approval approval = new Approval("ann", null);
    String name = database.address().database();

    assertThat(production.down("core", 1, Approval.NONE, SILENT).problems().getFirst())
        .hasMessage(
            "down requires approval, because this is a production database - name who approved it: --approved-by WHO");
    assertThat(production.goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT).success())
        .isFalse();
    assertThat(production.drop(name, false, approval, SILENT).problems().getFirst())
        .hasMessageStartingWith(
            "drop requires --force, because this is a production database - add --force");
    assertThat(production.down("core", 1, approval, SILENT).success()).isTrue();
    assertThat(production.drop(name, true, approval, SILENT).success()).isTrue();
  }

  @Test
  void productionRequiresABackupBeforeDataIsDestroyed() throws Exception {
    changelogs.table("core", 4, "d");
    Path file = changelogs.file("core", 4, "d");
    Files.writeString(
        file, Files.readString(file).replaceFirst("\n\n", "\n--destructive the rows of c go\n\n"));
    Migrations production = production();

    assertThat(production.up(SILENT).problems().getFirst())
        .hasMessage(
            "core/004_d.sql destroys data (the rows of c go), but no verified backup younger than 24 h is recorded -"
                + " take one: sheaf backup FILE, then sheaf backup verify FILE");
    assertThat(tables()).isEmpty();
    backUp(25);
    assertThat(production.up(SILENT).success()).isFalse();
    backUp(23);
    assertThat(run(production.up(SILENT))).hasSize(5);
  }

  @Test
  void productionRequiresABackupWithoutADeclarationToo() throws Exception {
    changelogs.changeset("core", 4, "d", "DROP TABLE c;", "CREATE TABLE c (id int);");
    Migrations production = production();

    assertThat(production.up(SILENT).problems().getFirst())
        .hasMessageStartingWith(
            "core/004_d.sql destroys data (DROP TABLE c), but no verified backup");
    backUp(1);
    assertThat(run(production.up(SILENT))).hasSize(5);
  }

  /// Code drops a table or a column, so the text does not show it.
  @Test
  void productionRequiresABackupForWhatCodeDropsToo() throws Exception {
    production().up(SILENT).orThrow();
    database.execute(
        """
        CREATE TABLE p (id int) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
        ALTER TABLE x ADD COLUMN "N" int;
        CREATE FUNCTION away(command text) RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE command; END';
        """);
    String run = "SELECT away('%s');";
    Map<String, String> losses =
        Map.of(
            run.formatted("DROP TABLE c"),
            "table public.c",
            "DO $$ BEGIN EXECUTE 'DRO' || 'P TABLE b, c'; END $$;",
            "table public.b and 1 more",
            run.formatted("ALTER TABLE x DROP \"N\""),
            "column public.x.\"N\"",
            "ALTER TABLE p DETACH PARTITION p1;\n" + run.formatted("DROP TABLE p1"),
            "table public.p1",
            "CREATE TABLE copy AS TABLE c;\n"
                + run.formatted("DROP TABLE c")
                + "\nALTER TABLE copy RENAME TO c;",
            "table public.c",
            "CREATE TABLE IF NOT EXISTS c (id int);\nDROP TABLE c;",
            "table public.c",
            "SET search_path = '';\nSELECT public.away('DROP TABLE public.a');",
            "table public.a");
    List<String> before = catalog();
    for (Map.Entry<String, String> loss : losses.entrySet()) {
      changelogs.changeset("core", 4, "d", loss.getKey(), "empty because it is a test");
      assertThat(production().up(SILENT).problems().getFirst())
          .as(loss.getKey())
          .hasMessage(
              "core/004_d.sql failed and was undone: it destroys data (%s), but no verified backup younger than 24 h"
                      .formatted(loss.getValue())
                  + " is recorded - take one: sheaf backup FILE, then sheaf backup verify FILE");
      assertThat(catalog()).isEqualTo(before);
    }
    // Outside of a transaction nothing can be undone, so the text alone decides.
    changelogs.concurrent(
        "core", 4, "d", "DO $$ BEGIN\n  DROP TABLE c;\nEND $$;", "empty because it is a test");
    assertThat(production().up(SILENT).problems().getFirst())
        .hasMessageStartingWith("core/004_d.sql destroys data (DROP TABLE c;), but no verified");

    // Nothing is lost: other names, another schema, temporary tables, and a table of its own.
    changelogs.changeset(
        "core",
        4,
        "d",
        """
        ALTER TABLE c RENAME TO e;
        ALTER TABLE x RENAME "N" TO n;
        ALTER TABLE x ALTER n TYPE bigint;
        CREATE SCHEMA other;
        ALTER TABLE b SET SCHEMA other;
        CREATE TEMPORARY TABLE t (id int);
        CREATE TABLE d (id int);
        SELECT away('DROP TABLE t, d');\
        """,
        "SELECT away('ALTER TABLE x DRO' || 'P n');");
    assertThat(run(production().up(SILENT))).containsExactly("up core/004_d");

    Approval approval = new Approval("ann", null);
    assertThat(production().down("core", 1, approval, SILENT).problems().getFirst())
        .hasMessageStartingWith(
            "the rollback of core/004_d.sql failed and was undone: it destroys data (column public.x.n), but no");
    backUp(1);
    assertThat(run(production().down("core", 1, approval, SILENT)))
        .containsExactly("down core/004_d");
    changelogs.changeset(
        "core", 4, "d", run.formatted("DROP TABLE a"), "empty because it is a test");
    assertThat(run(production().up(SILENT))).containsExactly("up core/004_d");
  }

  @Test
  void productionRequiresABackupForALossyRollback() throws Exception {
    changelogs.changeset("core", 4, "d", "CREATE INDEX d ON c (id);", "DROP INDEX d;");
    Migrations production = production();
    production.up(SILENT).orThrow();
    Approval approval = new Approval("ann", null);
    String name = database.address().database();
    String refused =
        " destroys data (%s), but no verified backup younger than 24 h is recorded -"
            + " take one: sheaf backup FILE, then sheaf backup verify FILE";

    assertThat(run(production.down("core", 1, approval, SILENT)))
        .containsExactly("down core/004_d");
    assertThat(production.down("core", 2, approval, SILENT).problems().getFirst())
        .hasMessage("the rollback of core/003_c.sql" + refused.formatted("DROP TABLE c"));
    assertThat(
            production.goTo("core", ChangesetVersion.of(1), approval, SILENT).problems().getFirst())
        .hasMessage("the rollback of core/003_c.sql" + refused.formatted("DROP TABLE c"));
    assertThat(production.drop(name, true, approval, SILENT).problems().getFirst())
        .hasMessage("drop" + refused.formatted("all data"));
    assertThat(tables()).containsExactly("a", "b", "c", "x");

    backUp(1);
    assertThat(run(production.goTo("core", ChangesetVersion.of(1), approval, SILENT))).hasSize(2);
    assertThat(production.drop(name, true, approval, SILENT).success()).isTrue();
  }

  @Test
  void theScriptIsTheSqlThatWouldRun() {
    assertThat(migrations().scriptUp(new Migrations.Scope("core", ChangesetVersion.of(1))))
        .containsExactly(
            new Migrations.ChangesetScript("core/001_a", true, List.of("CREATE TABLE a (id int)")));
    migrations().up(SILENT).orThrow();
    assertThat(migrations().scriptDown("core", 1, Migrations.Dependents.ROLL_BACK))
        .containsExactly(
            new Migrations.ChangesetScript("extra/001_x", true, List.of("DROP TABLE x")),
            new Migrations.ChangesetScript("core/003_c", true, List.of("DROP TABLE c")));
  }

  @Test
  void aRenamedFileIsTheSameChangeset() throws Exception {
    migrations().up(SILENT).orThrow();
    Files.move(changelogs.file("core", 2, "b"), changelogs.file("core", 2, "better"));

    MigrationResult result = migrations().up(SILENT);

    assertThat(run(result)).isEmpty();
    assertThat(result.notes())
        .containsExactly("core/002_b is now core/002_better, with the same content");
    assertThat(migrations().status().upToDate()).isTrue();
    assertThat(migrations().verify()).isEmpty();
    assertThat(run(migrations().goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT)))
        .containsExactly("down core/003_c", "down core/002_better");
  }

  @Test
  void aFileWithAnotherNumberIsNotAppliedAgain() throws Exception {
    migrations().up(SILENT).orThrow();
    Files.writeString(
        changelogs.file("core", 4, "c"),
        Files.readString(changelogs.file("core", 3, "c")).replace("core:003", "core:004"));
    changelogs.delete("core", 3, "c");

    assertThat(migrations().up(SILENT).problems())
        .singleElement()
        .asString()
        .contains(
            "core/003_c is applied, and has no file, but core/004_c has the same content",
            "give it the number 003 again");
  }

  @Test
  void anotherFileOfTheSameNumberIsAnotherChangeset() throws Exception {
    migrations().up(SILENT).orThrow();
    changelogs.delete("core", 2, "b");
    changelogs.table("core", 2, "other");

    assertThat(migrations().up(SILENT).problems().getFirst()).hasMessageContaining("core/002_b");
    assertThat(tables()).containsExactly("a", "b", "c", "x");
  }

  @Test
  void twoFilesWithTheSameNumberAreRefused() throws Exception {
    changelogs.table("core", 3, "other");

    assertThat(migrations().up(SILENT).problems().getFirst())
        .hasMessage(
            "core/003_c.sql and core/003_other.sql have the same number - give the one that was not released yet the"
                + " next free number");
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }

  private Migrations production() {
    Changelogs all = Changelogs.in(root);
    return new Migrations(
        database.address(), TestConfig.schema(), all, Modules.everything(all), true);
  }

  /// Records a verified backup.
  private void backUp(int hoursAgo) throws SQLException {
    database.execute(
        """
        INSERT INTO schema_backup (file, checksum, bytes, schema_fingerprint, taken_at, client, application_version)
        VALUES ('f', '0', 1, '0', now() - interval '%s hours', 'ann', '1')
        """
            .formatted(hoursAgo));
  }

  /// The state after a process was killed between the two statements of a non-transactional
  /// changeset.
  private void interrupt(String module, int number, String table) throws Exception {
    changelogs.concurrent(
        module,
        number,
        table,
        "CREATE TABLE %1$s (id int);\nCREATE INDEX CONCURRENTLY i ON %1$s (id);".formatted(table),
        "DROP INDEX CONCURRENTLY i;\nDROP TABLE %s;".formatted(table));
    database.execute("CREATE TABLE " + table + " (id int)");
    database.execute(
        "INSERT INTO schema_journal (path, direction, statement, kept) VALUES ('db/changelog/%s/%s_%s.sql', 'up', 1, '{}')"
            .formatted(module, ChangelogFile.digits(number), table));
  }

  private static List<String> run(MigrationResult result) {
    return result.orThrow().executed().stream()
        .map(executed ->
            executed.direction().name().toLowerCase(Locale.ROOT) + " " + executed.changeset())
        .toList();
  }

  private List<String> tables() throws SQLException {
    return database.query("SELECT relname FROM pg_class WHERE relname ~ '^.$' ORDER BY 1");
  }

  private List<String> catalog() throws SQLException {
    try (Connection connection = database.connect()) {
      return List.of(CatalogSnapshot.of(connection).toString());
    }
  }
}
