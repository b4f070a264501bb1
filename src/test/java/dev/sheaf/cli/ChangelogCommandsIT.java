package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.DatabaseAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// The commands that write, check and prove changelogs.
class ChangelogCommandsIT extends CommandFixture {

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
}
