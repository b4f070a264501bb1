package dev.sheaf.migration.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.AdvisoryLock;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.SchemaStatus;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.ChangelogCheck;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.engine.CompatibilityVerdict;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.execute.SchemaLock;
import dev.sheaf.migration.history.History;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A changeset that requires a backfill waits for it. The service and other changesets do not.
class BackfillGateIT {

  private static final String CONTRACT = "--requires-backfill core/002_b\n\nDROP TABLE old;";

  @TempDir private Path root;
  private TestChangelogs changelogs;
  private TestDatabase database;

  @BeforeEach
  void write() throws IOException {
    database = TestDatabase.create();
    changelogs = new TestChangelogs(root);
    changelogs.changeset(
        "core",
        1,
        "a",
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE old (id int);",
        "DROP TABLE a, old;");
    changelogs.changeset(
        "core", 2, "b", "ALTER TABLE a ADD COLUMN b int;", "ALTER TABLE a DROP COLUMN b;");
    Files.writeString(
        root.resolve("core/002_b.backfill.sql"),
        """
        --liquibase formatted sql
        --backfill table:a key:id
        UPDATE a SET b = id WHERE :batch;
        --condition
        SELECT NOT EXISTS (SELECT FROM a WHERE b IS NULL);
        """);
    changelogs.changeset("core", 3, "contract", CONTRACT, "CREATE TABLE old (id int);");
    changelogs.table("core", 4, "later");
    changelogs.table("extra", 1, "extra");
    changelogs.changeset(
        "depends",
        1,
        "depends",
        "--requires core\n\nCREATE TABLE depends (id int);",
        "DROP TABLE depends;");
  }

  @AfterEach
  void drop() {
    database.close();
  }

  /// In a new database, there are no rows for the backfill.
  @Test
  void anEmptyTableNeedsNoBackfill() {
    MigrationResult result = up();

    assertThat(result.notes()).isEmpty();
    assertThat(labels(result))
        .containsExactly(
            "core/001_a",
            "core/002_b",
            "core/003_contract",
            "core/004_later",
            "depends/001_depends",
            "extra/001_extra");
    assertThat(status().upToDate()).isTrue();
    assertThat(status().backfills()).extracting(Backfill::progress).containsExactly("done");
  }

  @Test
  void theContractAndItsDependentsWait() throws SQLException {
    upWithRows();

    MigrationResult result = up();

    assertThat(labels(result)).containsExactly("core/002_b", "extra/001_extra");
    assertThat(result.notes())
        .containsExactly("core/003_contract waits for the backfill core/002_b (pending)");
    SchemaStatus status = status();
    assertThat(status.upToDate()).isFalse();
    assertThat(status.modules().getFirst().pending())
        .containsExactly("core/003_contract", "core/004_later");
    assertThat(status.modules())
        .extracting(SchemaStatus.Module::waiting)
        .containsExactly(
            List.of("core/003_contract", "core/004_later"),
            List.of("depends/001_depends"),
            List.of());
  }

  /// The start is as fast as with an up-to-date schema: nothing is locked or parsed.
  @Test
  void theServiceStartsAndServesMeanwhile() throws SQLException {
    upWithRows();
    up();

    try (Connection connection = database.connect();
        Connection other = database.connect();
        AdvisoryLock _ = SchemaLock.tryAcquire(other).orElseThrow()) {
      assertThat(History.isUpToDate(connection, migrations().fingerprint())).isTrue();
      assertThat(migrations().compatibility(connection))
          .isEqualTo(new CompatibilityVerdict(true, ""));
      MigrationResult again = up();
      assertThat(again.executed()).isEmpty();
      assertThat(again.notes())
          .containsExactly("the pending changesets wait for the backfill core/002_b");
    }
  }

  @Test
  void theContractIsAppliedWhenTheBackfillIsDone() throws SQLException {
    upWithRows();
    up();
    database.execute("UPDATE a SET b = id; UPDATE backfill SET state = 'done'");

    try (Connection connection = database.connect()) {
      assertThat(History.isUpToDate(connection, migrations().fingerprint())).isFalse();
      assertThat(migrations().compatibility(connection))
          .isEqualTo(new CompatibilityVerdict(true, ""));
    }
    MigrationResult result = up();

    assertThat(labels(result))
        .containsExactly("core/003_contract", "core/004_later", "depends/001_depends");
    assertThat(status().upToDate()).isTrue();
    assertThat(migrations().verify()).isEmpty();
  }

  @Test
  void aConditionThatIsNoLongerTrueKeepsTheContractWaiting() throws SQLException {
    upWithRows();
    up();
    database.execute("UPDATE backfill SET state = 'done'");

    MigrationResult result = up();

    assertThat(result.executed()).isEmpty();
    assertThat(result.notes())
        .containsExactly(
            "core/003_contract waits for the backfill core/002_b (failed: its condition is no longer true)");
    try (Connection connection = database.connect()) {
      assertThat(History.isUpToDate(connection, migrations().fingerprint())).isTrue();
    }
  }

  @Test
  void otherMissingChangesetsStillMatter() throws Exception {
    upWithRows();
    up();
    changelogs.table("extra", 2, "more");

    try (Connection connection = database.connect()) {
      assertThat(migrations().compatibility(connection))
          .isEqualTo(new CompatibilityVerdict(false, "extra/002_more is not applied"));
    }
    assertThat(labels(up())).containsExactly("extra/002_more");
  }

  @Test
  void aBackfillThatIsNotDeclaredIsAProblem() throws IOException {
    Files.delete(root.resolve("core/002_b.backfill.sql"));

    MigrationResult result = migrations().up(new MigrationListener() {});

    assertThat(result.problems())
        .extracting(OperatorException::getMessage)
        .containsExactly(
            "core/003_contract.sql requires the backfill core/002_b, which does not exist"
                + " - declare it in core/002_b.backfill.sql");
    assertThat(ChangelogCheck.of(root))
        .containsExactly(
            new ChangelogCheck.Finding(
                "core/003_contract.sql",
                0,
                0,
                "requires the backfill core/002_b, which does not exist"));
  }

  @Test
  void checkFindsABackfillWithoutItsChangeset() throws IOException {
    Files.move(
        root.resolve("core/002_b.backfill.sql"), root.resolve("core/002_other.backfill.sql"));

    assertThat(ChangelogCheck.of(root))
        .containsExactly(
            new ChangelogCheck.Finding(
                "core/002_other.backfill.sql",
                0,
                0,
                "has no changeset beside it; it is named after the one that needs it"),
            new ChangelogCheck.Finding(
                "core/003_contract.sql",
                0,
                0,
                "requires the backfill core/002_b, which does not exist"));
  }

  /// An earlier version of the engine created other tables.
  @Test
  void theEnginesTablesAreUpdated() throws SQLException {
    upWithRows();
    up();
    database.execute(
        "DROP TABLE backfill; ALTER TABLE schema_gate DROP COLUMN awaits;"
            + " DELETE FROM schema_gate WHERE history = 'bookkeeping'");
    try (Connection connection = database.connect()) {
      assertThat(History.isUpToDate(connection, migrations().fingerprint())).isFalse();
    }

    assertThat(up().notes())
        .containsExactly("core/003_contract waits for the backfill core/002_b (pending)");
    assertThat(status().backfills()).extracting(Backfill::name).containsExactly("core/002_b");
  }

  private void upWithRows() throws SQLException {
    migrations()
        .up(
            new Migrations.Scope("core", ChangesetVersion.of(1)),
            Approval.NONE,
            new MigrationListener() {})
        .orThrow();
    database.execute("INSERT INTO a SELECT generate_series(1, 10)");
  }

  private MigrationResult up() {
    return migrations().up(new MigrationListener() {}).orThrow();
  }

  private SchemaStatus status() {
    return migrations().status();
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }

  private static List<String> labels(MigrationResult result) {
    return result.executed().stream().map(MigrationResult.Executed::changeset).toList();
  }
}
