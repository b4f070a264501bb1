package dev.sheaf.migration.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.migration.Approval;
import dev.sheaf.migration.MigrationListener;
import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.TestConfig;
import dev.sheaf.migration.changelog.ChangelogCheck;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What runs is what the file says, byte for byte, or the file is refused with its line before
/// anything runs.
class WhatRunsIT {

  private static final MigrationListener SILENT = new MigrationListener() {};

  @TempDir private Path root;
  private TestDatabase database;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    Files.createDirectories(root.resolve("core"));
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void f03LinesInAStringAreStored() throws Exception {
    String text = "line 1\n-- comment: this line is data\nline 3\n-- rollback the purchase\nline 5";
    write(
        1,
        "",
        "CREATE TABLE doc (id int PRIMARY KEY, body text);\nINSERT INTO doc VALUES (1, '"
            + text
            + "');",
        "DROP TABLE doc;");

    up();

    assertThat(database.query("SELECT body FROM doc")).containsExactly(text);
    assertThat(database.query("SELECT statements::text FROM schema_rollback"))
        .containsExactly("{\"DROP TABLE doc\"}");
    down();
    assertThat(tables()).isEmpty();
  }

  @Test
  void f03ALineInABodyIsNoRollback() throws Exception {
    write(
        1,
        "",
        "CREATE TABLE orders (id int);\nINSERT INTO orders SELECT generate_series(1, 10);",
        "DROP TABLE orders;");
    String body =
        "\nBEGIN\n-- rollback DELETE FROM orders;\n  PERFORM 1;\n-- rollback if balance < 0\nEND ";
    write(
        2,
        "",
        "CREATE FUNCTION purge() RETURNS void LANGUAGE plpgsql AS $$" + body + "$$;",
        "DROP FUNCTION purge;");

    up();
    assertThat(database.query("SELECT prosrc FROM pg_proc WHERE proname = 'purge'"))
        .containsExactly(body);
    down();

    assertThat(database.query("SELECT count(*) FROM orders")).containsExactly("10");
  }

  @Test
  void f03NoLineIsLeftOut() throws Exception {
    write(
        1,
        "",
        """
        CREATE TABLE t (id int);
        -- ignoreLines:2
        INSERT INTO t VALUES (1);
        INSERT INTO t VALUES (2);
        -- property values are looked up later
        --changeset-note
        INSERT INTO t VALUES (3);
        INSERT INTO t SELECT length('
        --tolerates nobody
        -- changeset app:002
        ');\
        """,
        "DROP TABLE t;");

    up();

    assertThat(database.query("SELECT id FROM t")).containsExactly("1", "2", "3", "41");
  }

  @Test
  void f04NothingIsSubstituted() throws Exception {
    String text = "${HOME} ${user.name} ${DATABASE_URL} ${nosuch}";
    write(
        1, "", "CREATE TABLE t (v text);\nINSERT INTO t VALUES ('" + text + "');", "DROP TABLE t;");

    up();

    assertThat(database.query("SELECT v FROM t")).containsExactly(text);
  }

  /// The checksum that an earlier version recorded has another host's environment in it.
  @Test
  void f04WhatAnotherHostRecordedGoesOn() throws Exception {
    write(1, "", "CREATE TABLE t (v text);\nINSERT INTO t VALUES ('${HOME}');", "DROP TABLE t;");
    up();
    String now = database.query("SELECT md5sum FROM databasechangelog").getFirst();
    database.execute(
        "UPDATE databasechangelog SET md5sum = '9:00000000000000000000000000000000';"
            + "UPDATE schema_rollback SET seal = NULL");
    write(2, "", "CREATE TABLE u ();", "DROP TABLE u;");

    up();

    assertThat(database.query("SELECT md5sum FROM databasechangelog WHERE id = '001'"))
        .containsExactly(now);
    write(1, "", "CREATE TABLE t (v text);\nINSERT INTO t VALUES ('${USER}');", "DROP TABLE t;");
    write(3, "", "CREATE TABLE v ();", "DROP TABLE v;");
    assertThat(refusal()).startsWith("core/001_a.sql was modified after it was applied");
  }

  @Test
  void anEditOfWhiteSpaceInAStringIsSeen() throws Exception {
    write(1, "", "CREATE TABLE t (v text);\nINSERT INTO t VALUES ('a b');", "DROP TABLE t;");
    up();
    write(2, "", "CREATE TABLE u ();", "DROP TABLE u;");

    write(1, "", "CREATE TABLE t (v text);\nINSERT INTO t VALUES ('a  b');", "DROP TABLE t;");
    assertThat(refusal()).startsWith("core/001_a.sql was modified after it was applied");

    write(1, "", "CREATE TABLE t (v   text);\n\nINSERT INTO t\nVALUES ('a b');", "DROP TABLE t;");
    up();
    assertThat(tables()).containsExactly("t", "u");
  }

  @ParameterizedTest
  @CsvSource({
    "ISO-8859-1, 4:28: contains byte 0xFC",
    "UTF-16LE, 1:2: contains a NUL",
    "UTF-16, 1:1: contains byte 0xFE"
  })
  void f06AnotherEncodingIsRefused(String charset, String problem) throws Exception {
    Files.writeString(
        root.resolve("core/001_a.sql"),
        text(
            1,
            "",
            "CREATE TABLE t (id int, v text);\nINSERT INTO t VALUES (1, 'Müller');",
            "DROP TABLE t;"),
        Charset.forName(charset));

    assertThat(refusal()).startsWith("core/001_a.sql:" + problem);
    assertThat(tables()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dbms:oracle",
        "endDelimiter:/",
        "splitStatements:false",
        "runWith:psql",
        "runOrder:last",
        "failOnError:false",
        "validCheckSum:x",
        "logicalFilePath:x",
        "nosuch:1",
        "runOnChange:true"
      })
  void f08WhatIsNotHonouredIsRefusedByName(String attribute) throws Exception {
    write(1, " " + attribute, "CREATE TABLE t ();", "DROP TABLE t;");

    assertThat(refusal())
        .startsWith("core/001_a.sql:2:1: uses " + attribute + ", which is not supported");
    assertThat(tables()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          CREATE TABLE a ();¶ROLLBACK;                     | 4:1: has a transaction command: ROLLBACK
          BEGIN;¶CREATE TABLE a ();¶COMMIT;¶SELECT 1/0;    | 3:1: has a transaction command: BEGIN (and 1 more: sheaf migrate check)
          CREATE TABLE a ();¶/* so */ end;                 | 4:10: has a transaction command: end
          START TRANSACTION;                               | 3:1: has a transaction command: START TRANSACTION
          CREATE TABLE a ();¶PREPARE TRANSACTION 'x';      | 4:1: has a transaction command: PREPARE TRANSACTION 'x'
          SAVEPOINT a;¶RELEASE a;                          | 3:1: has a transaction command: SAVEPOINT a (and 1 more: sheaf migrate check)
          """)
  void f09TransactionCommandsAreRefusedBeforeAnythingRuns(String sql, String problem)
      throws Exception {
    for (String options : List.of("", " runInTransaction:false")) {
      write(1, options, sql.replace('¶', '\n'), "empty because it is a test");

      assertThat(refusal())
          .isEqualTo(
              "core/001_a.sql:"
                  + problem
                  + " - delete it; the engine opens and ends the transaction");
      assertThat(tables()).isEmpty();
    }
  }

  @Test
  void f12RoutinesAndRulesAreSplitAsPsqlDoes() throws Exception {
    write(
        1,
        "",
        """
        CREATE TABLE t (id int);
        CREATE TABLE l (id int);
        CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC
          SELECT 1;
          SELECT CASE WHEN true THEN CASE 1 WHEN 1 THEN 2 END END;
        END;
        CREATE RULE r AS ON DELETE TO t DO ALSO (INSERT INTO l VALUES (OLD.id); INSERT INTO l VALUES (-OLD.id););
        INSERT INTO t VALUES (7);
        DELETE FROM t;
        """,
        "DROP FUNCTION f;\nDROP TABLE t, l;");

    up();

    assertThat(database.query("SELECT f()")).containsExactly("2");
    assertThat(database.query("SELECT id FROM l")).containsExactly("7", "-7");
    down();
  }

  @Test
  void f12CopyBringsItsRows() throws Exception {
    write(
        1,
        "",
        """
        \\restrict abcDEF
        CREATE TABLE t (id int, v text);
        COPY t (id, v) FROM stdin;
        1\tit's; $$
        2\t\\N
        3\t--rollback DROP TABLE t;
        \\.
        COPY t FROM STDIN WITH (FORMAT csv);
        4,"a
        b"
        \\.
        CREATE INDEX t_id_idx ON t (id);
        \\unrestrict abcDEF
        """,
        "COPY t FROM STDIN;\n5\tback\n\\.\nDROP TABLE t;");

    up();

    assertThat(database.query("SELECT id || ' ' || coalesce(v, 'null') FROM t ORDER BY id"))
        .containsExactly("1 it's; $$", "2 null", "3 --rollback DROP TABLE t;", "4 a\nb");
    down();
    assertThat(tables()).isEmpty();
  }

  @Test
  void aRollbackThatCopiesIsStoredWithItsRows() throws Exception {
    write(1, "", "CREATE TABLE t (id int);", "DROP TABLE t;");
    write(2, "", "DELETE FROM t;", "COPY t FROM STDIN;\n5\n6\n\\.");
    up();
    Files.delete(root.resolve("core/002_a.sql"));

    down();

    assertThat(database.query("SELECT id FROM t")).containsExactly("5", "6");
  }

  @Test
  void f12CommandsOfPsqlAreRefusedByName() throws Exception {
    write(1, "", "CREATE TABLE t ();\n\\set x 1\n\\i other.sql", "DROP TABLE t;");

    assertThat(refusal())
        .startsWith(
            "core/001_a.sql:4:1: \\set is a psql command, not SQL (and 1 more: sheaf migrate check)");
    assertThat(tables()).isEmpty();
  }

  /// Earlier versions applied files that are rejected today.
  @Test
  void onlyTheRollbackOfAnAppliedFileIsRejected() throws Exception {
    write(1, "", "CREATE TABLE t ();", "DROP TABLE t;");
    up();
    write(1, " dbms:oracle", "CREATE TABLE t ();", "DROP TABLE t;");
    write(2, "", "CREATE TABLE u ();", "DROP TABLE u;");

    up();
    down();
    assertThat(tables()).containsExactly("t");
    assertThat(migrations().down("core", 1, Approval.NONE, SILENT).problems().getFirst())
        .hasMessageStartingWith(
            "core/001_a.sql:2:1: uses dbms:oracle, which is not supported - remove it");
    assertThat(tables()).containsExactly("t");

    write(1, "", "CREATE TABLE t ();\n-- corrected", "DROP TABLE t;");
    migrations()
        .force("core", ChangesetVersion.of(1), new Approval(null, "corrected"), SILENT)
        .orThrow();
    down();
    assertThat(tables()).isEmpty();
  }

  /// Earlier versions asked for no reason.
  @Test
  void onlyAPendingFileMustSayWhyThereIsNothingToUndo() throws Exception {
    write(1, "", "CREATE TABLE t ();", "DROP TABLE t;");
    write(2, "", "CREATE TABLE u ();", "empty because v reads it");
    up();
    write(2, "", "CREATE TABLE u ();", "empty");
    write(3, "", "CREATE TABLE v ();", "empty");

    assertThat(refusal())
        .isEqualTo(
            "core/003_a.sql:4:12: does not say why there is nothing to undo"
                + " - write --rollback empty because <WHY>");
    assertThat(ChangelogCheck.of(root))
        .extracting(ChangelogCheck.Finding::path)
        .containsExactly("core/002_a.sql", "core/003_a.sql");

    write(3, "", "CREATE TABLE v ();", "DROP TABLE v;");
    up();
    migrations().down("core", 2, Approval.NONE, SILENT).orThrow();
    assertThat(tables()).containsExactly("t", "u");
  }

  @Test
  void f14NumbersMayBeDates() throws Exception {
    write(20261128093000L, "", "CREATE TABLE t ();", "DROP TABLE t;");
    write(20261128093001L, "", "CREATE TABLE u ();", "DROP TABLE u;");

    migrations()
        .up(
            new Migrations.Scope("core", ChangesetVersion.of(20261128093000L)),
            Approval.NONE,
            SILENT)
        .orThrow();

    assertThat(tables()).containsExactly("t");
    assertThat(migrations().status().modules().getFirst().applied()).isEqualTo(20261128093000L);
    assertThat(migrations().status().modules().getFirst().latest()).isEqualTo(20261128093001L);
    assertThat(ChangelogCheck.of(root)).isEmpty();
    migrations().goTo("core", ChangesetVersion.of(0), Approval.NONE, SILENT).orThrow();
    assertThat(tables()).isEmpty();
  }

  @Test
  void f14NumberZeroIsRefused() throws Exception {
    write(0, "", "CREATE TABLE t ();", "DROP TABLE t;");

    assertThat(refusal()).startsWith("core/000_a.sql:2:1: has number 000");
    assertThat(tables()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          CREATE TABLE t (id int);                            | 2:1: has no rollback
          CREATE TABLE t (id int);--rollback DROP TABLE t;    | 2:1: has no rollback (and 1 more: sheaf migrate check)
          CREATE TABLE t (id int);¶--rollback                 | 4:11: has no rollback
          CREATE TABLE t (id int);¶--rollback -- DROP TABLE t; | 4:12: has an empty rollback
          CREATE TABLE t (id int);¶--rollback ;               | 4:12: has an empty rollback
          CREATE TABLE t (id int);¶--rollback TODO            | 4:12: has a rollback that is no SQL: TODO
          CREATE TABLE t (id int);¶--rollback DROP TABLE t;¶--rollback and so on; | 5:12: has a rollback that is no SQL: and so on
          CREATE TABLE t (id int);¶/* liquibase rollback¶*/   | 5:1: has no rollback
          CREATE TABLE t (id int);¶/* rollback¶DROP TABLE t;¶*/ | 2:1: has no rollback
          CREATE TABLE t (id int);¶--rolback DROP TABLE t;    | 2:1: has no rollback (and 1 more: sheaf migrate check)
          CREATE TABLE t (id int);¶ --rollback DROP TABLE t;  | 2:1: has no rollback (and 1 more: sheaf migrate check)
          CREATE TABLE t (id int);¶INSERT INTO t VALUES (1);¶-- rollback: see the wiki | 2:1: has no rollback
          """)
  void aFileWithoutARollbackIsRefused(String sql, String problem) throws Exception {
    Files.writeString(
        root.resolve("core/001_a.sql"),
        "--liquibase formatted sql\n--changeset core:001\n" + sql.replace('¶', '\n') + "\n");

    assertThat(refusal())
        .isEqualTo(
            "core/001_a.sql:"
                + problem
                + " - write --rollback <SQL> after the last statement, or --rollback empty because <WHY> when there is"
                + " nothing to undo");
    assertThat(tables()).isEmpty();
    database.execute("CREATE TABLE t (id int)");
    assertThat(migrations().baseline(Approval.NONE, SILENT).problems())
        .singleElement()
        .asInstanceOf(InstanceOfAssertFactories.THROWABLE)
        .hasMessageStartingWith("core/001_a.sql:" + problem);
  }

  @ParameterizedTest
  @CsvSource({
    "--destructiv gone, --destructiv is no directive",
    "--statement-timeot 5s, --statement-timeot is no directive",
    "--lat refuse, --lat is no directive"
  })
  void g05UnknownDirectivesAreRefused(String line, String problem) throws Exception {
    write(1, "\n" + line, "CREATE TABLE t ();", "DROP TABLE t;");

    assertThat(refusal()).startsWith("core/001_a.sql:3:1: " + problem);
    assertThat(ChangelogCheck.of(root)).extracting(ChangelogCheck.Finding::line).containsExactly(3);
  }

  /// `--requires` is read from the first file of a module, and not from that of core.
  @Test
  void g05RequiresIsRefusedWhereItHasNoEffect() throws Exception {
    write(1, "\n--requires shop", "CREATE TABLE t ();", "DROP TABLE t;");
    write(2, "\n--requires shop", "CREATE TABLE u ();", "DROP TABLE u;");

    assertThat(refusal())
        .isEqualTo(
            "core/001_a.sql:3:1: requires a module, but every module requires core - remove --requires shop");
    assertThat(ChangelogCheck.of(root))
        .extracting(ChangelogCheck.Finding::toString)
        .anyMatch(finding ->
            finding.startsWith(
                "core/002_a.sql:3:1: has --requires, which only the first file of a module can have"));
    assertThat(tables()).isEmpty();
  }

  @Test
  void g15AFileWithoutStatementsIsRefused() throws Exception {
    write(1, "\n--comment x", "", "empty because it is a test");

    assertThat(refusal()).startsWith("core/001_a.sql:2:1: has no statement");
  }

  @Test
  void g15AnotherNumberIsRefused() throws Exception {
    Files.writeString(
        root.resolve("core/001_a.sql"), text(3, "", "CREATE TABLE t ();", "DROP TABLE t;"));

    assertThat(refusal()).startsWith("core/001_a.sql:2:1: calls itself core:003");
    assertThat(tables()).isEmpty();
  }

  @Test
  void aDirectoryThatIsNoModuleIsRefused() throws Exception {
    write(1, "", "CREATE TABLE t ();", "DROP TABLE t;");
    Files.createDirectories(root.resolve("my mod"));
    Files.writeString(
        root.resolve("my mod/001_a.sql"),
        text(1, "", "CREATE TABLE u ();", "DROP TABLE u;").replace("core:", "my_mod:"));

    assertThat(refusal())
        .isEqualTo(
            "my mod/001_a.sql:2:1: is in my mod/, which is not a module name - a module name has lower-case letters,"
                + " digits and _, and begins with a letter");
    assertThat(ChangelogCheck.of(root))
        .extracting(ChangelogCheck.Finding::path)
        .containsExactly("my mod/001_a.sql");
    assertThat(migrations().status().upToDate()).isFalse();
    assertThat(tables()).isEmpty();
  }

  /// The history stores 255 characters.
  @Test
  void aNameThatTheHistoryCannotStoreIsRefused() throws Exception {
    String file = "001_" + "a".repeat(238) + ".sql";
    Files.writeString(
        root.resolve("core").resolve(file), text(1, "", "CREATE TABLE t ();", "DROP TABLE t;"));

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> migrations())
        .withMessage(
            "the name of a changelog is too long: core/"
                + file
                + " has 251 characters - shorten it to 242 characters, with its module");
    Files.move(
        root.resolve("core").resolve(file),
        root.resolve("core").resolve(file.replaceFirst("a{9}", "")));

    up();
    down();
  }

  @Test
  void aBackslashIsNoEscapeWhateverTheDatabaseSays() throws Exception {
    database.execute(
        "ALTER DATABASE "
            + database.address().database()
            + " SET standard_conforming_strings = off");
    for (String options : List.of("", " runInTransaction:false")) {
      write(
          1,
          options,
          "CREATE TABLE t (v text DEFAULT 'C:\\new\\', w bytea DEFAULT '\\x0102');\nINSERT INTO t DEFAULT VALUES;",
          "DROP TABLE t;");

      up();

      assertThat(database.query("SELECT v || ' ' || encode(w, 'hex') FROM t"))
          .containsExactly("C:\\new\\ 0102");
      down();
    }
  }

  /// The driver has rules of its own: it makes `??` one, and loses an `E` at a doubled quote.
  @Test
  void theDriverChangesNothing() throws Exception {
    write(
        1,
        "",
        """
        CREATE FUNCTION pair(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 10 + $2';
        CREATE OPERATOR ?? (LEFTARG = int, RIGHTARG = int, FUNCTION = pair);
        CREATE TABLE t AS SELECT 1 ?? 2 AS a, E'it''s \\'; x' AS b, E'a'
          '\\';' AS c, '?' AS d;
        """,
        "DROP TABLE t;\nDROP OPERATOR ?? (int, int);\nDROP FUNCTION pair;");

    up();

    assertThat(database.query("SELECT a || b || c || d FROM t")).containsExactly("12it's '; xa';?");
    down();
  }

  @Test
  void lineEndsAndAByteOrderMarkMakeNoDifference() throws Exception {
    String file = text(1, "", "CREATE TABLE t AS SELECT 'a\nb'::text AS v;", "DROP TABLE t;");
    Files.writeString(root.resolve("core/001_a.sql"), "\uFEFF" + file.replace("\n", "\r\n"));
    up();
    assertThat(database.query("SELECT v FROM t")).containsExactly("a\nb");

    Files.writeString(root.resolve("core/001_a.sql"), file);

    assertThat(migrations().up(SILENT).executed()).isEmpty();
    assertThat(migrations().verify()).isEmpty();
  }

  private void up() {
    migrations().up(SILENT).orThrow();
  }

  private void down() {
    migrations().down("core", 1, Approval.NONE, SILENT).orThrow();
  }

  private String refusal() {
    MigrationResult result = migrations().up(SILENT);
    assertThat(result.executed()).isEmpty();
    return result.problems().stream().map(OperatorException::getMessage).toList().getFirst();
  }

  private List<String> tables() throws SQLException {
    return database.query(
        """
        SELECT relname
          FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
           AND relname !~ '^(schema_|databasechangelog|backfill)'
         ORDER BY relname
        """);
  }

  private Migrations migrations() {
    return TestConfig.migrations(database, root);
  }

  private void write(long number, String options, String up, String down) throws IOException {
    Files.writeString(
        root.resolve("core/" + ChangelogFile.digits(number) + "_a.sql"),
        text(number, options, up, down),
        StandardCharsets.UTF_8);
  }

  private static String text(long number, String options, String up, String down) {
    return "--liquibase formatted sql\n--changeset core:%s%s\n%s\n--rollback %s\n"
        .formatted(ChangelogFile.digits(number), options, up, down.replace("\n", "\n--rollback "));
  }
}
