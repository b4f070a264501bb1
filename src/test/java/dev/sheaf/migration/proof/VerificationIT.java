package dev.sheaf.migration.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.testing.TestDatabase;
import java.nio.file.Path;
import java.util.List;
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
        """,
        "empty");
    migrations().up(SILENT).orThrow();
    assertThat(migrations().verify()).isEmpty();

    database.execute(
        """
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
            "MISSING function hr.sheaf_run(statements text[])",
            "MISSING table hr.backfill");

    try (TestDatabase other = TestDatabase.create()) {
      other.execute(
          """
          CREATE TABLE t (id bigint PRIMARY KEY, sheaf_trash text);
          CREATE SCHEMA hr;
          CREATE TABLE hr.backfill (id int);
          CREATE TABLE hr.schema_event (id int);
          CREATE FUNCTION hr.sheaf_run(statements text[]) RETURNS void LANGUAGE sql AS '';
          """);
      assertThatThrownBy(
              () -> TestConfig.migrations(other, root).baseline(Approval.NONE, SILENT).orThrow())
          .hasMessageContaining("public.t.backfill");
    }
  }

  private List<String> differences() {
    return migrations().verify().stream().map(VerificationIT::text).toList();
  }

  private static String text(Difference difference) {
    return difference.kind() + " " + difference.object();
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }
}
