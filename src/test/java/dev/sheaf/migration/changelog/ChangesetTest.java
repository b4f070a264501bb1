package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.sheaf.migration.ChangesetText;
import dev.sheaf.runtime.OperatorException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChangesetTest {

  private static final String HEAD = "--liquibase formatted sql\n--changeset core:001%s\n";

  @Test
  void whatIsWrongIsSaidWithItsPlaceAndHowMuchMoreThereIs() {
    Changeset changeset =
        ChangesetText.parse("core", "001_a.sql", HEAD.formatted(" labels:x") + "COMMIT;\n");

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(changeset::requireRunnable)
        .withMessage(
            "core/001_a.sql:2:1: uses labels:x, which is not supported (and 2 more: sheaf migrate check)"
                + " - remove it; a changeset runs once, everywhere, statement by statement");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          core   | 001_a.sql            | core:001            |
          core   | 0001_a.sql           | core:001            |
          core   | 20261128093000_a.sql | core:20261128093000 |
          core   | 123456789012345678_a.sql | core:123456789012345678 |
          core   | 001_a.sql            | core:003            | calls itself core:003; it is --changeset core:001
          core   | 001_a.sql            | core:1              | calls itself core:1; it is --changeset core:001
          core   | 001_a.sql            | shop:001            | calls itself shop:001; it is --changeset core:001
          core   | 000_a.sql            | core:000            | has number 000, which means that nothing is applied; begin with 001
          My-Mod | 001_a.sql            | My-Mod:001          | is in My-Mod/, which is not a module name; a module name has lower-case letters, digits and _, and begins with a letter
          """)
  void itsNameIsThatOfItsFile(String module, String file, String name, String problem) {
    Changeset changeset =
        ChangesetText.parse(
            module,
            file,
            "--liquibase formatted sql\n--changeset "
                + name
                + "\nSELECT 1;\n--rollback empty because it is a test\n");

    assertThat(changeset.problems())
        .extracting(found -> found.message() + "; " + found.hint())
        .isEqualTo(problem == null ? java.util.List.of() : java.util.List.of(problem));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          DROP TABLE a;                                          | DROP TABLE a
          /* old */ drop /* and gone */ table if exists a, b;     | drop /* and gone */ table if exists a, b
          ALTER TABLE a ADD COLUMN n int, DROP COLUMN m;         | ALTER TABLE a ADD COLUMN n int, DROP COLUMN m
          ALTER TABLE ONLY "a" DROP m;                           | ALTER TABLE ONLY "a" DROP m
          TRUNCATE a;                                            | TRUNCATE a
          DROP SCHEMA app CASCADE;                               | DROP SCHEMA app CASCADE
          DROP TYPE mood CASCADE;                                | DROP TYPE mood CASCADE
          CREATE TEMP TABLE t (n int); DROP TABLE a;             | DROP TABLE a
          CREATE TEMP TABLE t (n int); DROP TABLE t;             |
          ALTER TABLE a ALTER COLUMN n DROP NOT NULL;            |
          ALTER TABLE a ALTER n DROP DEFAULT, DROP CONSTRAINT c; |
          DROP INDEX i; DROP VIEW v; DROP FUNCTION f;            |
          DELETE FROM a;                                         |
          INSERT INTO a VALUES ('DROP TABLE a');                 |
          CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP TABLE a'; |
          DO $$ BEGIN truncate a; END $$;                        | DO $$ BEGIN truncate a; END $$
          DO $$ BEGIN DROP TABLE a; END $$;                      |
          DO 'BEGIN END -- truncate a';                          |
          """)
  void whatDestroysDataIsSeenWithoutADeclaration(String sql, String loss) {
    Changeset changeset =
        ChangesetText.parse(
            "core",
            "001_a.sql",
            HEAD.formatted("") + sql + "\n--rollback empty because it is a test\n");

    assertThat(changeset.destroys()).isEqualTo(loss);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1_a.sql", "01_a.sql", "a.sql", "001_A.sql", "1234567890123456789_a.sql"})
  void aFileNeedsAName(String name) {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(
            () -> ChangelogFile.of("core", name, "SELECT 1".getBytes(StandardCharsets.UTF_8)))
        .withMessageStartingWith("not a changelog's name: core/" + name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE INDEX CONCURRENTLY t_v_idx ON t (v)",
        "create unique index concurrently if not exists t_v_idx on t (v)",
        "DROP INDEX CONCURRENTLY t_v_idx",
        "REINDEX TABLE CONCURRENTLY t",
        "REINDEX (VERBOSE) INDEX CONCURRENTLY t_v_idx",
        "REINDEX (CONCURRENTLY) TABLE t",
        "CREATE /* why */ INDEX CONCURRENTLY\"t_v_idx\"ON\"t\"(v)",
        "ALTER TABLE p DETACH PARTITION q CONCURRENTLY",
        "-- why\nALTER TABLE p\n DETACH PARTITION q\n CONCURRENTLY",
      })
  void aConcurrentStepRunsOutsideOfATransaction(String sql) {
    assertThat(
            ChangesetText.parse(
                    "core",
                    "001_a.sql",
                    HEAD.formatted("") + sql + ";\n--rollback empty because it is a test\n")
                .problems())
        .extracting(ChangelogProblem::message)
        .containsExactly("uses CONCURRENTLY in a transaction");
    assertThat(
            ChangesetText.parse(
                    "core",
                    "001_a.sql",
                    HEAD.formatted(" runInTransaction:false")
                        + sql
                        + ";\n--rollback empty because it is a test\n")
                .problems())
        .isEmpty();
  }

  @Test
  void aNameThatCannotBeFoundAgainIsRejected() {
    assertThat(
            ChangesetText.parse(
                    "core",
                    "001_a.sql",
                    HEAD.formatted(" runInTransaction:false")
                        + "CREATE INDEX CONCURRENTLY IF NOT EXISTS U&\"k\\00e4\" ON t (v);\n"
                        + "CREATE INDEX CONCURRENTLY ON\"t\"(v);\n--rollback empty because it is a test\n")
                .problems())
        .extracting(ChangelogProblem::message)
        .containsExactly(
            "has a name with Unicode escapes in a statement with CONCURRENTLY",
            "creates an index on \"t\" concurrently without naming it");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT $$CREATE INDEX CONCURRENTLY$$'",
        "CREATE TABLE concurrently (id int)",
        "SELECT 'DROP INDEX CONCURRENTLY x'",
      })
  void notEverythingConcurrentIsSuchAStep(String sql) {
    assertThat(
            ChangesetText.parse(
                    "core",
                    "001_a.sql",
                    HEAD.formatted("") + sql + ";\n--rollback empty because it is a test\n")
                .problems())
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          CREATE INDEX CONCURRENTLY ON t (v)                                 | t
          CREATE UNIQUE INDEX CONCURRENTLY ON app . item USING btree (a, b) | app . item
          CREATE INDEX CONCURRENTLY ON "My ""T" (lower(v))                   | "My ""T"
          CREATE INDEX /* ; */ CONCURRENTLY ON ONLY größe (lower(v))         | größe
          """)
  void aConcurrentIndexNeedsAName(String sql, String table) {
    assertThat(
            ChangesetText.parse(
                    "core",
                    "001_a.sql",
                    HEAD.formatted(" runInTransaction:false")
                        + sql
                        + ";\n--rollback empty because it is a test\n")
                .problems())
        .extracting(ChangelogProblem::message, ChangelogProblem::hint)
        .containsExactly(
            tuple(
                "creates an index on " + table + " concurrently without naming it",
                "give it a name: CREATE INDEX CONCURRENTLY name ON " + table));
  }

  @Test
  void theChecksumOfAnEarlierVersionIsItsOwn() {
    String file =
        HEAD.formatted("")
            + "SELECT '\n-- comment: data\n${user.name}';\n--rollback empty because it is a test\n";
    Changeset changeset = ChangesetText.parse("core", "001_a.sql", file);
    String earlier = LiquibaseReading.checksum(SourceText.of(file)).orElseThrow();

    assertThat(earlier).isNotEqualTo(changeset.checksum());
    assertThat(changeset.isWhatWasApplied(earlier, null)).isTrue();
    assertThat(changeset.isWhatWasApplied(changeset.checksum(), changeset.seal())).isTrue();
    assertThat(changeset.isWhatWasApplied(changeset.checksum(), changeset.checksum() + " 0"))
        .isFalse();
  }
}
