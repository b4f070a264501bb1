package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlSplitterTest {

  @Test
  void splitsAtSemicolons() {
    assertThat(split("SELECT 1;\n\nSELECT 2;")).containsExactly("SELECT 1", "SELECT 2");
    assertThat(split("SELECT 1; SELECT 2\n")).containsExactly("SELECT 1", "SELECT 2");
    assertThat(split("-- nothing\n;; /* here */ ;\n")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 'a;b''c;'",
        "SELECT \"d;\"\"e;\"",
        "SELECT 'x\\'",
        "SELECT E'\\';'",
        "SELECT e'\\\\'",
        "SELECT E'a'\n  '\\';'",
        "SELECT E'a' -- it goes on; really\n '\\';'",
        "SELECT U&'\\0061;\\'",
        "SELECT U&\"d\\0061t;\"",
        "SELECT u&'\\'",
        "SELECT N'\\'",
        "SELECT n';'",
        "SELECT B'1;'",
        "SELECT x'\\'",
        "SELECT nameE'\\'",
        "SELECT _e'\\'",
        "SELECT größe'\\'",
        "SELECT $$;$$",
        "SELECT $t$;$$;$t$",
        "SELECT $t$;$u$;$t;$t$",
        "SELECT $a$$b$;$a$",
        "SELECT $größe$;$größe$",
        "SELECT $1",
        "SELECT $1$x$;$x$",
        "SELECT a$1$",
        "SELECT 1 -- one; two\n + 2",
        "SELECT 1 -- it's; \"so\" $$\n + 2",
        "SELECT /* a; /* b; */ c; */ 2",
        "SELECT /*/ ; */ 2",
        "SELECT /* ' ; \" $$ */ 2",
        "SELECT 1 */*;*/ 2",
        "SELECT 1 +--;\n 2",
        "SELECT 1 - -2",
        "SELECT '--;', '/*;'",
        "SELECT a /* \u2028; */, '\u00a0;'",
        "SELECT $\u00a0$;$\u00a0$",
        "CREATE RULE r AS ON DELETE TO t DO ALSO (INSERT INTO l VALUES (1); DELETE FROM m;)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "create or replace procedure p() begin /* so */ atomic select case when 1 = 1 then case 2 when 2 then 3 end end; end",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT (CASE WHEN true THEN 1 END); SELECT t.end, 1 AS end, a.case FROM t; END",
        "CREATE FUNCTION fn_atomic() RETURNS int LANGUAGE sql AS 'SELECT 1;'",
        "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1;'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $b$ BEGIN CASE WHEN 1 = 1 THEN RETURN 1; END CASE; END $b$",
        "CREATE TABLE begin (atomic int)",
      })
  void aStatementHoldsSemicolons(String statement) {
    assertThat(split(statement + ";SELECT 'next'")).containsExactly(statement, "SELECT 'next'");
  }

  @Test
  void aSemicolonEndsWhatIsNoRoutine() {
    assertThat(split("CREATE VIEW begin AS SELECT begin atomic; SELECT 1"))
        .containsExactly("CREATE VIEW begin AS SELECT begin atomic", "SELECT 1");
  }

  @Test
  void aClosingParenthesisTooMuchOpensNothing() {
    assertThat(split("SELECT 1); SELECT (2); SELECT 3"))
        .containsExactly("SELECT 1)", "SELECT (2)", "SELECT 3");
  }

  @Test
  void commentsBelongToTheStatementBehindThem() {
    assertThat(split("-- one\nSELECT 1; -- two\n/* three */ SELECT 2 -- four\n; -- five\n"))
        .containsExactly("-- one\nSELECT 1", "-- two\n/* three */ SELECT 2 -- four");
  }

  @Test
  void aCarriageReturnAloneEndsAComment() {
    assertThat(split("-- one\rSELECT 1; SELECT 2")).containsExactly("-- one\rSELECT 1", "SELECT 2");
  }

  @Test
  void saysWhereAStatementStands() {
    List<SqlStatement> statements =
        SqlStatement.of("SELECT 'ä';\n\n  -- two\n  /* x */ SELECT 2; SELECT '𝄞'; SELECT 4");

    assertThat(statements)
        .extracting(statement -> statement.line() + ":" + statement.column())
        .containsExactly("1:1", "4:11", "4:21", "4:33");
    assertThat(statements.get(1).withoutLeadingComments()).isEqualTo("SELECT 2");
    assertThat(statements.get(1).firstLine()).isEqualTo("SELECT 2");
  }

  @Test
  void theRowsOfCopyFollowInTheText() throws IOException {
    String copy = "COPY t (id, \"from\") FROM stdin WITH (FORMAT csv);\n1,it's; $$\n2,\\N\n\\.";

    List<SqlStatement> statements = SqlStatement.of("SELECT 1;\n" + copy + "\n\nSELECT 2;");

    assertThat(statements).hasToString("[SELECT 1, " + copy + ", SELECT 2]");
    SqlStatement rows = statements.get(1);
    assertThat(rows.copiesIn()).isTrue();
    assertThat(rows.sql()).isEqualTo("COPY t (id, \"from\") FROM stdin WITH (FORMAT csv)");
    assertThat(rows.data().readAllBytes())
        .isEqualTo("1,it's; $$\n2,\\N\n".getBytes(StandardCharsets.UTF_8));
    assertThat(SqlStatement.of(rows.toString())).singleElement().hasToString(copy);
  }

  @Test
  void aCopyMayHaveNoRows() throws IOException {
    List<SqlStatement> statements = SqlStatement.of("COPY t FROM STDIN; -- none\n\\.\nSELECT 2;");

    assertThat(statements).hasSize(2);
    assertThat(statements.getFirst().data().readAllBytes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "COPY t FROM '/stdin'",
        "COPY stdin FROM PROGRAM 'cat'",
        "COPY (SELECT 1 FROM stdin) TO '/x'",
        "SELECT * FROM stdin",
        "COMMENT ON TABLE copy IS 'FROM STDIN'",
      })
  void notEveryCopyHasRows(String sql) {
    assertThat(SqlStatement.of(sql + ";\nSELECT 1"))
        .extracting(SqlStatement::copiesIn)
        .containsExactly(false, false);
  }

  @Test
  void theFrameOfADumpIsSkipped() {
    assertThat(problems("\\restrict abcDEF123\nSELECT 1;\n\n\\unrestrict abcDEF123\n")).isEmpty();
    assertThat(split("\\restrict abcDEF123\nSELECT 1;\n\n\\unrestrict abcDEF123\n"))
        .containsExactly("SELECT 1");
    assertThat(
            split(
                "-- a dump\n\n\\restrict abc\n\n-- settings\nSET a = 1;\n\n-- end\n\\unrestrict abc\n"))
        .containsExactly("-- settings\nSET a = 1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT 1;¶\\set x 1¶SELECT 2;           | 2:1: \\set is a psql command, not SQL
          SELECT 1¶\\gset                         | 2:1: \\gset is a psql command, not SQL
          SELECT 1 \\; SELECT 2;                  | 1:10: \\; is a psql command, not SQL
          \\unrestrict abc                        | 1:1: \\unrestrict is a psql command, not SQL
          \\restrict abc¶\\unrestrict xyz         | 2:1: \\unrestrict is a psql command, not SQL
          SELECT 1¶\\restrict abc                 | 2:1: \\restrict is a psql command, not SQL
          SELECT 1;¶\\.                           | 2:1: \\. is a psql command, not SQL
          SELECT 'ä', 'it;                        | 1:13: the quote that opens here is not closed
          SELECT 1;¶SELECT "a                     | 2:8: the quote that opens here is not closed
          SELECT E'a\\'                           | 1:8: the quote that opens here is not closed
          DO $x$ BEGIN; $y$                       | 1:4: the dollar quote that opens here is not closed
          SELECT /* 1 /* 2 */ ;                   | 1:8: the comment that opens here is not closed
          SELECT (1, (2);                         | 1:8: the parenthesis that opens here is not closed
          CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; | 1:27: the body that BEGIN ATOMIC opens here has no END
          COPY t FROM stdin; SELECT 1;¶1¶\\.      | 1:20: the rows of COPY ... FROM STDIN begin in the next line, but this text is before them
          SELECT 1;¶ COPY t FROM stdin;¶1¶2       | 2:2: the rows of this COPY ... FROM STDIN have no end
          COPY t FROM stdin                       | 1:1: this COPY ... FROM STDIN has no semicolon, so no rows follow it
          """)
  void whatPsqlAloneUnderstandsAndWhatHasNoEndIsRefused(String sql, String problem) {
    assertThat(problems(sql.replace('¶', '\n'))).containsExactly(problem.replace("\\\\", "\\"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "BEGIN",
        "begin work",
        "START TRANSACTION READ ONLY",
        "COMMIT",
        "COMMIT PREPARED 'x'",
        "end",
        "ROLLBACK",
        "ROLLBACK TO SAVEPOINT a",
        "ABORT",
        "SAVEPOINT a",
        "RELEASE a",
        "/* now */ PREPARE TRANSACTION 'x'",
      })
  void findsTransactionCommands(String sql) {
    assertThat(SqlStatement.of(sql).getFirst().kind())
        .isEqualTo(SqlStatement.Kind.TRANSACTION_COMMAND);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PREPARE transaction_plan AS SELECT 1",
        "PREPARE x AS SELECT 1",
        "SELECT commit FROM t",
        "DO $$ BEGIN COMMIT; END $$",
        "\"begin\"",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "BEGıN",
      })
  void notEverythingIsATransactionCommand(String sql) {
    assertThat(SqlStatement.of(sql).getFirst().kind()).isEqualTo(SqlStatement.Kind.ORDINARY);
  }

  private static List<String> split(String sql) {
    List<ChangelogProblem> problems = new ArrayList<>();
    List<SqlStatement> statements =
        new SqlSplitter(SourceText.of(sql), SqlSplitter.Comments.NO_DIRECTIVES, problems::add)
            .split();
    assertThat(problems).isEmpty();
    return statements.stream().map(SqlStatement::sql).toList();
  }

  private static List<String> problems(String sql) {
    List<ChangelogProblem> problems = new ArrayList<>();
    new SqlSplitter(SourceText.of(sql), SqlSplitter.Comments.NO_DIRECTIVES, problems::add).split();
    return problems.stream().map(ChangelogProblem::located).toList();
  }
}
