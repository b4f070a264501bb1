package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.testing.Psql;
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

/// Files that run again when they change.
class RepeatablesIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  private static final String TABLE = "CREATE TABLE t (id int PRIMARY KEY, name text, old int);\n";

  @TempDir private Path root;
  private TestDatabase database;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    write("001_t.up.sql", TABLE);
    write("001_t.down.sql", "DROP TABLE t;\n");
    // Each uses the next one; the order of the names is the wrong one.
    write("R__a.sql", "CREATE OR REPLACE VIEW a AS SELECT id, twice(id) AS two FROM b;\n");
    write(
        "R__b.sql",
        "CREATE OR REPLACE VIEW b AS SELECT id, name FROM t;\nCOMMENT ON VIEW b IS 'names';\n");
    write(
        "R__c-function.sql",
        "CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS $$ SELECT n * 2; $$;\n");
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void theyRunAfterTheNumberedOnesAndWhenTheyChange() throws Exception {
    assertThat(run(migrations().up(SILENT)))
        .containsExactly("core/001_t", "core/R__b", "core/R__c-function", "core/R__a");
    assertThat(migrations().status().upToDate()).isTrue();
    assertThat(migrations().verify()).isEmpty();
    assertThat(run(migrations().up(SILENT))).isEmpty();

    write(
        "R__b.sql",
        "CREATE OR REPLACE VIEW b AS SELECT id, name, old FROM t;\nCOMMENT ON VIEW b IS 'all';\n");
    assertThat(migrations().status().modules().getFirst().pending()).containsExactly("core/R__b");
    assertThat(migrations().status().upToDate()).isFalse();
    migrations().requireCompatible();
    assertThat(run(migrations().up(SILENT))).containsExactly("core/R__b");
    assertThat(migrations().verify()).isEmpty();
    assertThat(
            database.query(
                "SELECT id || ' ' || exectype FROM databasechangelog ORDER BY orderexecuted"))
        .containsExactly("001 EXECUTED", "R__c-function EXECUTED", "R__a EXECUTED", "R__b RERAN");
    // The last one that was applied is used by an earlier one.
    assertThat(run(migrations().down("core", 1, Approval.NONE, SILENT)))
        .containsExactly("core/001_t");
    assertThat(views()).isEmpty();
  }

  /// A view cannot lose a column, nor while another one uses it.
  @Test
  void whatCannotBeReplacedIsDroppedWithItsUsers() throws Exception {
    migrations().up(SILENT);
    write("R__b.sql", "CREATE OR REPLACE VIEW b AS SELECT id FROM t;\n");

    assertThat(run(migrations().up(SILENT)))
        .containsExactly(
            "core/R__a",
            "core/R__c-function",
            "core/R__b",
            "core/R__b",
            "core/R__c-function",
            "core/R__a");
    assertThat(migrations().verify()).isEmpty();

    try (TestDatabase byHand = TestDatabase.create()) {
      Psql.run(
          byHand.address(),
          TABLE + read("R__b.sql") + read("R__c-function.sql") + read("R__a.sql"));
      assertThat(schema(byHand).differences(schema(database))).isEmpty();
    }
  }

  @Test
  void aFailureChangesNothing() throws Exception {
    migrations().up(SILENT);
    String before = schema(database).toString();
    write("R__b.sql", "CREATE OR REPLACE VIEW b AS SELECT id FROM t;\n");
    write(
        "R__c-function.sql",
        read("R__c-function.sql").replace("int LANG", "bigint LANG") + "SELECT 1/0;\n");

    assertThat(migrations().up(SILENT).problems())
        .singleElement()
        .asString()
        .contains("core/R__c-function.sql failed: division by zero");
    assertThat(schema(database)).hasToString(before);
    assertThat(migrations().status().modules().getFirst().pending())
        .containsExactly("core/R__b", "core/R__c-function");

    write("R__d.sql", "CREATE INDEX CONCURRENTLY i ON t (id);\n");
    assertThat(migrations().up(SILENT).problems())
        .singleElement()
        .asString()
        .contains("core/R__d.sql:1:1: uses CONCURRENTLY in a transaction");
    write("R__d.sql", "CREATE VIEW d AS SELECT '${owner}';\n");
    assertThat(migrations().up(SILENT).problems()).singleElement().asString().contains("${owner}");
  }

  @Test
  void aRollbackTakesThemDownAndBringsBackWhatFits() throws Exception {
    write("002_more.up.sql", "ALTER TABLE t ADD COLUMN more int;\n");
    write("002_more.down.sql", "ALTER TABLE t DROP COLUMN more;\n");
    write("R__d.sql", "CREATE VIEW d AS SELECT more FROM t;\n");
    write("R__rows.sql", "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING;\n");
    migrations().up(SILENT);

    MigrationResult down = migrations().down("core", 1, Approval.NONE, SILENT);
    assertThat(run(down)).contains("core/002_more");
    assertThat(down.notes())
        .singleElement()
        .asString()
        .contains("core/R__d is pending: core/R__d.sql failed: column \"more\" does not exist");
    assertThat(views()).containsExactly("a", "b");
    assertThat(migrations().status().modules().getFirst().pending())
        .containsExactly("core/002_more", "core/R__d");
    MigrationResult part =
        migrations()
            .up(new Migrations.Scope("core", ChangesetVersion.of(1)), Approval.NONE, SILENT);
    assertThat(run(part)).isEmpty();

    assertThat(run(migrations().up(SILENT))).containsExactly("core/002_more", "core/R__d");
    assertThat(migrations().verify()).isEmpty();

    MigrationResult all =
        migrations().drop(database.address().database(), false, Approval.NONE, SILENT);
    run(all);
    assertThat(all.notes())
        .contains("core/R__rows stays: its file does more than to create views and functions");
    assertThat(views()).isEmpty();
    assertThat(
            database.query(
                "SELECT relname FROM pg_class WHERE relname IN ('t', 'databasechangelog')"))
        .isEmpty();
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }

  private static List<String> run(MigrationResult result) {
    assertThat(result.problems()).isEmpty();
    return result.executed().stream().map(MigrationResult.Executed::changeset).toList();
  }

  private List<String> views() throws SQLException {
    return database.query("SELECT viewname FROM pg_views WHERE schemaname = 'public' ORDER BY 1");
  }

  private static CatalogSnapshot schema(TestDatabase database) throws SQLException {
    try (Connection connection = database.connect()) {
      return CatalogSnapshot.of(connection).ofChangelogs();
    }
  }

  private void write(String name, String sql) throws IOException {
    Files.writeString(root.resolve(name), sql);
  }

  private String read(String name) throws IOException {
    return Files.readString(root.resolve(name));
  }
}
