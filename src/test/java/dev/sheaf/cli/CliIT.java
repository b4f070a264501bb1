package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.runtime.ProcessIdentity;
import dev.sheaf.testing.NativeMetadata;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every command: exit code and complete stdout and stderr.
class CliIT {

  @TempDir private Path directory;
  private TestDatabase database;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    changelog("core", 1, "a", "CREATE TABLE a (id int);", "DROP TABLE a;");
    changelog("core", 2, "b", "CREATE TABLE b (id int);", "DROP TABLE b;");
    settings(database.address(), "");
  }

  /// A native executable prints only what its build knows.
  @AfterAll
  static void everyClassThatWasPrintedIsRegistered() throws Exception {
    assertThat(NativeMetadata.unknownTo(Json.MAPPER)).isEmpty();
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void upAndDown() {
    assertThat(sheaf("migrate", "up"))
        .isEqualTo(
            """
            exit 0
            out:
            up    core/001_a  TIME
            up    core/002_b  TIME
            err:
            2 changesets applied in TIME
            """);
    assertThat(sheaf("migrate", "up")).isEqualTo("exit 0\nout:\nerr:\nnothing is pending\n");
    assertThat(sheaf("migrate", "down", "--module", "core"))
        .isEqualTo(
            """
            exit 0
            out:
            down  core/002_b  TIME
            err:
            1 changeset rolled back in TIME
            """);
    assertThat(sheaf("migrate", "goto", "0", "--module", "core", "--quiet"))
        .isEqualTo(
            """
            exit 0
            out:
            down  core/001_a  TIME
            err:
            """);
  }

  @Test
  void statusAndVersion() throws IOException {
    sheaf("migrate", "up", "--module", "core", "--to", "1");
    changelog("extra", 1, "x", "CREATE TABLE x (id int);", "DROP TABLE x;");
    settings(database.address(), "sheaf.modules.extra.enabled=false\n");

    assertThat(sheaf("migrate", "status", "--check"))
        .isEqualTo(
            """
            exit 3
            out:
            MODULE  APPLIED  LATEST  STATE
            core    001      002     1 pending
            extra   -        001     off
            pending  core/002_b
            err:
            %s is not up to date
            """
                .formatted(database.address()));
    assertThat(sheaf("migrate", "version"))
        .isEqualTo(
            """
            exit 0
            out:
            core   001
            extra  000
            err:
            """);
    assertThat(sheaf("migrate", "version", "--json"))
        .isEqualTo(
            """
            exit 0
            out:
            {
              "core" : 1,
              "extra" : 0
            }
            err:
            """);

    settings(database.address(), "");
    sheaf("migrate", "up");
    Files.delete(directory.resolve("changelog/extra/001_x.sql"));
    Files.delete(directory.resolve("changelog/extra"));
    assertThat(sheaf("migrate", "status", "--check"))
        .isEqualTo(
            """
            exit 0
            out:
            MODULE  APPLIED  LATEST  STATE
            core    002      002     up to date
            extra   001      -       applied, but has no changelogs
            unknown  extra/001_x  applied, but this version has no such file
            err:
            %s is up to date
            """
                .formatted(database.address()));
    assertThat(sheaf("migrate", "verify"))
        .startsWith(
            "exit 1\nout:\nerr:\nsheaf: module extra is applied, but has no changelogs in ");
  }

  @Test
  void verifyNamesTheDifferences() throws Exception {
    sheaf("migrate", "up");
    assertThat(sheaf("migrate", "verify")).isEqualTo("exit 0\nout:\nerr:\nno differences\n");

    database.execute("ALTER TABLE a ALTER COLUMN id TYPE bigint");

    assertThat(sheaf("migrate", "verify"))
        .isEqualTo(
            """
            exit 3
            out:
            changed  column public.a.id
                     expected: #1 integer storage=p
                     actual: #1 bigint storage=p
            err:
            1 difference
            """);
  }

  @Test
  void sqlIsPrintedAndNotRun() {
    assertThat(sheaf("migrate", "sql", "up", "--module", "core", "--to", "1"))
        .isEqualTo(
            """
            exit 0
            out:
            -- core/001_a
            BEGIN;
            CREATE TABLE a (id int);
            COMMIT;

            err:
            """);
    assertThat(sheaf("migrate", "version")).contains("core  000");
  }

  @Test
  void aFailureIsAMessageAndAHint() throws IOException {
    changelog("core", 3, "c", "CREATE TABEL c (id int);", "DROP TABLE c;");

    assertThat(sheaf("migrate", "up"))
        .isEqualTo(
            """
            exit 1
            out:
            up    core/001_a  TIME
            up    core/002_b  TIME
            err:
            sheaf: core/003_c.sql failed: syntax error at or near "TABEL", in: CREATE TABEL c (id int)
            """);
    assertThat(sheaf("migrate", "up", "--json"))
        .startsWith(
            """
            exit 1
            out:
            {
              "executed" : [ ],
              "problems" : [ {
                "problem" : "core/003_c.sql failed: syntax error at or near \\"TABEL\\", in: CREATE TABEL c (id int)",
                "hint" : ""
              } ],
            """);
  }

  @Test
  void anUnreachableServerIsNamed() throws IOException {
    settings(DatabaseAddress.parse("postgres://ann:secret@127.0.0.1:1/sheaf"), "");

    assertThat(sheaf("migrate", "status"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: cannot reach PostgreSQL at 127.0.0.1:1: connection refused
              check host and port, and whether the server is running
            """);
  }

  @Test
  void aWrongPasswordIsNotPrinted() throws IOException {
    DatabaseAddress right = database.address();
    settings(new DatabaseAddress(right.jdbcUrl(), right.user(), "wrong-secret"), "");

    assertThat(sheaf("migrate", "status", "--verbose"))
        .startsWith(
            "exit 1\nout:\nerr:\nsheaf: PostgreSQL at %s rejects the role \"%s\""
                .formatted(right.server(), right.user()))
        .doesNotContain("wrong-secret");
  }

  @Test
  void aMissingDatabaseIsNamed() throws IOException {
    settings(database.address().withDatabase("nowhere"), "");

    assertThat(sheaf("migrate", "status"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: PostgreSQL at %s has no database "nowhere"
              create it: CREATE DATABASE "nowhere"
            """
                .formatted(database.address().server()));
  }

  @Test
  void yamlIsNamed() throws IOException {
    Path yaml = Files.writeString(directory.resolve("sheaf.yaml"), "sheaf: {}");
    assertThat(run("migrate", "status", "--config", yaml.toString()))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: %s is YAML, which --config does not read
              write the settings into a properties file, as name=value
            """
                .formatted(yaml));
  }

  @Test
  void aMissingDirectoryIsNamed() {
    assertThat(run("migrate", "status", "--config", config(), "--root", directory + "/nowhere"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: no directory of changelogs: %s/nowhere
              give the directory that holds core/
            """
                .formatted(directory));
  }

  @Test
  void aMissingPrivilegeToCreateAnExtensionIsExplained() throws Exception {
    String role = "weak_" + database.address().database();
    database.execute(
        "CREATE ROLE " + role + " LOGIN PASSWORD 'weak'; GRANT ALL ON SCHEMA public TO " + role);
    // Only a superuser may create this extension, like pgvector on servers where it is not trusted.
    changelog("core", 3, "c", "CREATE EXTENSION pageinspect;", "DROP EXTENSION pageinspect;");
    try {
      settings(new DatabaseAddress(database.address().jdbcUrl(), role, "weak"), "");

      assertThat(sheaf("migrate", "up", "--quiet"))
          .endsWith(
              """
              err:
              sheaf: core/003_c.sql failed: permission denied to create extension "pageinspect", in: CREATE EXTENSION pageinspect
                ask an administrator to run in database %s: CREATE EXTENSION pageinspect;
              """
                  .formatted(database.address().database()));
    } finally {
      database.execute("DROP OWNED BY " + role + "; DROP ROLE " + role);
    }
  }

  @Test
  void createAndCheck() throws IOException {
    Path root = directory.resolve("changelog");
    assertThat(sheaf("migrate", "create", "Document language", "--module", "core"))
        .isEqualTo("exit 0\nout:\n" + root.resolve("core/003_document_language.sql") + "\nerr:\n");
    assertThat(sheaf("migrate", "create", "again", "--module", "core", "--number", "3"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: number 003 is taken by core/003_document_language.sql
              the next free one is 004
            """);
    changelog(
        "core",
        5,
        "late",
        "BEGIN;\nCREATE INDEX CONCURRENTLY i ON a (id);\nCOMMIT;",
        "DROP INDEX i;\nSELECT 1;");
    Files.writeString(root.resolve("core/Six.sql"), "");
    Files.writeString(
        root.resolve("core/001_again.sql"),
        "--liquibase formatted sql\n--changeset x:1\nSELECT 1;\n");

    assertThat(sheaf("migrate", "check"))
        .isEqualTo(
            """
            exit 1
            out:
            core/001_again.sql: has the same number as core/001_a.sql; give it the next free one
            core/001_again.sql:2:1: has no rollback; write --rollback <SQL> after the last statement, or --rollback empty because <WHY> when there is nothing to undo
            core/001_again.sql:2:1: calls itself x:1; it is --changeset core:001
            core/003_document_language.sql:3:1: has no statement; write what it changes
            core/003_document_language.sql:6:11: has no rollback; write --rollback <SQL> after the last statement, or --rollback empty because <WHY> when there is nothing to undo
            core/005_late.sql:4:1: has a transaction command: BEGIN; delete it; the engine opens and ends the transaction
            core/005_late.sql:5:1: uses CONCURRENTLY in a transaction; write --changeset core:005 runInTransaction:false
            core/005_late.sql:6:1: has a transaction command: COMMIT; delete it; the engine opens and ends the transaction
            core/005_late.sql:9:1: has SQL after the rollback in line 8; begin each line of the rollback with --rollback, after the last statement
            core/Six.sql: not a changelog's name: core/Six.sql; it is NNN_name.sql, such as 007_document_language.sql, in lower case, with 3 to 18 digits
            core/005_late.sql: number 004 is missing before it
            err:
            11 findings
            """);
  }

  @Test
  void proveTellsWhatARollbackRestores() throws IOException {
    sheaf("migrate", "up");
    changelog("core", 3, "c", "CREATE TABLE c (id int);", "DROP TABLE c;");
    changelog(
        "core",
        4,
        "d",
        "ALTER TABLE b ADD COLUMN name text;",
        "ALTER TABLE b ALTER COLUMN id SET NOT NULL;");
    changelog("core", 5, "e", "--lossy-rollback nobody reads it\nDELETE FROM a;", "SELECT 1;");

    assertThat(sheaf("migrate", "prove"))
        .isEqualTo(
            """
            exit 1
            out:
            proven  core/003_c
            failed  core/004_d  after its rollback, the catalog is not the same as before
            changed  column public.b.id
                     expected: integer storage=p
                     actual: integer not null storage=p
            extra    column public.b.name
                     actual: text storage=x
            lossy   core/005_e  nobody reads it
                    rows lost  public.a
            err:
            2 changesets proven in TIME, 1 failed
            """);
    assertThat(
            sheaf(
                "migrate",
                "prove",
                "--json",
                directory.resolve("changelog/core/003_c.sql").toString()))
        .isEqualTo(
            """
            exit 0
            out:
            [ {
              "changeset" : "core/003_c",
              "verdict" : "proven",
              "differences" : [ ],
              "lost" : [ ],
              "remarks" : [ ]
            } ]
            err:
            1 changeset proven in TIME
            """);
    assertThat(sheaf("migrate", "prove", "--all", "--module", "core"))
        .startsWith("exit 1\nout:\nproven  core/001_a\nproven  core/002_b\n");
    assertThat(sheaf("migrate", "prove", "--all", "one.sql")).startsWith("exit 2\n");
  }

  @Test
  void scratchDatabasesNeedNoConfiguredOne() throws IOException {
    DatabaseAddress server = database.address();
    String proven = "exit 0\nout:\nproven  core/001_a\nproven  core/002_b\nerr:\n";
    String url = PasswordFile.url(server);

    Files.writeString(directory.resolve("test.properties"), "");
    assertThat(sheaf("migrate", "prove", "--scratch", url)).startsWith(proven);

    Files.writeString(
        directory.resolve("test.properties"), "sheaf.schema.scratch-url=" + url + "\n");
    assertThat(sheaf("migrate", "prove")).startsWith(proven);
  }

  @Test
  void aPasswordOnTheCommandLineIsRejectedAndNotPrinted() {
    assertThat(sheaf("migrate", "prove", "--scratch", "postgres://ann:secret@localhost/shop"))
        .startsWith(
            """
            exit 2
            out:
            err:
            Invalid value for option '--scratch': other users can see a password on the command line; put it into ~/.pgpass, or into the setting sheaf.schema.scratch-url
            """)
        .doesNotContain("secret");
  }

  @Test
  void deriveRollbackWritesIt() throws IOException {
    Path file = directory.resolve("changelog/core/003_c.sql");
    Files.writeString(
        file,
        """
        --liquibase formatted sql

        --changeset core:003
        ALTER TABLE a ADD COLUMN name text;
        ALTER TABLE a ALTER COLUMN id TYPE bigint;
        UPDATE b SET id = 0;
        """);

    assertThat(sheaf("migrate", "derive-rollback", file.toString()))
        .isEqualTo(
            """
            exit 0
            out:
            ALTER TABLE a DROP COLUMN name;
            ALTER TABLE a ALTER COLUMN id TYPE integer USING id::integer;
            err:
            declared as lossy: data that was dropped or overwritten in public.b is not restored; rows that were written since can prevent it: integer out of range
            2 statements written to %s
            """
                .formatted(file));
    assertThat(sheaf("migrate", "prove", file.toString()))
        .startsWith("exit 0\nout:\nlossy   core/003_c  data that was dropped");
    assertThat(sheaf("migrate", "derive-rollback", file.toString()))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: core/003_c.sql already has a rollback
              test it: sheaf migrate prove %s
            """
                .formatted(file));
  }

  @Test
  void theEntitiesOfACheckoutMatchItsChangelogs() throws IOException {
    assertThat(
            run(
                "migrate",
                "create",
                "x",
                "--module",
                "core",
                "--from-entities",
                "--config",
                config(),
                "--root",
                "src/main/resources/db/changelog"))
        .isEqualTo("exit 0\nout:\nerr:\nthe changelogs match the entities\n");

    // Without the module that creates the tables of collections and documents.
    changelog("core", 1, "vector", "CREATE EXTENSION vector;", "DROP EXTENSION vector;");
    Files.delete(directory.resolve("changelog/core/001_a.sql"));
    Path file = directory.resolve("changelog/core/003_all.sql");
    assertThat(sheaf("migrate", "create", "all", "--module", "core", "--from-entities"))
        .isEqualTo("exit 0\nout:\n" + file + "\nerr:\n");
    assertThat(sheaf("migrate", "prove", file.toString()))
        .startsWith("exit 0\nout:\nproven  core/003_all\n");
  }

  @Test
  void productionIsGuarded() throws IOException {
    settings(database.address(), "sheaf.environment=production\n");
    changelog("core", 3, "c", "CREATE INDEX c ON b (id);", "DROP INDEX c;");
    sheaf("migrate", "up");

    assertThat(sheaf("migrate", "down", "--module", "core"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: down requires approval, because this is a production database
              name who approved it: --approved-by WHO
            """);
    assertThat(
            sheaf(
                "migrate", "down", "--module", "core", "--approved-by", "ann", "--reason", "slow"))
        .startsWith("exit 0");
    assertThat(sheaf("migrate", "down", "--module", "core", "--approved-by", "ann"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: the rollback of core/002_b.sql destroys data (DROP TABLE b), but no verified backup younger than 24 h is recorded
              take one: sheaf backup FILE, then sheaf backup verify FILE
            """);
    assertThat(sheaf("migrate", "history").lines().filter(line -> line.contains(" down ")))
        .singleElement()
        .satisfies(line -> assertThat(line).contains("ann", "slow"));
  }

  @Test
  void adopt() throws Exception {
    Path files = Files.createDirectories(directory.resolve("migrations"));
    Files.writeString(files.resolve("1_a.up.sql"), "CREATE TABLE a (id int);");
    Files.writeString(files.resolve("1_a.down.sql"), "DROP TABLE a;");
    Files.writeString(files.resolve("2_b.up.sql"), "CREATE TABLE b (id int);");
    database.execute(
        "CREATE TABLE a (id int);"
            + "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);"
            + "INSERT INTO schema_migrations VALUES (1, false)");
    String root = files.toString();

    assertThat(sheaf("migrate", "adopt", "--from", "rails", "--dir", root))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: there is no tool rails
              there are: golang-migrate, goose, dbmate, flyway, liquibase, alembic, database, sql
            """);
    Path shop = Files.createDirectories(directory.resolve("shop"));
    Files.writeString(
        shop.resolve("2024.sql"), "--liquibase formatted sql\n--changeset ann:1\nSELECT 1;\n");
    assertThat(sheaf("migrate", "adopt", "--from", "liquibase", "--dir", shop.toString()))
        .startsWith("exit 1\nout:\nerr:\nsheaf: no changelogs for module core in " + shop)
        .contains("; to split files of Liquibase with several changesets, add --convert DIR\n");
    assertThat(sheaf("migrate", "adopt", "--from", "golang-migrate", "--dir", root, "--at", "2"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: public.schema_migrations is at version 1, not at 2
              leave out --at, or use --from sql if the table is wrong
            """);
    String target = directory.resolve("converted").toString();
    assertThat(
            sheaf(
                "migrate", "adopt", "--from", "golang-migrate", "--dir", root, "--convert", target))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: formatted SQL needs a rollback in each file, and these have none: core/2_b.up.sql
              write it beside each of them: sheaf migrate derive-rollback FILE
            """);
    assertThat(Path.of(target)).doesNotExist();
    assertThat(sheaf("migrate", "adopt", "--from", "golang-migrate", "--dir", root))
        .isEqualTo("exit 0\nout:\nerr:\n1 changeset recorded as applied\n");
    assertThat(sheafIn(root, "migrate", "create", "add c", "--module", "core"))
        .isEqualTo(
            "exit 0\nout:\n%s/3_add_c.up.sql\n%s/3_add_c.down.sql\nerr:\n".formatted(root, root));
    assertThat(sheafIn(root, "migrate", "up", "--module", "core", "--to", "2"))
        .isEqualTo(
            """
            exit 0
            out:
            up    core/2_b  TIME
            err:
            without a rollback: core/2_b; sheaf migrate derive-rollback FILE writes one
            1 changeset applied in TIME
            """);
    assertThat(sheafIn(root, "migrate", "sql", "down", "--module", "core"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: core/2_b has no rollback
              write it into core/2_b.down.sql, or let sheaf migrate derive-rollback write it
            """);
  }

  @Test
  void forceBaselineAndDrop() throws Exception {
    assertThat(sheaf("migrate", "force", "1", "--module", "core", "--reason", "by hand"))
        .isEqualTo("exit 0\nout:\nerr:\ncore is recorded at 001\n");
    assertThat(sheaf("migrate", "force", "0", "--module", "core", "--reason", "not so"))
        .startsWith("exit 0");
    database.execute("CREATE TABLE a (id int); CREATE TABLE b (id int)");
    assertThat(sheaf("migrate", "baseline"))
        .isEqualTo("exit 0\nout:\nerr:\n2 changesets recorded as applied\n");
    assertThat(sheaf("migrate", "drop", "--confirm", "another")).startsWith("exit 1");
    assertThat(sheaf("migrate", "drop", "--confirm", database.address().database(), "--quiet"))
        .isEqualTo("exit 0\nout:\ndown  core/002_b  TIME\ndown  core/001_a  TIME\nerr:\n");
  }

  @Test
  void trashListAndEmpty() throws IOException {
    changelog("core", 3, "c", "SELECT sheaf_trash_table('a');", "SELECT sheaf_restore_table('a');");
    sheaf("migrate", "up");

    assertThat(sheaf("trash", "list").replaceAll("\\d{4}-\\S+Z", "AT                  "))
        .isEqualTo(
            """
            exit 0
            out:
            SINCE                 OBJECT    KEPT AS        BYTES  CHANGESET
            AT                    public.a  sheaf_trash.a  0      core/003_c
            err:
            """);
    assertThat(sheaf("trash", "empty", "--older-than", "14d"))
        .isEqualTo("exit 0\nout:\nerr:\nnothing has been in the trash for that long\n");
    assertThat(sheaf("trash", "empty", "--older-than", "0s"))
        .isEqualTo(
            """
            exit 0
            out:
            dropped  public.a
            err:
            1 object permanently dropped
            """);
    assertThat(sheaf("trash", "list")).isEqualTo("exit 0\nout:\nerr:\nthe trash is empty\n");
    assertThat(sheaf("migrate", "verify")).isEqualTo("exit 0\nout:\nerr:\nno differences\n");
    assertThat(
            sheaf("migrate", "down", "--module", "core")
                .replaceAll("on \\d{4}-\\d\\d-\\d\\d", "on DATE"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: core/003_c.sql failed: table a cannot be restored: it was dropped from the trash on DATE, in: SELECT sheaf_restore_table('a')
            """);
  }

  @Test
  void anOlderApplicationSaysWhetherItIsTolerated() throws IOException {
    changelog("core", 3, "c", "CREATE TABLE c (id int);", "DROP TABLE c;");
    changelog("core", 4, "d", "--tolerates 0.1\nCREATE TABLE d (id int);", "DROP TABLE d;");
    sheaf("migrate", "up");
    Files.delete(directory.resolve("changelog/core/003_c.sql"));
    Files.delete(directory.resolve("changelog/core/004_d.sql"));

    assertThat(sheaf("migrate", "status", "--check"))
        .isEqualTo(
            """
            exit 3
            out:
            MODULE  APPLIED  LATEST  STATE
            core    004      002     1 unknown, 1 newer
            newer    core/004_d  applied by a newer version; tolerated
            unknown  core/003_c  applied, but this version has no such file
            err:
            %s is not up to date
            """
                .formatted(database.address()));
  }

  @Test
  void planIsWhatAReviewerMustKnow() throws Exception {
    sheaf("migrate", "up");
    database.execute("INSERT INTO a SELECT generate_series(1, 1000); ANALYZE a");
    changelog(
        "core",
        3,
        "c",
        "--tolerates 0.1\n--lock-timeout 1s\nCREATE TABLE c (id bigint PRIMARY KEY);\nCOMMENT ON TABLE c IS 'C';",
        "DROP TABLE c;");
    changelog(
        "core",
        4,
        "d",
        "--lock-timeout 1s\n--destructive nobody reads b\nALTER TABLE a ALTER COLUMN id TYPE bigint;\nDROP TABLE b;",
        "CREATE TABLE b (id int);\n--rollback ALTER TABLE a ALTER COLUMN id TYPE int;");
    changelog(
        "core",
        5,
        "e",
        "--lock-timeout 1s\nSELECT sheaf_trash_table('a');",
        "SELECT sheaf_restore_table('a');");

    String plan = sheaf("migrate", "plan");

    assertThat(plan).contains("- [ ] **table-rewrite** (error, line 6): public.a is rewritten; ");
    assertThat(
            plan.replaceAll("(?m)^- \\[.] \\*\\*([a-z-]+|Check)\\*\\*.*\\R", "")
                .replaceAll("\\(\\d+ kB", "(SIZE")
                .replace(ProcessIdentity.VERSION, "VERSION"))
        .isEqualTo(
            """
            exit 0
            out:
            # 3 changesets for %s

            To be applied by VERSION; last migrated by VERSION.

            Modules: core.

            - [ ] **Backup**: no verified backup that is recent enough is recorded

            ## core/003_c

            | Object | Change | Blocking lock | Duration |
            |---|---|---|---|
            | public.c | created | none |  |

            - [x] **Data destroyed**: none
            - [x] **Owners, privileges, policies, sharing**: unchanged
            - [x] **Compatibility**: compatible with 0.1 and later; replicas of VERSION continue to serve
            - [x] **Rollback**: proven, no rows are lost

            ## core/004_d

            | Object | Change | Blocking lock | Duration |
            |---|---|---|---|
            | public.a (SIZE, about 1000 rows) | column id: integer becomes bigint, **rewritten** | ACCESS EXCLUSIVE | less than a second |
            | public.b (0 bytes, about 0 rows) | **dropped** | ACCESS EXCLUSIVE | instant |

            - [ ] **Data destroyed** (public.b): nobody reads b
            - [x] **Owners, privileges, policies, sharing**: unchanged
            - [ ] **Compatibility**: declares no compatible older version; replicas of VERSION without it become unready when it is applied
            - [ ] **Rollback**: fails: its rollback loses rows, but the file does not declare --lossy-rollback WHY

            ## core/005_e

            | Object | Change | Blocking lock | Duration |
            |---|---|---|---|
            | public.a (SIZE, about 1000 rows) | moved to the trash, can be restored | ACCESS EXCLUSIVE | instant |

            - [x] **Data destroyed**: none
            - [x] **Owners, privileges, policies, sharing**: unchanged
            - [ ] **Compatibility**: declares no compatible older version; replicas of VERSION without it become unready when it is applied
            - [x] **Rollback**: proven, no rows are lost
            err:
            """
                .formatted(database.address()));
    assertThat(sheaf("migrate", "version")).contains("core  002");
    assertThat(sheaf("migrate", "plan", "--json")).startsWith("exit 0\nout:\n{\n  \"database\" : ");
    sheaf("migrate", "up");
    changelog(
        "core",
        6,
        "f",
        """
        --lock-timeout 1s
        ALTER TABLE c ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON c USING (id > 0);
        GRANT SELECT ON c TO PUBLIC;
        ALTER TABLE c ADD COLUMN name text;
        CREATE PUBLICATION everything FOR TABLE c;
        CREATE TABLE g (id bigint);
        """,
        "empty because it is a test");
    database.execute(
        """
        CREATE PUBLICATION reports FOR TABLE c;
        INSERT INTO schema_backup (file, checksum, bytes, schema_fingerprint, taken_at, client, application_version, restore_ms)
        VALUES ('f', 's', 1, 'x', now(), 'c', 'v', 83000);
        """);
    assertThat(sheaf("migrate", "plan"))
        .contains(
            "; restoring it takes about 1 min TIME\n",
            "- [ ] **Owners, privileges, policies, sharing**: policy public.c.own created;"
                + " privileges on public.c changed; publication everything created;"
                + " row-level security of table public.c enabled;"
                + " public.c is published by reports, and subscribers need the same change\n");
    sheaf("migrate", "up");
    assertThat(sheaf("migrate", "plan"))
        .isEqualTo("exit 0\nout:\nNothing is pending in %s.\nerr:\n".formatted(database.address()));
  }

  @Test
  void upRunsACommandThen() throws IOException {
    Path written = directory.resolve("written by 'sh'");

    assertThat(sheaf("migrate", "up", "--then", "echo generated > \"" + written + "\""))
        .startsWith("exit 0");
    assertThat(written).hasContent("generated");
    assertThat(sheaf("migrate", "up", "--then", "exit 7"))
        .endsWith(
            """
            sheaf: the command of --then ended with exit code 7
              the changesets are applied; correct the command, and run it by itself
            """);
    settings(database.address(), "sheaf.environment=production\n");
    assertThat(sheaf("migrate", "up", "--then", "rm \"" + written + "\""))
        .startsWith("exit 1")
        .contains("--then is for development");
    assertThat(written).exists();
  }

  @Test
  void readonlyRefusesWritesUntilItIsOff() throws Exception {
    sheaf("migrate", "up", "--to", "1", "--module", "core");
    assertThat(sheaf("readonly", "on"))
        .isEqualTo(
            """
            exit 2
            out:
            err:
            Missing required option with on: '--reason=WHY'
              see sheaf readonly --help
            """);
    assertThat(sheaf("readonly", "status"))
        .isEqualTo("exit 0\nout:\nthe database accepts writes\nerr:\n");
    String state = "the database is read-only since \\S+Z, by ann: a disk";
    try (Connection earlier = database.connect()) {
      assertThat(
              sheaf(
                  "readonly", "on", "--reason", "a disk", "--approved-by", "ann", "--grace", "0s"))
          .matches("exit 0\nout:\n" + state + "\nerr:\n");
      assertThat(earlier.isValid(0)).isFalse();
    }
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> database.execute("CREATE TABLE x (id int)"))
        .withMessageContaining("read-only transaction");
    assertThat(sheaf("migrate", "up"))
        .matches(
            "exit 1\nout:\nerr:\nsheaf: "
                + state
                + "\n  sheaf readonly off makes it accept writes again\n");
    assertThat(sheaf("migrate", "status")).startsWith("exit 0");
    assertThat(sheaf("readonly", "status", "--json"))
        .containsPattern("\"readOnly\" : true,\n  \"mode\" : \\{\n    \"since\" : \"\\S+Z\",")
        .contains("\"by\" : \"ann\",\n    \"reason\" : \"a disk\"");
    assertThat(sheaf("readonly", "on", "--reason", "x\ny"))
        .contains(
            "sheaf: the reason, or the name, has more than 500 characters or more than one line");
    assertThat(sheaf("readonly", "off")).startsWith("exit 0\nout:\nthe database accepts writes\n");
    assertThat(sheaf("migrate", "up")).contains("up    core/002_b");
    assertThat(sheaf("migrate", "history")).contains("readonly on", "readonly off");
  }

  @Test
  void wrongUsageIsTwo() {
    assertThat(run("migrate", "nonsense")).startsWith("exit 2");
    assertThat(run("migrate", "goto", "1"))
        .isEqualTo(
            """
            exit 2
            out:
            err:
            Missing required option: '--module=M'
              see sheaf migrate goto --help
            """);
    assertThat(run("migrate", "down", "--modul=core", "--module", "core"))
        .isEqualTo(
            """
            exit 2
            out:
            err:
            Unknown option: '--modul=core'
            Possible solutions: --module
              see sheaf migrate down --help
            """);
    String negative =
        """
        exit 1
        out:
        err:
        sheaf: the number of changesets must be at least 1: -1
          sheaf migrate down 1
        """;
    assertThat(sheaf("migrate", "down", "-1", "--module", "core")).isEqualTo(negative);
    assertThat(sheaf("migrate", "sql", "down", "-1", "--module", "core")).isEqualTo(negative);
    assertThat(run("migrate", "up", "--to", "x"))
        .isEqualTo(
            """
            exit 2
            out:
            err:
            Invalid value for option '--to': 'x' is not a version, such as 7 or 1.10
              see sheaf migrate up --help
            """);
    assertThat(run("migrate", "force", "1", "--module", "core"))
        .contains("Missing required option: '--reason=WHY'");
    assertThat(run("migrate"))
        .startsWith("exit 2")
        .contains("Usage: sheaf migrate", "derive-rollback");
    assertThat(run("migrate", "goto", "1", "--json"))
        .contains(
            """
            out:
            {
              "problems" : [ {
                "problem" : "Missing required option: '--module=M'",
                "hint" : ""
              } ]
            }
            """);
    assertThat(run("migrate", "force", "--help"))
        .contains("*     --module=M", "*     --reason=WHY");
  }

  @Test
  void failuresAreJsonToo() throws IOException {
    settings(DatabaseAddress.parse("postgres://ann:secret@127.0.0.1:1/sheaf"), "");

    assertThat(sheaf("migrate", "status", "--json"))
        .isEqualTo(
            """
            exit 1
            out:
            {
              "problems" : [ {
                "problem" : "cannot reach PostgreSQL at 127.0.0.1:1: connection refused",
                "hint" : "check host and port, and whether the server is running"
              } ]
            }
            err:
            sheaf: cannot reach PostgreSQL at 127.0.0.1:1: connection refused
              check host and port, and whether the server is running
            """);
  }

  @Test
  void versionAndCompletion() {
    assertThat(run("version")).startsWith("exit 0\nout:\nsheaf ").isEqualTo(run("--version"));
    assertThat(run("generate-completion"))
        .contains("complete -F _complete_sheaf", "derive-rollback");
  }

  @Test
  void historyFitsOnAScreen() {
    String reason =
        "because of a thing that takes many words to tell, more than fit into one line of a terminal";
    sheaf("migrate", "up");
    sheaf("migrate", "force", "1", "--module", "core", "--reason", reason);

    assertThat(sheaf("migrate", "history").lines())
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100))
        .anySatisfy(line -> assertThat(line).contains("core/002_b", "because of a thing", "..."));
    assertThat(sheaf("migrate", "history", "--long")).contains(reason, "CLIENT");
  }

  @Test
  void seedAndVerifyMongodb() throws IOException {
    assertThat(sheaf("migrate", "seed"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: MongoDB is off
              set sheaf.mongodb.url=mongodb://user:password@host:27017/database
            """);

    var mongodb = new MongoServer(new MemoryBackend());
    try {
      settings(
          database.address(),
          "sheaf.mongodb.url=mongodb://127.0.0.1:" + mongodb.bind().getPort() + "/shop\n");
      Path file = directory.resolve("mongodb/core/indexes.json");
      Files.createDirectories(file.getParent());
      Files.writeString(
          file,
          """
          {"collections": [{"name": "orders", "indexes": [
            {"keys": {"customer": 1}, "options": {"name": "orders_customer"}}]}]}
          """);
      sheaf("migrate", "up");

      assertThat(sheaf("migrate", "verify"))
          .isEqualTo(
              """
              exit 3
              out:
              missing  mongodb collection orders
                       expected: collection
              missing  mongodb index orders.orders_customer
                       expected: {"keys": {"customer": 1}, "options": {}}
              err:
              2 differences
              """);
      assertThat(sheaf("migrate", "seed"))
          .isEqualTo(
              """
              exit 0
              out:
              created  collection orders  TIME
              created  index orders.orders_customer  TIME
              err:
              creating collection orders
              creating index orders.orders_customer
              2 created, 0 unchanged
              """);
      assertThat(sheaf("migrate", "seed", "--quiet")).isEqualTo("exit 0\nout:\nerr:\n");
      assertThat(sheaf("migrate", "verify")).isEqualTo("exit 0\nout:\nerr:\nno differences\n");
    } finally {
      mongodb.shutdownNow();
    }
  }

  @Test
  void backupVerifyAndRestore() throws IOException {
    sheaf("migrate", "up");
    String file = directory.resolve("shop.sheaf").toString();
    String cut = directory.resolve("cut.sheaf").toString();
    String copy = TestDatabase.freshName();

    assertThat(sheaf("backup", file).replaceAll("\\d+ bytes", "BYTES"))
        .matches(
            """
            (?s)exit 0
            out:
            \\Q%s\\E  \\d+ tables, \\d+ rows, BYTES
            err:
            .*taken in TIME
            """
                .formatted(file));
    assertThat(sheaf("backup", file))
        .startsWith("exit 1\nout:\nerr:\n")
        .contains("sheaf: ", file, "exists");
    assertThat(sheaf("backup", "verify", file))
        .startsWith("exit 0\n")
        .endsWith("the backup is complete; recorded\n");

    byte[] whole = Files.readAllBytes(Path.of(file));
    Files.write(Path.of(cut), Arrays.copyOf(whole, whole.length / 2));
    assertThat(sheaf("backup", "verify", cut)).startsWith("exit 1\nout:\nerr:\n").contains(cut);

    try (TestDatabase restored = TestDatabase.opened(copy)) {
      assertThat(sheaf("restore", file, "--into", copy))
          .startsWith("exit 0\nout:\n" + copy + "  ")
          .endsWith("restored in TIME\n");
      assertThat(sheaf("restore", file, "--into", copy)).startsWith("exit 1\n");
      settings(restored.address(), "");
      assertThat(sheaf("migrate", "verify")).isEqualTo("exit 0\nout:\nerr:\nno differences\n");
    }
    assertThat(sheaf("backup"))
        .startsWith("exit 2\n")
        .contains("Missing required parameter: 'FILE'");
  }

  @Test
  void backfills() throws Exception {
    assertThat(sheaf("backfill", "list")).isEqualTo("exit 0\nout:\nerr:\nthere are no backfills\n");
    changelog(
        "core",
        3,
        "c",
        "ALTER TABLE a ADD PRIMARY KEY (id), ADD COLUMN c int;",
        "ALTER TABLE a DROP COLUMN c, DROP CONSTRAINT a_pkey, ALTER id DROP NOT NULL;");
    Files.writeString(
        directory.resolve("changelog/core/003_c.backfill.sql"),
        """
        --liquibase formatted sql
        --backfill table:a key:id
        UPDATE a SET c = id WHERE :batch;
        --condition
        SELECT NOT EXISTS (SELECT FROM a WHERE c IS NULL);
        """);
    changelog(
        "core",
        4,
        "d",
        "--requires-backfill core/003_c\nDROP TABLE b;",
        "CREATE TABLE b (id int);");
    sheaf("migrate", "up", "--module", "core", "--to", "2");
    database.execute("INSERT INTO a SELECT generate_series(1, 5)");

    assertThat(sheaf("migrate", "up"))
        .isEqualTo(
            """
            exit 0
            out:
            up    core/003_c  TIME
            err:
            core/004_d waits for the backfill core/003_c (pending)
            1 changeset applied in TIME
            """);
    assertThat(sheaf("migrate", "up"))
        .isEqualTo(
            """
            exit 0
            out:
            err:
            the pending changesets wait for the backfill core/003_c
            nothing was applied
            """);
    assertThat(sheaf("migrate", "status", "--check"))
        .isEqualTo(
            """
            exit 3
            out:
            MODULE  APPLIED  LATEST  STATE
            core    003      004     1 pending
            pending  core/004_d  waiting for a backfill
            backfill core/003_c  pending
            err:
            %s is not up to date
            """
                .formatted(database.address()));
    assertThat(sheaf("backfill", "pause", "core/003_c"))
        .isEqualTo("exit 0\nout:\nerr:\ncore/003_c is paused\n");
    assertThat(sheaf("backfill", "pause", "core/003_c"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: core/003_c is paused and cannot be paused
              only a pending or running backfill can be paused
            """);
    assertThat(sheaf("backfill", "run", "core/003_c"))
        .isEqualTo("exit 1\nout:\ncore/003_c  paused\nerr:\n");
    assertThat(sheaf("backfill", "cancel", "core/003_c"))
        .isEqualTo("exit 0\nout:\nerr:\ncore/003_c is cancelled\n");
    assertThat(sheaf("backfill", "resume", "core/003_c"))
        .isEqualTo("exit 0\nout:\nerr:\ncore/003_c is running\n");
    assertThat(sheaf("backfill", "run"))
        .isEqualTo(
            """
            exit 0
            out:
            core/003_c  done
            err:
            core/003_c  started at row 0
            """);
    assertThat(sheaf("backfill", "list"))
        .isEqualTo(
            """
            exit 0
            out:
            BACKFILL    TABLE  ROWS  PROGRESS
            core/003_c  a      5     done
            err:
            """);
    assertThat(sheaf("backfill", "list", "--json"))
        .startsWith(
            """
            exit 0
            out:
            [ {
              "name" : "core/003_c",
              "table" : "a",
              "key" : [ "id" ],
              "state" : "done",
              "cursor" : [ "5" ],
              "rowsDone" : 5,
              "rowsEstimated" : 5,
            """);
    assertThat(sheaf("migrate", "up"))
        .isEqualTo(
            """
            exit 0
            out:
            up    core/004_d  TIME
            err:
            1 changeset applied in TIME
            """);
    assertThat(sheaf("backfill", "resume", "core/999_z"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: there is no backfill core/999_z
              sheaf backfill list shows all backfills
            """);
  }

  @Test
  void snapshot() throws IOException {
    Path file = directory.resolve("schema.sql");
    assertThat(sheaf("migrate", "snapshot"))
        .isEqualTo("exit 0\nout:\n%s\nerr:\nwritten\n".formatted(file));
    assertThat(sheaf("migrate", "snapshot", "--json"))
        .contains("\"changed\" : false")
        .endsWith("err:\nunchanged\n");
    changelog("core", 3, "c", "CREATE INDEX b_idx ON b (id);", "DROP INDEX b_idx;");

    assertThat(sheaf("migrate", "check"))
        .startsWith("exit 1")
        .contains(
            file
                + ":1: error: schema-snapshot: does not make index public.b_idx, which the changelogs make\n");
    Files.writeString(file, "CREATE TABLE z ();");
    assertThat(sheaf("migrate", "snapshot"))
        .startsWith("exit 1")
        .contains("schema.sql was not written by sheaf migrate snapshot");
  }

  @Test
  void squash() throws IOException {
    Path core = directory.resolve("changelog/core");
    assertThat(sheaf("migrate", "squash", "--module", "core", "--to", "2", "base", "--json"))
        .isEqualTo(
            """
            exit 0
            out:
            {
              "files" : [ "%1$s/002_base.sql" ],
              "replaced" : [ "core/001_a", "core/002_b" ],
              "deleted" : [ "%1$s/001_a.sql", "%1$s/002_b.sql" ]
            }
            err:
            it makes the same as core/001_a to core/002_b; 2 files deleted
            """
                .formatted(core));
  }

  private String sheaf(String... arguments) {
    return sheafIn(directory.resolve("changelog").toString(), arguments);
  }

  private String sheafIn(String root, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--config", config(), "--root", root));
    return run(all.toArray(String[]::new));
  }

  private static String run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Cli.commandLine(new PrintWriter(out, true), new PrintWriter(err, true)).execute(arguments);
    String text = "exit " + exit + "\nout:\n" + out + "err:\n" + err;
    return text.replaceAll("\\d+(\\.\\d+)? (ms|s)\\b", "TIME");
  }

  private String config() {
    return directory.resolve("test.properties").toString();
  }

  private void settings(DatabaseAddress address, String more) throws IOException {
    String user =
        address.user() == null ? "" : "quarkus.datasource.username=" + address.user() + "\n";
    String password =
        address.password() == null
            ? ""
            : "quarkus.datasource.password=" + address.password() + "\n";
    Files.writeString(
        directory.resolve("test.properties"),
        "quarkus.datasource.jdbc.url=" + address.jdbcUrl() + "\n" + user + password + more);
  }

  private void changelog(String module, int number, String name, String up, String down)
      throws IOException {
    Path folder = Files.createDirectories(directory.resolve("changelog").resolve(module));
    Files.writeString(
        folder.resolve(ChangelogFile.digits(number) + "_" + name + ".sql"),
        """
        --liquibase formatted sql

        --changeset %s:%s
        %s

        --rollback %s
        """
            .formatted(module, ChangelogFile.digits(number), up, down),
        StandardCharsets.UTF_8);
  }
}
