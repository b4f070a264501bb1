package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChangelogReaderTest {

  private static final String HEAD = "--liquibase formatted sql\n\n--changeset core:001\n";

  @Test
  void readsAChangeset() {
    ChangelogText read =
        read(
            """
            --liquibase formatted sql
            --requires fulltext

            --changeset core:001 runInTransaction:false
            --comment what it is for
            --destructive the old column goes
            CREATE TABLE a (b text DEFAULT ';');
            DO $$ BEGIN PERFORM 1; END $$;

            --lossy-rollback the rows are gone
            --rollback DROP TABLE a;
            --rollback SELECT 1
            """);

    assertThat(read.problems()).isEmpty();
    assertThat(read.author()).isEqualTo("core");
    assertThat(read.id()).isEqualTo("001");
    assertThat(read.comment()).isEqualTo("what it is for");
    assertThat(read.transactional()).isFalse();
    assertThat(read.up())
        .hasToString("[CREATE TABLE a (b text DEFAULT ';'), DO $$ BEGIN PERFORM 1; END $$]");
    assertThat(read.down()).hasToString("[DROP TABLE a, SELECT 1]");
    assertThat(read.directives())
        .extracting(line -> line.position().line() + " " + line.word() + " " + line.value())
        .containsExactly(
            "2 requires fulltext",
            "6 destructive the old column goes",
            "10 lossy-rollback the rows are gone");
  }

  @Test
  void aRollbackMayBeABlock() {
    ChangelogText read =
        read(
            HEAD
                + """
                CREATE TABLE a ();
                -- why it is so
                /* liquibase rollback
                DROP TABLE a; -- it is empty
                /* and */ SELECT
                  1;
                */
                """);

    assertThat(read.problems()).isEmpty();
    assertThat(read.down()).hasToString("[DROP TABLE a, -- it is empty\n/* and */ SELECT\n  1]");
    assertThat(down(read)).extracting(SqlStatement::line).containsExactly(7, 8);
    assertThat(down(read)).extracting(SqlStatement::column).containsExactly(1, 11);
  }

  @Test
  void statementsOfARollbackStandWhereTheyAreWritten() {
    ChangelogText read =
        read(
            HEAD
                + "SELECT 1;\n\n--rollback DROP TABLE a; DROP\n-- note\n--rollback  TABLE b; DELETE FROM c;\n");

    assertThat(read.problems()).isEmpty();
    assertThat(down(read))
        .extracting(statement -> statement.line() + ":" + statement.column() + " " + statement)
        .containsExactly("6:12 DROP TABLE a", "6:26 DROP\n TABLE b", "8:22 DELETE FROM c");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "empty because a view reads it",
        "EMPTY: a view reads it",
        "empty (ビュー)",
        "not required because of that"
      })
  void aRollbackMaySayThatNothingIsToBeUndone(String rollback) {
    ChangelogText read = read(HEAD + "SELECT 1;\n--rollback " + rollback + "\n\n");

    assertThat(read.problems()).isEmpty();
    assertThat(read.down()).isEmpty();
  }

  @Test
  void linesInLiteralsAndBodiesAreNoDirectives() {
    String insert =
        """
        INSERT INTO doc VALUES (1, 'line 1
        -- comment: this line is data
        --comment so is this
        -- changeset app:002
        --changeset app:002
        --tolerates nobody
        line 3
        --rollback DROP TABLE doc;
        -- rollback the purchase
        -- ignoreLines:2
        line 5 ${HOME} ${nosuch}')\
        """;
    String function =
        """
        CREATE FUNCTION purge() RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
        -- rollback DELETE FROM orders;
        --rollback DELETE FROM orders;
        -- rollback if balance < 0
        /* liquibase rollback
        DELETE FROM orders;
        */
          PERFORM 1;
        END $$\
        """;
    String routine =
        """
        CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC
        --rollback DELETE FROM orders;
        SELECT 1;
        END\
        """;
    String table =
        """
        CREATE TABLE t (
        --comment is no column
        --late is none either
        --rollback DROP TABLE t;
        id int)\
        """;

    ChangelogText read =
        read(
            HEAD
                + String.join(";\n", insert, function, routine, table)
                + ";\n/*\n--rollback DROP TABLE x;\n*/\n--rollback DROP TABLE doc;\n");

    assertThat(read.problems()).isEmpty();
    assertThat(read.up())
        .extracting(SqlStatement::sql)
        .containsExactly(insert, function, routine, table);
    assertThat(read.down()).hasToString("[DROP TABLE doc]");
    assertThat(read.directives()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-- property values are looked up later",
        "-- rollback the purchase",
        "-- rollback if balance < 0",
        "-- changeset notes: see below",
        "-- ignoreLines:2",
        "-- comment: this is one",
        "-- preconditions are not met",
        "-- destructive it is",
        "--changeset-note",
        "--note: that",
        "--expect table-rewrite",
        "--DROP TABLE x;",
        "--;",
        "--------",
        "--",
        "/* rollback DROP TABLE x; */",
        "/* instances\nSELECT 1\n*/",
      })
  void proseIsAComment(String comment) {
    ChangelogText read =
        read(
            "--liquibase formatted sql\n"
                + comment
                + "\n--changeset core:001\n"
                + comment
                + "\nSELECT 1;\n"
                + comment
                + "\nSELECT 2;\n"
                + comment
                + "\n--rollback SELECT 3;\n"
                + comment
                + "\n");

    assertThat(read.problems()).isEmpty();
    assertThat(read.up())
        .extracting(SqlStatement::sql)
        .containsExactly(comment + "\nSELECT 1", comment + "\nSELECT 2");
    assertThat(read.down()).hasToString("[SELECT 3]");
    assertThat(read.comment()).isEmpty();
  }

  @Test
  void liquibasesDirectivesMayHaveASpaceWhereNothingElseCanBeMeant() {
    ChangelogText read =
        read(
            """

            -- liquibase formatted sql

            -- changeset core:001 runInTransaction:false
            CREATE TABLE t ()
            -- rollback DROP TABLE t;
            -- rollback DROP TABLE u;
            """);

    assertThat(read.problems()).isEmpty();
    assertThat(read.id()).isEqualTo("001");
    assertThat(read.transactional()).isFalse();
    assertThat(read.up()).hasToString("[CREATE TABLE t ()]");
    assertThat(read.down()).hasToString("[DROP TABLE t, DROP TABLE u]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT 1;¶-- rollback DROP TABLE a;¶SELECT 2;¶--rollback SELECT 3; | 5:13: a comment that reads like --rollback
          SELECT 1;¶-- rollback DROP TABLE a;¶--rollback SELECT 3;           | 5:13: a comment that reads like --rollback
          SELECT 1;¶  --rollback DROP TABLE a;¶--rollback SELECT 3;          | 5:3: a comment that reads like --rollback
          SELECT 1;--rollback DROP TABLE a;¶--rollback SELECT 3;             | 4:10: a comment that reads like --rollback
          SELECT 1; -- rollback empty¶--rollback SELECT 3;                   | 4:11: a comment that reads like --rollback
          SELECT 1;¶-- changeset core:002¶--rollback SELECT 3;               | 5:1: a comment that reads like --changeset
          SELECT 1;¶--changeset core:002¶--rollback SELECT 3;                | 5:1: contains a second changeset
          SELECT 1;¶--rollback SELECT 3;¶SELECT 2;                           | 6:1: has SQL after the rollback in line 5
          SELECT 1;¶--rollback SELECT 3;¶--rollback                          |
          SELECT 1;¶--rollback                                               | 5:11: has no rollback
          SELECT 1;¶--rollback -- to be completed                            | 5:12: has an empty rollback
          SELECT 1;¶--rollback empty                                         | 5:12: does not say why there is nothing to undo
          SELECT 1;¶--rollback EMPTY because: ...                            | 5:12: does not say why there is nothing to undo
          SELECT 1;¶--rollback not required.                                 | 5:12: does not say why there is nothing to undo
          SELECT 1;¶/* liquibase rollback¶empty¶*/                           | 6:1: does not say why there is nothing to undo
          SELECT 1;¶--rollback: SELECT 3;                                    | 5:1: cannot read --rollback with a colon
          SELECT 1;¶--rollback changesetId:1 changesetAuthor:core            | 5:12: takes its rollback from another changeset, which is not supported
          SELECT 1;¶--rollback SELECT 'a;                                    | 5:19: the quote that opens here is not closed
          SELECT 1;¶--rollback SELECT 1;¶--rollback \\set x                  | 6:12: \\set is a psql command, not SQL
          SELECT 1;¶--rollback SELECT 1;¶--rollback  COMMIT;                 | 6:13: has a transaction command: COMMIT
          SELECT 1;¶/* liquibase rollback SELECT 3; */¶--rollback SELECT 3;  | 5:1: the SQL of /* liquibase rollback is on its first line
          SELECT 1;                                                          | 3:1: has no rollback
          --rollback empty because it is a test                                                   | 3:1: has no statement
          -- nothing¶--rollback empty because it is a test                                        | 3:1: has no statement
          SELECT 1;¶BEGIN;¶--rollback SELECT 3;                              | 5:1: has a transaction command: BEGIN
          COPY t TO stdout;¶--rollback SELECT 3;                             | 4:1: copies to STDOUT, which is not read: COPY t TO stdout
          --destructiv gone¶SELECT 1;¶--rollback SELECT 3;                   | 4:1: --destructiv is no directive
          --statement-timeot 5s¶SELECT 1;¶--rollback SELECT 3;               | 4:1: --statement-timeot is no directive
          --lat refuse¶SELECT 1;¶--rollback SELECT 3;                        | 4:1: --lat is no directive
          --timeout 5s¶SELECT 1;¶--rollback SELECT 3;                        | 4:1: --timeout is no directive
          --Tolerates 1.4¶SELECT 1;¶--rollback SELECT 3;                     | 4:1: --Tolerates is no directive
          --rolback DROP TABLE t;¶SELECT 1;¶--rollback SELECT 3;             | 4:1: --rolback is no directive
          --property name:x value:y¶SELECT 1;¶--rollback SELECT 3;           | 4:1: uses --property, which is not supported
          --ignoreLines:2¶SELECT 1;¶--rollback SELECT 3;                     | 4:1: uses --ignoreLines, which is not supported
          --validCheckSum: ANY¶SELECT 1;¶--rollback SELECT 3;                | 4:1: uses --validCheckSum, which is not supported
          --precondition-sql-check expectedResult:0 SELECT 1¶SELECT 1;¶--rollback SELECT 3; | 4:1: uses --precondition-sql-check, which is not supported
          """)
  void whatCouldBeMeantOtherwiseIsRefusedByLine(String body, String problem) {
    ChangelogText read = read(HEAD + body.replace('¶', '\n') + "\n");

    assertThat(read.problems())
        .extracting(ChangelogProblem::located)
        .isEqualTo(problem == null ? List.of() : List.of(problem.replace("\\\\", "\\")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dbms:oracle",
        "dbms:!postgresql",
        "dbms:none",
        "endDelimiter:/",
        "splitStatements:false",
        "stripComments:true",
        "runWith:psql",
        "runOrder:last",
        "failOnError:false",
        "validCheckSum:any",
        "logicalFilePath:x.sql",
        "context:test",
        "labels:\"a and b\"",
        "ignore:true",
        "runOnChange:true",
        "runAlways:true",
        "nosuch:1",
        "onValidationFail:MARK_RAN",
      })
  void anAttributeThatIsNotHonouredIsRefusedByName(String attribute) {
    ChangelogText read =
        read(
            "--liquibase formatted sql\n--changeset core:001 runInTransaction:false "
                + attribute
                + "\nSELECT 1;\n--rollback empty because it is a test\n");

    assertThat(read.transactional()).isFalse();
    assertThat(read.problems())
        .extracting(ChangelogProblem::located)
        .containsExactly("2:1: uses " + attribute.replace("\"", "") + ", which is not supported");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dbms:postgresql",
        "dbms:h2,postgresql",
        "dbms:!oracle",
        "splitStatements:true",
        "stripComments:false",
        "failOnError:true",
        "endDelimiter:;",
        "runOnChange:false runAlways:false",
        "runInTransaction:TRUE",
      })
  void anAttributeThatAsksForWhatIsDoneAnywayIsFine(String attribute) {
    assertThat(
            read("--liquibase formatted sql\n--changeset core:001 "
                    + attribute
                    + "\nSELECT 1;\n--rollback empty because it is a test\n")
                .problems())
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                                | 1:1: does not begin with --liquibase formatted sql+1:1: contains no changeset
          --liquibase formatted sql                         | 1:1: contains no changeset
          SELECT 1;¶--liquibase formatted sql¶--changeset a:1¶SELECT 2;¶--rollback empty because it is a test | 1:1: does not begin with --liquibase formatted sql+1:1: has SQL before --changeset
          --changeset a:1¶SELECT 2;¶--rollback empty because it is a test        | 1:1: does not begin with --liquibase formatted sql
          --liquibase formatted sql logicalFilePath:x¶--changeset a:1¶SELECT 2;¶--rollback empty because it is a test | 1:1: uses logicalFilePath:x, which is not supported
          --liquibase formatted xml¶--changeset a:1¶SELECT 2;¶--rollback empty because it is a test | 1:1: cannot read this line+1:1: does not begin with --liquibase formatted sql
          --liquibase formatted sql¶--changeset 1¶SELECT 2;¶--rollback empty because it is a test | 2:1: cannot read this line
          --liquibase formatted sql¶--changeset a:1 really¶SELECT 2;¶--rollback empty because it is a test | 2:1: cannot read "really" on the line of --changeset
          --liquibase formatted sql¶--changeset a:1 runInTransaction:no¶SELECT 2;¶--rollback empty because it is a test | 2:1: runInTransaction is "no"
          --liquibase formatted sql¶--comment x¶--changeset a:1¶SELECT 2;¶--rollback empty because it is a test | 2:1: has its --comment before --changeset
          """)
  void theHeadIsRefusedWhereItIsNotOne(String file, String problems) {
    assertThat(read(file.replace('¶', '\n')).problems())
        .extracting(ChangelogProblem::located)
        .containsExactly(problems.split("\\+"));
  }

  @Test
  void anotherEncodingIsRefusedWithItsPlace() {
    byte[] latin1 =
        (HEAD + "INSERT INTO t VALUES (1, 'Müller');\n--rollback empty because it is a test\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    byte[] utf16 =
        (HEAD + "SELECT 1;\n--rollback empty because it is a test\n")
            .getBytes(StandardCharsets.UTF_16LE);

    assertThat(ChangelogReader.read(SourceText.of(latin1)).problems())
        .containsExactly(
            new ChangelogProblem(
                new SourceText.Position(4, 28),
                "contains byte 0xFC, which is not UTF-8",
                "save the file as UTF-8"));
    assertThat(ChangelogReader.read(SourceText.of(utf16)).problems())
        .extracting(ChangelogProblem::located)
        .containsExactly("1:2: contains a NUL");
  }

  @Test
  void lineEndsAndAByteOrderMarkMakeNoDifference() {
    String file =
        HEAD
            + "--late refuse\nINSERT INTO t VALUES ('a\nb');\n\n--rollback DELETE\n--rollback FROM t;\n";

    ChangelogText plain = read(file);
    ChangelogText other = read("\uFEFF" + file.replace("\n", "\r\n"));

    assertThat(other.problems()).isEmpty();
    assertThat(other.checksum()).isEqualTo(plain.checksum());
    assertThat(other.up()).hasToString(plain.up().toString());
    assertThat(other.down()).hasToString(String.valueOf(plain.down()));
    assertThat(other.directives()).isEqualTo(plain.directives());
  }

  @Test
  void aCarriageReturnAloneEndsNoDirective() {
    assertThat(
            read(HEAD
                    + "SELECT 1;\n--comment x\rDROP TABLE t;\n--rollback empty because it is a test\n")
                .problems())
        .extracting(ChangelogProblem::located)
        .containsExactly("5:12: the line of --comment ends in a carriage return alone");
  }

  private static List<SqlStatement> down(ChangelogText read) {
    return Objects.requireNonNull(read.down());
  }

  private static ChangelogText read(String file) {
    return ChangelogReader.read(SourceText.of(file));
  }
}
