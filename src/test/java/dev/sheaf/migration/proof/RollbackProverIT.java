package dev.sheaf.migration.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.Difference.Kind;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.RollbackProof.Verdict;
import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.ChangelogCheck;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.engine.ProofSelection;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Proofs of rollbacks, successful and failed ones.
class RollbackProverIT {

  private static final String TABLE =
      "CREATE TABLE shop (id bigint PRIMARY KEY, name text NOT NULL, code varchar(20));";

  @TempDir private Path root;
  private TestDatabase database;
  private TestChangelogs changelogs;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    changelogs = new TestChangelogs(root);
    changelogs.changeset("core", 1, "shop", TABLE, "DROP TABLE shop;");
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void correctRollbacksAreProven() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "phone",
        "ALTER TABLE shop ADD COLUMN phone text;",
        "ALTER TABLE shop DROP COLUMN phone;");
    changelogs.concurrent(
        "core",
        3,
        "index",
        "CREATE INDEX CONCURRENTLY shop_name_idx ON shop (name);",
        "DROP INDEX CONCURRENTLY shop_name_idx;");

    assertThat(prove(new ProofSelection.All(), null))
        .containsExactly(
            proven("core/001_shop"), proven("core/002_phone"), proven("core/003_index"));
  }

  @Test
  void whatBelongsToTheServerIsNotChanged() throws Exception {
    String role = TestDatabase.freshName();
    changelogs.changeset(
        "core", 2, "role", "CREATE ROLE %s NOLOGIN;".formatted(role), "DROP ROLE " + role + ";");

    assertThat(prove(new ProofSelection.All(), null))
        .containsExactly(proven("core/001_shop"), proven("core/002_role"));
    assertThat(database.query("SELECT rolname FROM pg_roles WHERE rolname = '" + role + "'"))
        .isEmpty();
  }

  private static final String DATA_TEST =
      """
      --liquibase formatted sql
      -- A comment, and what a string holds, mean nothing: '
      --given
      INSERT INTO shop (id, name, code) VALUES (1, 'Ann|Lee', 'a'), (2, E'two\\n--> lines', NULL);
      COPY shop (id, name) FROM STDIN;
      3	Three
      \\.
      --up
      SELECT id, name, coalesce(code, '') AS code FROM shop ORDER BY id;
      --> 1 | ANN\\|LEE | a
      --> 2 | TWO\\n--> LINES |
      --> 3 | THREE |
      SELECT label FROM shop ORDER BY id;
      --> Ann\\|Lee
      --> two\\n--> lines
      --> Three
      SELECT FROM shop WHERE name = 'Three';
      --down
      SELECT name, to_jsonb(shop) ? 'label' FROM shop WHERE id = 1;
      --> ANN\\|LEE | f
      """;

  private void upperCase() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "upper",
        "ALTER TABLE shop ADD COLUMN label text;\n"
            + "UPDATE shop SET label = name, name = upper(name);",
        "ALTER TABLE shop DROP COLUMN label;");
    Path file = changelogs.file("core", 2, "upper");
    Files.writeString(
        file,
        Files.readString(file)
            .replace("--comment", "--lossy-rollback names stay in upper case\n--comment"));
  }

  @Test
  void theTestOfItsAuthorIsAPartOfTheProof() throws IOException {
    upperCase();
    Path test = root.resolve("core/002_upper.test.sql");
    Files.writeString(test, DATA_TEST);

    assertThat(prove(new ProofSelection.All(), null))
        .extracting(RollbackProof::verdict)
        .containsExactly(Verdict.PROVEN, Verdict.LOSSY);

    Files.writeString(
        test, DATA_TEST.replace("--> 3 | THREE |\n", "").replace("LEE | f", "LEE | t"));
    RollbackProof failed = prove(new ProofSelection.All(), null).getLast();

    assertThat(failed.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(failed.reason()).isEqualTo("its test has other rows than expected");
    assertThat(failed.differences())
        .containsExactly(
            new Difference(
                Kind.CHANGED,
                "rows after up, core/002_upper.test.sql:9: SELECT id, name, coalesce(code, '') AS"
                    + " code FROM shop ORDER BY id",
                "1 | ANN\\|LEE | a\n2 | TWO\\n--> LINES |",
                "1 | ANN\\|LEE | a\n2 | TWO\\n--> LINES |\n3 | THREE |"),
            new Difference(
                Kind.CHANGED,
                "rows after down, core/002_upper.test.sql:18: SELECT name, to_jsonb(shop) ? 'label'"
                    + " FROM shop WHERE id = 1",
                "ANN\\|LEE | t",
                "ANN\\|LEE | f"));

    Files.writeString(test, DATA_TEST.replace("(id, name, code) VALUES", "(id, nam) VALUES"));
    assertThat(prove(new ProofSelection.All(), null).getLast().reason())
        .startsWith(
            "its test core/002_upper.test.sql:4 failed: column \"nam\" of relation \"shop\" does"
                + " not exist");
  }

  /// The test is no part of what is applied.
  @Test
  void aTestCanBeWrittenAfterItsChangesetWasApplied() throws IOException {
    upperCase();
    Migrations before = TestConfig.migrations(database, root);
    before.up(new MigrationListener() {}).orThrow();
    Files.writeString(root.resolve("core/002_upper.test.sql"), DATA_TEST);
    Migrations after = TestConfig.migrations(database, root);

    assertThat(after.fingerprint()).isEqualTo(before.fingerprint());
    assertThat(after.status().upToDate()).isTrue();
    assertThat(ChangelogCheck.of(root)).isEmpty();
  }

  @Test
  void aChangesetRunsAfterItsBackfill() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "label",
        "ALTER TABLE shop ADD COLUMN label text;",
        "ALTER TABLE shop DROP COLUMN label;");
    Files.writeString(
        root.resolve("core/002_label.backfill.sql"),
        """
        --liquibase formatted sql
        --backfill table:shop key:id
        UPDATE shop SET label = name WHERE :batch;
        --condition
        SELECT NOT EXISTS (SELECT FROM shop WHERE label IS NULL);
        """);
    Files.writeString(
        root.resolve("core/003_label_not_null.sql"),
        """
        --liquibase formatted sql
        --requires-backfill core/002_label

        --changeset core:003
        ALTER TABLE shop ALTER COLUMN label SET NOT NULL;
        --rollback ALTER TABLE shop ALTER COLUMN label DROP NOT NULL;
        """);

    assertThat(prove(new ProofSelection.All(), null))
        .containsExactly(
            proven("core/001_shop"), proven("core/002_label"), proven("core/003_label_not_null"));
  }

  @Test
  void aDifferentCatalogIsShown() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "name",
        "ALTER TABLE shop ALTER COLUMN name DROP NOT NULL; CREATE INDEX shop_i ON shop (name);",
        "DROP INDEX shop_i;");
    changelogs.table("core", 3, "after");

    assertThat(prove(new ProofSelection.All(), null))
        .containsExactly(
            proven("core/001_shop"),
            new RollbackProof(
                "core/002_name",
                Verdict.FAILED,
                "after its rollback, the catalog is not the same as before",
                List.of(
                    new Difference(
                        Kind.CHANGED,
                        "column public.shop.name",
                        "text not null storage=x",
                        "text storage=x")),
                List.of(),
                List.of()),
            proven("core/003_after"));
  }

  @Test
  void lostRowsMustBeDeclared() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "quietly",
        "ALTER TABLE shop DROP COLUMN code;",
        "ALTER TABLE shop ADD COLUMN code varchar(20);");
    changelogs.changeset(
        "core",
        3,
        "said",
        "--lossy-rollback codes are gone\nALTER TABLE shop DROP COLUMN code;",
        "ALTER TABLE shop ADD COLUMN code varchar(20);");
    // The object that 003 drops remains.
    changelogs.delete("core", 2, "quietly");
    assertThat(prove(new ProofSelection.All(), null))
        .containsExactly(
            proven("core/001_shop"),
            new RollbackProof(
                "core/003_said",
                Verdict.LOSSY,
                "codes are gone",
                List.of(),
                List.of("public.shop"),
                List.of()));

    changelogs.delete("core", 3, "said");
    changelogs.changeset(
        "core",
        2,
        "quietly",
        "ALTER TABLE shop DROP COLUMN name;",
        "ALTER TABLE shop ADD COLUMN name text NOT NULL DEFAULT ''; ALTER TABLE shop ALTER COLUMN name DROP DEFAULT;");
    assertThat(prove(new ProofSelection.All(), null).getLast())
        .isEqualTo(
            new RollbackProof(
                "core/002_quietly",
                Verdict.FAILED,
                "its rollback loses rows, but the file does not declare --lossy-rollback WHY",
                List.of(),
                List.of("public.shop"),
                List.of("the columns of public.shop are in a different order")));
  }

  /// Changesets that permit more rows, their rollbacks, and why these fail.
  private record Relaxing(String up, String down, @Nullable String failure) {}

  private static final List<Relaxing> RELAXING =
      List.of(
          new Relaxing(
              "ALTER TABLE shop ALTER COLUMN name DROP NOT NULL;",
              "ALTER TABLE shop ALTER COLUMN name SET NOT NULL;",
              "column \"name\" of relation \"shop\" contains null values"),
          new Relaxing(
              "ALTER TABLE shop DROP CONSTRAINT code_key;",
              "ALTER TABLE shop ADD CONSTRAINT code_key UNIQUE (code);",
              "could not create unique index \"code_key\" (Key (code)=(c_) is duplicated.)"),
          new Relaxing(
              "ALTER TABLE shop DROP CONSTRAINT code_check;",
              "ALTER TABLE shop ADD CONSTRAINT code_check CHECK (code LIKE 'c_');",
              "check constraint \"code_check\" of relation \"shop\" is violated by some row"),
          new Relaxing(
              "ALTER TABLE shop DROP CONSTRAINT shop_owner_fkey;",
              "ALTER TABLE shop ADD CONSTRAINT shop_owner_fkey FOREIGN KEY (owner) REFERENCES owner;",
              "insert or update on table \"shop\" violates foreign key constraint \"shop_owner_fkey\""
                  + " (Key (owner)=(9) is not present in table \"owner\".)"),
          new Relaxing(
              "ALTER TABLE owner ALTER COLUMN name DROP NOT NULL;",
              "UPDATE owner SET name = '' WHERE name IS NULL; ALTER TABLE owner ALTER COLUMN name SET NOT NULL;",
              null),
          new Relaxing(
              "ALTER TABLE owner ALTER COLUMN city DROP NOT NULL;",
              "ALTER TABLE owner ALTER COLUMN city SET NOT NULL;",
              "column \"city\" of relation \"owner\" contains null values"));

  @Test
  void rowsWrittenSinceMustNotPreventARollback() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "owner",
        """
        CREATE TABLE owner (id bigint PRIMARY KEY, name text NOT NULL, city text NOT NULL);
        ALTER TABLE shop ADD COLUMN owner bigint CONSTRAINT shop_owner_fkey REFERENCES owner,
                         ADD CONSTRAINT code_key UNIQUE (code),
                         ADD CONSTRAINT code_check CHECK (code LIKE 'c_');
        """,
        "ALTER TABLE shop DROP COLUMN owner, DROP CONSTRAINT code_key, DROP CONSTRAINT code_check; DROP TABLE owner;");
    List<RollbackProof> expected = new ArrayList<>();
    for (int i = 0; i < RELAXING.size(); i++) {
      Relaxing relaxing = RELAXING.get(i);
      // The last one is not declared.
      boolean declared = i < RELAXING.size() - 1;
      changelogs.changeset(
          "core",
          i + 3,
          "relax",
          (declared ? "--lossy-rollback by hand\n" : "") + relaxing.up(),
          relaxing.down());
      String problem = "its rollback fails on rows that were written since: " + relaxing.failure();
      expected.add(
          relaxing.failure() == null
              ? proof(
                  i + 3,
                  Verdict.PROVEN,
                  null,
                  List.of("it declares --lossy-rollback, but no rows were lost"))
              : declared
                  ? proof(i + 3, Verdict.LOSSY, "by hand", List.of(problem))
                  : proof(i + 3, Verdict.FAILED, problem, List.of()));
    }

    List<RollbackProof> proofs = prove(new ProofSelection.All(), null);

    assertThat(proofs.subList(2, proofs.size())).isEqualTo(expected);
  }

  @Test
  void valuesOfAWiderTypeMustNotPreventARollback() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "more",
        "CREATE TYPE mood AS ENUM ('bad', 'good'); ALTER TABLE shop ADD COLUMN mood mood, ADD COLUMN capped integer;",
        "ALTER TABLE shop DROP COLUMN mood, DROP COLUMN capped; DROP TYPE mood;");
    changelogs.changeset(
        "core",
        3,
        "relax",
        "--lossy-rollback by hand\nALTER TABLE shop ALTER COLUMN code TYPE varchar(200);",
        "ALTER TABLE shop ALTER COLUMN code TYPE varchar(20);");
    changelogs.changeset(
        "core",
        4,
        "relax",
        "ALTER TABLE shop ALTER COLUMN capped TYPE bigint;",
        "ALTER TABLE shop ALTER COLUMN capped TYPE integer USING nullif(least(capped, 2147483647), 2147483647);");
    changelogs.changeset(
        "core",
        5,
        "relax",
        "ALTER TYPE mood ADD VALUE 'so' BEFORE 'good';",
        """
        ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('bad', 'good');
        ALTER TABLE shop ALTER COLUMN mood TYPE mood USING mood::text::mood; DROP TYPE old;
        """);
    String rejected = "its rollback fails on rows that were written since: ";

    List<RollbackProof> proofs = prove(new ProofSelection.All(), null);

    assertThat(proofs.subList(2, proofs.size()))
        .containsExactly(
            proof(
                3,
                Verdict.LOSSY,
                "by hand",
                List.of(rejected + "value too long for type character varying(20)")),
            proof(4, Verdict.PROVEN, null, List.of()),
            proof(
                5,
                Verdict.FAILED,
                rejected + "invalid input value for enum mood: \"so\"",
                List.of()));
  }

  private static RollbackProof proof(
      int number, Verdict verdict, @Nullable String reason, List<String> remarks) {
    return new RollbackProof(
        "core/00" + number + "_relax", verdict, reason, List.of(), List.of(), remarks);
  }

  @Test
  void rowsWrittenSinceMustNotPreventAConcurrentRollback() throws IOException {
    changelogs.concurrent(
        "core",
        2,
        "unique",
        "CREATE UNIQUE INDEX CONCURRENTLY code_key ON shop (code);",
        "DROP INDEX CONCURRENTLY code_key;");
    changelogs.concurrent(
        "core",
        3,
        "relax",
        "DROP INDEX CONCURRENTLY code_key;",
        "CREATE UNIQUE INDEX CONCURRENTLY code_key ON shop (code);");

    assertThat(prove(new ProofSelection.One(root.resolve("core/003_relax.sql")), null))
        .extracting(RollbackProof::reason)
        .containsExactly(
            "its rollback fails on rows that were written since: could not create unique index \"code_key\""
                + " (Key (code)=(canary 1) is duplicated.)");
  }

  @Test
  void unneededDeclarationsAndEmptyTablesAreRemarks() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "odd",
        "--lossy-rollback we fear so\nCREATE TABLE odd (id int NOT NULL CONSTRAINT odd CHECK (id < 0 AND id > 0));",
        "DROP TABLE odd;");
    changelogs.table("core", 3, "c");

    List<RollbackProof> proofs = prove(new ProofSelection.All(), null);

    assertThat(proofs.get(1).remarks())
        .containsExactly("it declares --lossy-rollback, but no rows were lost");
    assertThat(proofs.get(2))
        .isEqualTo(
            new RollbackProof(
                "core/003_c",
                Verdict.PROVEN,
                null,
                List.of(),
                List.of(),
                List.of(
                    "no sample rows in public.odd: no values were found for odd CHECK (((id < 0) AND (id > 0)))")));
  }

  @Test
  void failedAndMissingRollbacksAreReported() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "wrong",
        "ALTER TABLE shop ADD COLUMN x int;",
        "ALTER TABLE shop DROP COLUMN y;");
    changelogs.changeset(
        "core",
        3,
        "once",
        "CREATE SEQUENCE s;",
        "ALTER TABLE shop DROP COLUMN x; DROP SEQUENCE s; CREATE SEQUENCE s;");

    assertThat(prove(new ProofSelection.All(), null).stream().map(RollbackProof::reason))
        .containsExactly(
            null,
            "core/002_wrong.sql failed: column \"y\" of relation \"shop\" does not exist, in: ALTER TABLE shop DROP COLUMN y",
            "after its rollback, the catalog is not the same as before");
  }

  @Test
  void sampleRowsThatViolateAConstraintAreRemoved() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "code_reference",
        "CREATE TABLE code (id varchar PRIMARY KEY); ALTER TABLE shop ADD FOREIGN KEY (code) REFERENCES code;",
        "ALTER TABLE shop DROP CONSTRAINT shop_code_fkey; DROP TABLE code;");
    changelogs.changeset(
        "core",
        3,
        "needed",
        "ALTER TABLE shop ADD COLUMN needed int NOT NULL;",
        "ALTER TABLE shop DROP COLUMN needed;");

    assertThat(prove(new ProofSelection.All(), null))
        .containsExactly(
            proven("core/001_shop"),
            proven("core/002_code_reference"),
            new RollbackProof(
                "core/003_needed",
                Verdict.PROVEN,
                null,
                List.of(),
                List.of(),
                List.of(
                    "it fails with sample rows in public.shop: column \"needed\" of relation \"shop\" contains null values")));
  }

  @Test
  void samplePartitionsAreRemovedIfTheyConflict() throws IOException {
    changelogs.changeset(
        "core",
        2,
        "event",
        "CREATE TABLE event (id int) PARTITION BY LIST (id);",
        "DROP TABLE event;");
    changelogs.changeset(
        "core",
        3,
        "one",
        "CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1);",
        "DROP TABLE event_1;");
    changelogs.changeset(
        "core",
        4,
        "others",
        "CREATE TABLE event_others PARTITION OF event DEFAULT;",
        "DROP TABLE event_others;");

    List<RollbackProof> proofs = prove(new ProofSelection.All(), null);

    assertThat(proofs).extracting(RollbackProof::verdict).containsOnly(Verdict.PROVEN);
    assertThat(proofs.get(2).remarks()).isEmpty();
    assertThat(proofs.get(3).remarks())
        .containsExactly(
            "it fails with a partition for sample rows: partition \"event_others\" conflicts with existing default partition \"event_canary\"");
  }

  @Test
  void provesPendingChangesetsOneFileOrOneModule() throws IOException {
    changelogs.table("core", 2, "b");
    changelogs.table("extra", 1, "x");
    TestConfig.migrations(database, root)
        .up(
            new Migrations.Scope("core", ChangesetVersion.of(1)),
            Approval.NONE,
            new MigrationListener() {})
        .orThrow();

    assertThat(prove(new ProofSelection.Pending(), null))
        .containsExactly(proven("core/002_b"), proven("extra/001_x"));
    assertThat(prove(new ProofSelection.Pending(), "extra")).containsExactly(proven("extra/001_x"));
    assertThat(prove(new ProofSelection.One(root.resolve("core/002_b.sql")), null))
        .containsExactly(proven("core/002_b"));
    assertThatThrownBy(() -> prove(new ProofSelection.One(Path.of("nowhere.sql")), null))
        .hasMessageStartingWith("no enabled module has the changelog nowhere.sql");
  }

  private List<RollbackProof> prove(ProofSelection proved, @Nullable String module) {
    List<RollbackProof> heard = new ArrayList<>();
    List<RollbackProof> proofs =
        TestConfig.migrations(database, root).prove(proved, module, heard::add);
    assertThat(heard).isEqualTo(proofs);
    return proofs;
  }

  private static RollbackProof proven(String changeset) {
    return new RollbackProof(changeset, Verdict.PROVEN, null, List.of(), List.of(), List.of());
  }
}
