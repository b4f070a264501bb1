package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.runtime.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/// The commands that change a database, and say what would be changed.
class MigrateCommandsIT extends CommandFixture {

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
}
