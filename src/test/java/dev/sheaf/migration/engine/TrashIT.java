package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.backup.BackupListener;
import dev.sheaf.backup.Backups;
import dev.sheaf.backup.RestoreOptions;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.HistoryEntry;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.TrashEntry;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tables and columns that changesets move to the trash, restore, and drop from it.
class TrashIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

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
        "shop",
        """
        CREATE TABLE customer (id int PRIMARY KEY);
        CREATE TABLE purchase (
            id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            nr       serial,
            customer int    NOT NULL REFERENCES customer,
            parent   bigint REFERENCES purchase,
            title    text   NOT NULL,
            state    text   NOT NULL DEFAULT 'new' CONSTRAINT purchase_state_check CHECK (state <> '')
        );
        CREATE INDEX purchase_title ON purchase (title);
        CREATE STATISTICS purchase_together ON customer, state FROM purchase;
        COMMENT ON TABLE purchase IS 'What was bought';
        COMMENT ON CONSTRAINT purchase_customer_fkey ON purchase IS 'Who';
        COMMENT ON COLUMN purchase.state IS 'How far it is';
        """
            .strip(),
        "DROP TABLE purchase, customer;");
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void aTableIsRestoredUnchanged() throws Exception {
    up();
    database.execute(
        "INSERT INTO customer VALUES (1); INSERT INTO purchase (customer, title) VALUES (1, 'a'), (1, 'b')");
    String before = catalog();
    trashing("purchase");
    up();

    assertThat(database.query("SELECT to_regclass('purchase')")).containsExactly("null");
    assertThat(database.query("SELECT title FROM sheaf_trash.purchase ORDER BY id"))
        .containsExactly("a", "b");
    assertThat(migrations().trash())
        .singleElement()
        .satisfies(entry -> {
          assertThat(entry.object()).isEqualTo("public.purchase");
          assertThat(entry.keptAs()).isEqualTo("sheaf_trash.purchase");
          assertThat(entry.changeset()).isEqualTo("core/002_bury");
          assertThat(entry.bytes()).isPositive();
        });
    assertThat(migrations().verify()).isEmpty();

    down();

    assertThat(catalog()).isEqualTo(before);
    assertThat(migrations().verify()).isEmpty();
    assertThat(migrations().trash()).isEmpty();
    assertThat(
            database.query(
                "INSERT INTO purchase (customer, title) VALUES (1, 'c') RETURNING id || ' ' || nr"))
        .containsExactly("3 3");
  }

  /// A foreign key of a table in the trash would still protect the rows that it references.
  @Test
  void theTrashEnforcesNoConstraints() throws Exception {
    up();
    database.execute("INSERT INTO customer VALUES (1), (2)");
    database.execute("INSERT INTO purchase (customer, title) VALUES (1, 'a'), (2, 'b')");
    trashing("purchase");
    up();

    database.execute("DELETE FROM customer WHERE id = 2");
    MigrationResult result = migrations().down("core", 1, Approval.NONE, SILENT).orThrow();

    assertThat(database.query("SELECT title FROM purchase ORDER BY id")).containsExactly("a", "b");
    assertThat(result.notes())
        .singleElement()
        .asString()
        .startsWith(
            "core/002_bury: added as NOT VALID, because existing rows violate it: ALTER TABLE");
    assertThat(migrations().verify())
        .extracting(Difference::object)
        .containsExactly("constraint public.purchase.purchase_customer_fkey");
  }

  @Test
  void aPartitionedTableIsRestoredUnchanged() throws Exception {
    changelogs.changeset(
        "core",
        2,
        "parts",
        """
        CREATE SCHEMA elsewhere;
        CREATE TABLE part (id int, customer int REFERENCES customer, PRIMARY KEY (id)) PARTITION BY RANGE (id);
        CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (10);
        CREATE TABLE elsewhere.part_high PARTITION OF part FOR VALUES FROM (10) TO (20);
        """
            .strip(),
        "DROP TABLE part;\nDROP SCHEMA elsewhere;");
    up();
    database.execute("INSERT INTO part VALUES (1), (11)");
    String before = catalog();
    changelogs.changeset(
        "core",
        3,
        "bury",
        "SELECT sheaf_trash_table('part');",
        "SELECT sheaf_restore_table('public.part');");
    up();

    assertThat(database.query("SELECT to_regclass('part_low')")).containsExactly("null");
    assertThat(database.query("SELECT id FROM sheaf_trash.part ORDER BY id"))
        .containsExactly("1", "11");
    down();

    assertThat(catalog()).isEqualTo(before);
    assertThat(database.query("SELECT id FROM elsewhere.part_high")).containsExactly("11");
  }

  @Test
  void theSameTableMayBeMovedToTheTrashTwice() throws Exception {
    up();
    database.execute(
        "INSERT INTO customer VALUES (1); INSERT INTO purchase (customer, title) VALUES (1, 'first')");
    String first = catalog();
    trashing("purchase");
    changelogs.changeset(
        "core",
        3,
        "again",
        """
        CREATE TABLE purchase (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text);
        CREATE INDEX purchase_title ON purchase (title);
        """
            .strip(),
        "DROP TABLE purchase;");
    up();
    database.execute("INSERT INTO purchase (title) VALUES ('second')");
    String second = catalog();
    changelogs.changeset(
        "core",
        4,
        "bury",
        "SELECT sheaf_trash_table('purchase');",
        "SELECT sheaf_restore_table('purchase');");
    up();
    assertThat(migrations().verify()).isEmpty();

    down();
    assertThat(catalog()).isEqualTo(second);
    assertThat(database.query("SELECT title FROM purchase")).containsExactly("second");
    down();
    down();
    assertThat(catalog()).isEqualTo(first);
    assertThat(database.query("SELECT title FROM purchase")).containsExactly("first");
  }

  @Test
  void objectsThatCannotBeDroppedAreRejected() throws Exception {
    up();
    database.execute("CREATE VIEW titles AS SELECT title FROM purchase");
    database.execute("CREATE TABLE parcel (purchase bigint REFERENCES purchase)");
    trashing("purchase");

    assertThat(migrations().up(SILENT).problems())
        .singleElement()
        .satisfies(problem ->
            assertThat(problem.problem())
                .startsWith(
                    "core/002_bury.sql failed: cannot drop table purchase because other objects depend on it")
                .contains("view titles depends on table purchase", "parcel"));
    assertThat(database.query("SELECT to_regnamespace('sheaf_trash')")).containsExactly("null");
  }

  @Test
  void aColumnIsRestoredUnchanged() throws Exception {
    up();
    database.execute(
        "INSERT INTO customer VALUES (1); INSERT INTO purchase (customer, title, state) VALUES (1, 'a', 'paid')");
    String before = catalog();
    changelogs.changeset(
        "core",
        2,
        "bury",
        "SELECT sheaf_trash_column('purchase', 'state');\nSELECT sheaf_trash_column('purchase', 'customer');",
        "SELECT sheaf_restore_column('purchase', 'customer', '1');\nSELECT sheaf_restore_column('purchase', 'state');");
    up();

    assertThat(
            database.query(
                "SELECT column_name || ' ' || is_nullable FROM information_schema.columns WHERE table_name = 'purchase' ORDER BY ordinal_position"))
        .containsExactly(
            "id NO",
            "nr NO",
            "sheaf_trash_1_customer YES",
            "parent YES",
            "title NO",
            "sheaf_trash_1_state YES");
    assertThat(migrations().verify()).isEmpty();
    database.execute("INSERT INTO purchase (title) VALUES ('written meanwhile')");

    down();

    assertThat(catalog()).isEqualTo(before);
    assertThat(
            database.query(
                "SELECT concat_ws(' ', title, customer, state) FROM purchase ORDER BY id"))
        .containsExactly("a 1 paid", "written meanwhile 1 new");
  }

  @Test
  void aColumnThatNewRowsLackNeedsAValue() throws Exception {
    up();
    changelogs.changeset(
        "core",
        2,
        "bury",
        "SELECT sheaf_trash_column('purchase', 'customer');",
        "SELECT sheaf_restore_column('purchase', 'customer');");
    up();
    database.execute("INSERT INTO purchase (title) VALUES ('a'), ('b')");

    assertThat(migrations().down("core", 1, Approval.NONE, SILENT).problems())
        .extracting(OperatorException::problem)
        .containsExactly(
            "core/002_bury.sql failed: column customer of purchase was NOT NULL, but rows written since have no value for it: 2"
                + " (pass sheaf_restore_column an expression for the value),"
                + " in: SELECT sheaf_restore_column('purchase', 'customer')");
    assertThat(database.query("SELECT count(sheaf_trash_1_customer) FROM purchase"))
        .containsExactly("0");
  }

  /// The procedure of `docs/rollbacks-and-compatibility.md` if a scan under a lock takes too long.
  @Test
  void notNullCanBeProvenBeforeItIsRestored() throws Exception {
    up();
    String before = catalog();
    changelogs.concurrent(
        "core",
        2,
        "bury",
        "SELECT sheaf_trash_column('purchase', 'title');",
        """
        SELECT sheaf_restore_column('purchase', 'title', restore_not_null => false);
        ALTER TABLE purchase ADD CONSTRAINT title_there CHECK (title IS NOT NULL) NOT VALID;
        ALTER TABLE purchase VALIDATE CONSTRAINT title_there;
        ALTER TABLE purchase ALTER COLUMN title SET NOT NULL;
        ALTER TABLE purchase DROP CONSTRAINT title_there;
        """
            .strip());
    up();
    down();

    assertThat(catalog()).isEqualTo(before);
  }

  @Test
  void movingToTheTrashIsProvenToLoseNothing() throws Exception {
    trashing("purchase");
    changelogs.changeset(
        "core",
        3,
        "column",
        "ALTER TABLE customer ADD COLUMN name text NOT NULL DEFAULT '';",
        "ALTER TABLE customer DROP COLUMN name;");
    changelogs.changeset(
        "core",
        4,
        "bury",
        "SELECT sheaf_trash_column('customer', 'name');",
        "SELECT sheaf_restore_column('customer', 'name', quote_literal(''));");
    assertThat(migrations().prove(new ProofSelection.All(), null, _ -> {}))
        .allSatisfy(proof ->
            assertThat(proof.verdict()).as("%s", proof).isEqualTo(RollbackProof.Verdict.PROVEN));

    changelogs.changeset(
        "core",
        4,
        "bury",
        "SELECT sheaf_trash_column('customer', 'name');",
        "SELECT sheaf_restore_column('customer', 'name');");
    assertThat(
            migrations()
                .prove(new ProofSelection.One(changelogs.file("core", 4, "bury")), null, _ -> {})
                .getFirst()
                .reason())
        .startsWith(
            "its rollback fails on rows that were written since: column name of customer was NOT NULL");
  }

  @Test
  void aKeyColumnCannotBeMovedToTheTrash() throws Exception {
    up();
    changelogs.changeset(
        "core", 2, "bury", "SELECT sheaf_trash_column('customer', 'id');", "SELECT 1;");
    database.execute("ALTER TABLE purchase DROP CONSTRAINT purchase_customer_fkey");

    assertThat(migrations().up(SILENT).problems())
        .extracting(OperatorException::problem)
        .containsExactly(
            "core/002_bury.sql failed: column id is part of the unique index customer_pkey, which new rows without it"
                + " would violate; drop the index first, in: SELECT sheaf_trash_column('customer', 'id')");
  }

  /// Applied changesets and stored rollbacks call the functions by their earlier names.
  @Test
  void theEarlierNamesOfTheFunctionsWork() throws Exception {
    up();
    String before = catalog();
    changelogs.changeset(
        "core",
        2,
        "bury",
        """
        ALTER TABLE customer ADD COLUMN a int, ADD COLUMN b int NOT NULL;
        SELECT sheaf_bury_column('customer', 'a');
        SELECT sheaf_bury_column('customer', 'b');
        SELECT sheaf_bury_table('purchase');
        """
            .strip(),
        """
        SELECT sheaf_exhume_table('purchase');
        SELECT sheaf_exhume_column('customer', 'b', '1');
        SELECT sheaf_exhume_column('customer', 'a');
        ALTER TABLE customer DROP COLUMN a, DROP COLUMN b;
        """
            .strip());
    up();
    database.execute("INSERT INTO customer VALUES (1)");

    assertThat(migrations().trash())
        .extracting(TrashEntry::object)
        .containsExactly("public.customer.a", "public.customer.b", "public.purchase");

    down();

    assertThat(catalog()).isEqualTo(before);
    assertThat(migrations().trash()).isEmpty();
  }

  @Test
  void emptiedObjectsCannotBeRestored() throws Exception {
    up();
    trashing("purchase");
    changelogs.changeset(
        "core",
        3,
        "column",
        "ALTER TABLE customer ADD COLUMN a int, ADD COLUMN b int;\nSELECT sheaf_trash_column('customer', 'a');",
        "SELECT sheaf_restore_column('customer', 'a');\nALTER TABLE customer DROP COLUMN a, DROP COLUMN b;");
    up();
    database.execute(
        "UPDATE schema_trash SET buried_at = now() - interval '15 days' WHERE column_name IS NULL");

    assertThat(empty(Duration.ofDays(14))).containsExactly("public.purchase");
    assertThat(empty(Duration.ofDays(14))).isEmpty();
    assertThat(empty(Duration.ZERO)).containsExactly("public.customer.a");

    assertThat(
            database.query(
                "SELECT relname FROM pg_class WHERE relnamespace = 'sheaf_trash'::regnamespace"))
        .isEmpty();
    assertThat(migrations().trash()).isEmpty();
    assertThat(migrations().verify()).isEmpty();
    assertThat(migrations().history().getLast())
        .extracting(HistoryEntry::action, HistoryEntry::changeset, HistoryEntry::reason)
        .containsExactly("empty trash", "core/003_column", "public.customer.a: tidy");
    assertThat(migrations().down("core", 1, Approval.NONE, SILENT).problems())
        .singleElement()
        .satisfies(problem ->
            assertThat(problem.problem())
                .startsWith(
                    "core/003_column.sql failed: column a of customer cannot be restored: it was dropped from the trash on "));
    assertThat(database.query("SELECT count(*) FROM databasechangelog")).containsExactly("3");
  }

  @Test
  void dropRemovesTheTrash() throws Exception {
    database.execute("CREATE TABLE somebody_elses (id int)");
    String before = wholeCatalog();
    up();
    trashing("purchase");
    up();
    empty(Duration.ZERO);
    changelogs.changeset(
        "core",
        3,
        "bury",
        "SELECT sheaf_trash_table('customer');",
        "SELECT sheaf_restore_table('customer');");
    up();

    // The rollback of the first changeset drops both tables in one statement, and one does not
    // exist any more.
    assertThatThrownBy(() ->
            migrations()
                .drop(database.address().database(), false, Approval.NONE, SILENT)
                .orThrow())
        .hasMessageContaining("their rollbacks left table public.customer");
    assertThat(wholeCatalog().replaceAll("(?m)^.*public\\.customer.*\\R", "")).isEqualTo(before);
  }

  @Test
  void aBackupContainsTheTrash() throws Exception {
    up();
    database.execute(
        "INSERT INTO customer VALUES (1); INSERT INTO purchase (customer, title) VALUES (1, 'a')");
    String before = catalog();
    trashing("purchase");
    up();
    Path file = root.resolve("shop.sheaf");
    new Backups().backup(database.address(), file, new BackupListener() {});

    try (TestDatabase restored = TestDatabase.opened(TestDatabase.freshName())) {
      new Backups()
          .restore(
              file, restored.address(), new RestoreOptions(false, false), new BackupListener() {});
      TestConfig.migrations(restored, root).down("core", 1, Approval.NONE, SILENT).orThrow();

      assertThat(restored.query("SELECT title FROM purchase")).containsExactly("a");
      try (Connection connection = restored.connect()) {
        assertThat(CatalogSnapshot.of(connection).ofChangelogs()).hasToString(before);
      }
    }
  }

  @Test
  void productionRequiresApprovalAndABackupToEmptyTheTrash() throws Exception {
    up();
    trashing("purchase");
    up();
    Changelogs all = Changelogs.in(root);
    Migrations production =
        new Migrations(database.address(), TestConfig.schema(), all, Modules.everything(all), true);

    assertThat(production.emptyTrash(Duration.ZERO, Approval.NONE, _ -> {}, SILENT).problems())
        .extracting(OperatorException::getMessage)
        .containsExactly(
            "emptying the trash requires approval, because this is a production database - name who approved it: --approved-by WHO");
    assertThat(
            production
                .emptyTrash(Duration.ZERO, new Approval("ann", null), _ -> {}, SILENT)
                .problems())
        .extracting(OperatorException::problem)
        .containsExactly(
            "emptying the trash destroys data (public.purchase), but no verified backup younger than 24 h is recorded");
    assertThat(production.trash()).hasSize(1);
  }

  private void trashing(String table) throws IOException {
    changelogs.changeset(
        "core",
        2,
        "bury",
        "SELECT sheaf_trash_table('%s');".formatted(table),
        "SELECT sheaf_restore_table('%s');".formatted(table));
  }

  private void up() {
    migrations().up(SILENT).orThrow();
  }

  private void down() {
    migrations().down("core", 1, Approval.NONE, SILENT).orThrow();
  }

  private List<String> empty(Duration age) {
    List<String> dropped = new ArrayList<>();
    migrations()
        .emptyTrash(age, new Approval(null, "tidy"), entry -> dropped.add(entry.object()), SILENT)
        .orThrow();
    return dropped;
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }

  private String catalog() throws SQLException {
    try (Connection connection = database.connect()) {
      return CatalogSnapshot.of(connection).ofChangelogs().toString();
    }
  }

  private String wholeCatalog() throws SQLException {
    try (Connection connection = database.connect()) {
      return CatalogSnapshot.of(connection).toString();
    }
  }
}
