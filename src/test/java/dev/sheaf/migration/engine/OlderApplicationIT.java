package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.SchemaStatus;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.ChangesetVersion;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An older application on a database that a newer one has migrated. The older one has the same
/// changelogs without the latest.
class OlderApplicationIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  @TempDir private Path directory;
  private TestDatabase database;
  private TestChangelogs newer;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    newer = new TestChangelogs(directory.resolve("newer"));
    for (TestChangelogs changelogs :
        List.of(newer, new TestChangelogs(directory.resolve("older")))) {
      changelogs.table("core", 1, "a");
      changelogs.table("extra", 1, "x");
    }
    newer.changeset(
        "core",
        2,
        "b",
        "--lock-timeout 7s\nALTER TABLE a ADD COLUMN note text;",
        "ALTER TABLE a DROP COLUMN note;");
    newer.concurrent(
        "core",
        3,
        "c",
        "CREATE INDEX CONCURRENTLY a_id ON a (id);\nCREATE INDEX CONCURRENTLY a_note ON a (note);",
        "DROP INDEX CONCURRENTLY a_note;\nDROP INDEX CONCURRENTLY a_id;");
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void rollsTheNewerSchemaBackWithStoredRollbacks() {
    newer().up(SILENT).orThrow();

    MigrationResult result = older().down("core", 2, Approval.NONE, SILENT);

    assertThat(run(result)).containsExactly("down core/003_c", "down core/002_b");
    assertThat(result.notes())
        .containsExactly(
            "this version has no file of core/003_c; using the rollback that is stored in the database",
            "this version has no file of core/002_b; using the rollback that is stored in the database");
    assertThat(older().verify()).isEmpty();
    assertThat(run(older().up(SILENT))).isEmpty();
    assertThat(run(newer().up(SILENT))).containsExactly("up core/002_b", "up core/003_c");
  }

  @Test
  void rollsBackToItsOwnLatestVersion() throws Exception {
    newer.table("extra", 2, "y");
    newer().up(SILENT).orThrow();

    assertThat(
            older()
                .goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT)
                .problems()
                .getFirst())
        .hasMessageStartingWith(
            "core/002_b cannot be rolled back alone: extra/002_y, applied later, requires its module");
    assertThat(run(older().goTo("extra", ChangesetVersion.of(1), Approval.NONE, SILENT)))
        .containsExactly("down extra/002_y");
    assertThat(run(older().goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT)))
        .containsExactly("down core/003_c", "down core/002_b");
    assertThat(older().verify()).isEmpty();
    assertThat(database.query("SELECT path FROM schema_rollback ORDER BY path"))
        .containsExactly("db/changelog/core/001_a.sql", "db/changelog/extra/001_x.sql");
  }

  @Test
  void printsAndRunsStoredRollbacks() throws SQLException {
    newer().up(SILENT).orThrow();

    assertThat(older().scriptDown("core", 2, Migrations.Dependents.REFUSE))
        .containsExactly(
            new Migrations.ChangesetScript(
                "core/003_c",
                false,
                List.of("DROP INDEX CONCURRENTLY a_note", "DROP INDEX CONCURRENTLY a_id")),
            new Migrations.ChangesetScript(
                "core/002_b", true, List.of("ALTER TABLE a DROP COLUMN note")));
    assertThat(run(older().drop(database.address().database(), false, Approval.NONE, SILENT)))
        .hasSize(4);
    assertThat(
            database.query(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"))
        .isEmpty();
  }

  @Test
  void finishesARollbackThatTheNewerOneStarted() throws SQLException {
    newer().up(SILENT).orThrow();
    database.execute("DROP INDEX a_note");
    database.execute(
        "INSERT INTO schema_journal (path, direction, statement) VALUES ('db/changelog/core/003_c.sql', 'down', 0)");

    assertThat(run(older().goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT)))
        .containsExactly("down core/003_c", "down core/002_b");
    assertThat(database.query("SELECT path FROM schema_journal")).isEmpty();
    assertThat(older().verify()).isEmpty();
  }

  /// The state after a crash in the second statement: the first index, an invalid second one, no
  /// history.
  @Test
  void rollsBackAnInterruptedNewerChangeset() throws SQLException {
    newer().up(SILENT).orThrow();
    database.execute(
        """
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a_note'::regclass;
        DELETE FROM databasechangelog WHERE filename = 'db/changelog/core/003_c.sql';
        INSERT INTO schema_journal (path, direction, statement, kept) VALUES ('db/changelog/core/003_c.sql', 'up', 1, '{}')
        """);

    MigrationResult result = older().goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT);

    assertThat(run(result)).containsExactly("down core/003_c", "down core/002_b");
    assertThat(result.notes())
        .contains("core/003_c was interrupted while it was applied; rolling it back first");
    assertThat(older().verify()).isEmpty();
    assertThat(database.query("SELECT path FROM schema_journal")).isEmpty();
  }

  @Test
  void aModifiedStoredRollbackIsRejected() throws SQLException {
    newer().up(SILENT).orThrow();
    database.execute(
        "UPDATE schema_rollback SET statements = '{DROP TABLE a}' WHERE path = 'db/changelog/core/002_b.sql'");

    assertThat(older().down("core", 2, Approval.NONE, SILENT).problems())
        .singleElement()
        .satisfies(problem ->
            assertThat(problem)
                .hasMessage(
                    "the stored rollback of core/002_b was modified (checksum mismatch)"
                        + " - use the version of the application that contains the file"));
    assertThat(database.query("SELECT count(*) FROM databasechangelog")).containsExactly("4");
  }

  @Test
  void theNextUpStoresMissingRollbacks() throws Exception {
    newer().up(SILENT).orThrow();
    database.execute("DROP TABLE schema_rollback; DELETE FROM schema_gate");
    assertThat(older().status().modules().getFirst().unknown())
        .containsExactly("core/002_b", "core/003_c");
    newer.table("core", 4, "d");

    newer().up(SILENT).orThrow();

    assertThat(run(older().down("core", 3, Approval.NONE, SILENT))).hasSize(3);
    assertThat(older().verify()).isEmpty();
  }

  @Test
  void forceAndBaselineStoreRollbacksToo() throws SQLException {
    database.execute("CREATE TABLE a (id int, note text); CREATE TABLE x (id int);");
    database.execute("CREATE INDEX a_id ON a (id); CREATE INDEX a_note ON a (note)");
    newer().baseline(Approval.NONE, SILENT).orThrow();
    assertThat(run(older().goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT))).hasSize(2);
    database.execute("ALTER TABLE a ADD COLUMN note text");

    newer().force("core", ChangesetVersion.of(2), new Approval(null, "by hand"), SILENT).orThrow();

    assertThat(run(older().goTo("core", ChangesetVersion.of(1), Approval.NONE, SILENT))).hasSize(1);
    assertThat(older().verify()).isEmpty();
  }

  @Test
  void startsIfAllNewerChangesetsAreCompatible() throws Exception {
    tolerate("0.1", "b", 2);
    tolerate("0.0.9", "c", 3);
    newer().up(SILENT).orThrow();
    List<String> before = everything();

    MigrationResult result = older().up(SILENT);

    assertThat(run(result)).isEmpty();
    assertThat(result.notes())
        .containsExactly(
            "the schema is newer than this application (%1$s) and compatible with it: core/002_b, applied by %1$s, compatible with 0.1 and later; core/003_c, applied by %1$s, compatible with 0.0.9 and later"
                .formatted(ProcessIdentity.VERSION));
    assertThat(verdict(older())).isEqualTo(new CompatibilityVerdict(true, ""));
    older().requireCompatible();
    assertThat(everything()).isEqualTo(before);
    SchemaStatus status = older().status();
    assertThat(status.upToDate()).isTrue();
    assertThat(status.modules().getFirst().tolerated()).containsExactly("core/002_b", "core/003_c");
  }

  @Test
  void failsIfOneNewerChangesetIsNotCompatible() throws Exception {
    tolerate("0.1", "b", 2);
    tolerate("99.1", "c", 3);
    newer().up(SILENT).orThrow();
    String problem =
        "the schema is newer than this application (%1$s): core/003_c, applied by %1$s, compatible with 99.1 and later"
            .formatted(ProcessIdentity.VERSION);

    assertThat(older().up(SILENT).problems())
        .extracting(OperatorException::problem)
        .containsExactly(problem);
    assertThat(verdict(older())).isEqualTo(new CompatibilityVerdict(false, problem));
    assertThat(older().status().upToDate()).isFalse();
    assertThat(older().status().modules().getFirst().tolerated()).containsExactly("core/002_b");
  }

  @Test
  void failsIfANewerSchemaLacksOneOfItsChangesets() throws Exception {
    tolerate("0.1", "b", 2);
    tolerate("0.1", "c", 3);
    newer().up(SILENT).orThrow();
    new TestChangelogs(directory.resolve("older")).table("extra", 2, "z");

    assertThat(older().up(SILENT).problems())
        .singleElement()
        .satisfies(problem ->
            assertThat(problem.problem())
                .startsWith(
                    "the schema is newer than this application (%s) but lacks extra/002_z: core/002_b"
                        .formatted(ProcessIdentity.VERSION)));
  }

  private Migrations newer() {
    return TestConfig.migrations(database, directory.resolve("newer"));
  }

  private Migrations older() {
    return TestConfig.migrations(database, directory.resolve("older"));
  }

  private void tolerate(String version, String name, int number) throws IOException {
    Path file = newer.file("core", number, name);
    Files.writeString(
        file,
        Files.readString(file)
            .replaceFirst("\n--comment", "\n--tolerates " + version + "\n--comment"));
  }

  private CompatibilityVerdict verdict(Migrations migrations) throws SQLException {
    try (Connection connection = database.connect()) {
      return migrations.compatibility(connection);
    }
  }

  /// The records of the engine.
  private List<String> everything() throws SQLException {
    return database.query(
        """
        SELECT t::text FROM schema_gate t
         UNION ALL
        SELECT t::text FROM schema_event t
         UNION ALL
        SELECT t::text FROM schema_rollback t
         UNION ALL
        SELECT t::text FROM databasechangelog t
        """);
  }

  private static List<String> run(MigrationResult result) {
    return result.orThrow().executed().stream()
        .map(executed ->
            executed.direction().name().toLowerCase(Locale.ROOT) + " " + executed.changeset())
        .toList();
  }
}
