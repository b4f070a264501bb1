package dev.sheaf.migration.lint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.ChangesetText;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.rule.RuleHarness;
import dev.sheaf.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The facts that rules rely on, as PostgreSQL reports them.
class StatementObserverIT {

  private static final String GIVEN =
      """
      CREATE TABLE author (id integer PRIMARY KEY);
      CREATE TABLE document (id integer PRIMARY KEY, size integer, author_id integer);
      """;

  @Test
  void scansThatValidateBuildAndRewriteAreCounted() {
    assertThat(
            observe(
                """
                SELECT 1;
                ALTER TABLE document ALTER COLUMN size SET NOT NULL;
                ALTER TABLE document ADD CONSTRAINT size_check CHECK (size > 0);
                ALTER TABLE document ADD CONSTRAINT later_check CHECK (size >= 0) NOT VALID;
                ALTER TABLE document VALIDATE CONSTRAINT later_check;
                ALTER TABLE document ADD CONSTRAINT author_fkey FOREIGN KEY (author_id) REFERENCES author;
                CREATE INDEX document_size_idx ON document (size);
                ALTER TABLE document ADD CONSTRAINT document_size_key UNIQUE (size);
                ALTER TABLE document ADD COLUMN title text;
                """))
        .isEqualTo(
            """
            SELECT 1: 0 scans, 0 read, 0 written, no lock
            ALTER TABLE document ALTER COLUMN size SET NOT NULL: 1 scans, 3 read, 0 written, ACCESS EXCLUSIVE
            ALTER TABLE document ADD CONSTRAINT size_check CHECK (size > 0): 1 scans, 3 read, 0 written, ACCESS EXCLUSIVE
            ALTER TABLE document ADD CONSTRAINT later_check CHECK (size >= 0) NOT VALID: 0 scans, 0 read, 0 written, ACCESS EXCLUSIVE
            ALTER TABLE document VALIDATE CONSTRAINT later_check: 1 scans, 3 read, 0 written, ACCESS EXCLUSIVE
            ALTER TABLE document ADD CONSTRAINT author_fkey FOREIGN KEY (author_id) REFERENCES author: 1 scans, 3 read, 0 written, ACCESS EXCLUSIVE
            CREATE INDEX document_size_idx ON document (size): 1 scans, 3 read, 0 written, ACCESS EXCLUSIVE
            ALTER TABLE document ADD CONSTRAINT document_size_key UNIQUE (size): 1 scans, 3 read, 0 written, ACCESS EXCLUSIVE
            ALTER TABLE document ADD COLUMN title text: 0 scans, 0 read, 0 written, ACCESS EXCLUSIVE
            """);
  }

  @Test
  void locksAreThoseOfTheStatementAndNotOfTheObserver() {
    assertThat(
            observe(
                """
                COMMENT ON TABLE document IS 'x';
                CREATE INDEX document_size_idx ON document (size);
                UPDATE document SET author_id = NULL WHERE author_id = (SELECT min(author_id) FROM document);
                ALTER TABLE document ALTER COLUMN size SET DEFAULT 1;
                """))
        .isEqualTo(
            """
            COMMENT ON TABLE document IS 'x': 0 scans, 0 read, 0 written, SHARE UPDATE EXCLUSIVE
            CREATE INDEX document_size_idx ON document (size): 1 scans, 3 read, 0 written, SHARE
            UPDATE document SET author_id = NULL WHERE author_id = (SELECT min(author_id) FROM document): 2 scans, 6 read, 1 written, SHARE
            ALTER TABLE document ALTER COLUMN size SET DEFAULT 1: 0 scans, 0 read, 0 written, ACCESS EXCLUSIVE
            """);
  }

  /// Reading the catalog takes most of the time, and an `INSERT` rarely changes it.
  @Test
  void theCatalogIsReadAgainAfterAStatementThatChangedIt() {
    Observation observation =
        RuleHarness.observe(
            """
            CREATE TABLE document (id integer PRIMARY KEY, size integer);
            CREATE FUNCTION part() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.id = 3 THEN
                    CREATE TABLE part (id integer PRIMARY KEY);
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER part BEFORE INSERT ON document FOR EACH ROW EXECUTE FUNCTION part();
            INSERT INTO document VALUES (0, 0);
            """,
            "",
            """
            INSERT INTO document VALUES (1, 1);
            INSERT INTO document VALUES (2, 2);
            INSERT INTO document VALUES (3, 3);
            UPDATE document SET size = 7;
            TRUNCATE document;
            """);
    List<Step> steps = observation.steps().toList();

    assertThat(steps.get(0).after()).isSameAs(steps.get(0).before());
    assertThat(steps.get(1).after()).isSameAs(steps.get(0).before());
    assertThat(steps.get(2).created(Catalog::relations).map(Relation::qualified))
        .contains("public.part");
    assertThat(steps.get(3).activity(oid(observation, "document")).written()).isEqualTo(4);
    assertThat(steps.get(4).rewrittenTables().map(table -> table.after().qualified()))
        .containsExactly("public.document");
  }

  @Test
  void outsideATransactionTheCatalogIsReadOnceForEachChange() {
    List<Step> steps =
        RuleHarness.observe(
                GIVEN,
                " runInTransaction:false",
                """
                INSERT INTO document (id, size) SELECT i, i FROM generate_series(100, 110) AS i;
                UPDATE document SET size = size + 1000;
                CREATE INDEX CONCURRENTLY document_size_idx ON document (size);
                DELETE FROM document WHERE id = 100;
                DROP INDEX CONCURRENTLY document_size_idx;
                """)
            .steps()
            .toList();

    assertThat(steps).extracting(Step::failure).containsOnlyNulls();
    Catalog first = steps.getFirst().before();
    assertThat(steps.get(0).after()).isSameAs(first);
    assertThat(steps.get(1).after()).isSameAs(first);
    assertThat(steps.get(2).before()).isSameAs(first);
    assertThat(steps.get(2).created(Catalog::relations).map(Relation::qualified))
        .containsExactly("public.document_size_idx");
    assertThat(steps.get(3).after()).isSameAs(steps.get(2).after());
    assertThat(steps.get(4).before()).isSameAs(steps.get(2).after());
    assertThat(steps.get(4).after().relations().values())
        .extracting(Relation::qualified)
        .doesNotContain("public.document_size_idx");
  }

  @Test
  void aLongCheckSaysHowFarItIs() throws Exception {
    List<String> said = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create()) {
      new StatementObserver(
              database.address(),
              ChangesetText.defaults(),
              Allowances.IN_FILES,
              TargetDatabase.UNKNOWN,
              RuleHarness.VECTORS,
              said::add,
              Duration.ZERO)
          .observe(
              ChangesetText.parse(
                  "core",
                  "002_change.sql",
                  "--liquibase formatted sql\n--changeset core:002\nSELECT 1; SELECT 2;\n--rollback empty because it is a test\n"));
    }
    assertThat(said)
        .containsExactly(
            "checking core/002_change: 1 of 2 statements",
            "checking core/002_change: 2 of 2 statements");
  }

  /// The first attempt commits a part. The second one, without sample rows, fails for that reason.
  @Test
  void theFirstFailureOutsideATransactionIsReported() {
    assertThat(
            RuleHarness.allFindingsOutsideTransaction(
                """
                CREATE TABLE document (id integer PRIMARY KEY, size integer);
                CREATE PROCEDURE split() LANGUAGE plpgsql AS $$
                BEGIN
                    CREATE TABLE part (id integer PRIMARY KEY);
                    COMMIT;
                    RAISE EXCEPTION 'no part for 1' USING ERRCODE = 'check_violation';
                END $$;
                """,
                "CALL split();"))
        .contains("changeset-fails: no part for 1 (23514)")
        .doesNotContain("already exists", "truncated-table");
  }

  @Test
  void aRenamedTableIsTheSameAndARecreatedOneIsNot() {
    Observation renamed = RuleHarness.observe(GIVEN, "", "ALTER TABLE document RENAME TO page;");
    Observation recreated =
        RuleHarness.observe(
            GIVEN, "", "DROP TABLE document;\nCREATE TABLE page (id integer PRIMARY KEY);");

    assertThat(renamed.after().relation(oid(renamed, "document")).qualified())
        .isEqualTo("public.page");
    assertThat(recreated.after().relations()).doesNotContainKey(oid(recreated, "document"));
  }

  @Test
  void linesAreThoseOfTheFile() {
    Observation observation =
        RuleHarness.observe(
            GIVEN,
            "",
            """

            -- why
            ALTER TABLE document
                --allow nothing: in its middle
                ADD COLUMN a text;  ALTER TABLE document ADD COLUMN b text;

            /* and
               why */ SELECT ';' AS "x;y",
                             $$ ; $$;
            SELECT 1;
            """);

    assertThat(observation.steps().map(step -> step.statement().line()))
        .containsExactly(5, 7, 10, 12);
  }

  private static long oid(Observation observation, String table) {
    return observation.before().relations().values().stream()
        .filter(relation -> relation.qualified().equals("public." + table))
        .map(Relation::oid)
        .findFirst()
        .orElseThrow();
  }

  /// The effects of each statement on `document`.
  private static String observe(String changeset) {
    Observation observation = RuleHarness.observe(GIVEN, "", changeset);
    long document = oid(observation, "document");
    Map<Long, Long> rows = observation.rows();
    assertThat(rows).containsEntry(document, 3L);
    List<String> lines =
        observation
            .steps()
            .map(step -> {
              Activity activity = step.activity(document);
              LockMode lock = step.lock(document);
              return "%s: %s scans, %s read, %s written, %s\n"
                  .formatted(
                      step.statement().firstLine(),
                      activity.scans(),
                      activity.read(),
                      activity.written(),
                      lock == null ? "no lock" : lock);
            })
            .toList();
    return lines.stream().collect(Collectors.joining());
  }
}
