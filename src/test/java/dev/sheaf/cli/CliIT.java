package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import dev.sheaf.schema.DatabaseAddress;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every verb as a person sees it: exit code, stdout and stderr, whole.
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
            %s is not at head
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
  }

  @Test
  void verifyNamesTheDifferences() throws Exception {
    sheaf("migrate", "up");
    assertThat(sheaf("migrate", "verify")).isEqualTo("exit 0\nout:\nerr:\nno difference\n");

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
  void whereNobodyListensHostAndPortAreNamed() throws IOException {
    settings(DatabaseAddress.parse("postgres://ann:secret@127.0.0.1:1/sheaf"), "");

    assertThat(sheaf("migrate", "status"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: no PostgreSQL answers at 127.0.0.1:1: connection refused
              check host and port, and that the server runs
            """);
  }

  @Test
  void aWrongPasswordIsNotRepeated() throws IOException {
    DatabaseAddress right = database.address();
    settings(new DatabaseAddress(right.jdbcUrl(), right.user(), "wrong-secret"), "");

    assertThat(sheaf("migrate", "status", "--verbose"))
        .startsWith(
            "exit 1\nout:\nerr:\nsheaf: PostgreSQL at %s:%d refuses the role \"%s\""
                .formatted(right.host(), right.port(), right.user()))
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
            sheaf: PostgreSQL at %s:%d has no database "nowhere"
              create it: CREATE DATABASE "nowhere"
            """
                .formatted(database.address().host(), database.address().port()));
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
  void aRoleThatMayNotCreateTheExtensionIsToldWhatToAskFor() throws Exception {
    String role = "weak_" + database.address().database();
    database.execute(
        "CREATE ROLE " + role + " LOGIN PASSWORD 'weak'; GRANT ALL ON SCHEMA public TO " + role);
    // Only a superuser may create this one, as pgvector on a server that does not trust it.
    changelog("core", 3, "c", "CREATE EXTENSION pageinspect;", "DROP EXTENSION pageinspect;");
    try {
      settings(new DatabaseAddress(database.address().jdbcUrl(), role, "weak"), "");

      assertThat(sheaf("migrate", "up", "--quiet"))
          .endsWith(
              """
              err:
              sheaf: core/003_c.sql failed: permission denied to create extension "pageinspect", in: CREATE EXTENSION pageinspect
                an administrator has to run, in database %s: CREATE EXTENSION pageinspect;
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
            core/001_again.sql: calls itself x:1; it is --changeset core:001
            core/001_again.sql: has no rollback; write --rollback <SQL>, or --rollback empty when there is nothing to undo
            core/003_document_language.sql: has no statement
            core/003_document_language.sql: has no rollback; write --rollback <SQL>, or --rollback empty when there is nothing to undo
            core/005_late.sql: has SQL after its rollback, which would run on the way up; begin each line with --rollback
            core/005_late.sql: has a transaction command: BEGIN; the engine opens and ends the transaction
            core/005_late.sql: uses CONCURRENTLY in a transaction; write --changeset core:005 runInTransaction:false
            core/005_late.sql: has a transaction command: COMMIT; the engine opens and ends the transaction
            core/Six.sql: not a changelog's name: core/Six.sql; it is NNN_name.sql, such as 007_document_language.sql, in lower case
            core/005_late.sql: number 004 is missing before it
            err:
            11 findings
            """);
  }

  @Test
  void productionIsGuarded() throws IOException {
    settings(database.address(), "sheaf.environment=production\n");
    sheaf("migrate", "up");

    assertThat(sheaf("migrate", "down", "--module", "core"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: down is refused: this is a production database
              name who decided it with --approved-by
            """);
    assertThat(
            sheaf(
                "migrate", "down", "--module", "core", "--approved-by", "ann", "--reason", "slow"))
        .startsWith("exit 0");
    assertThat(sheaf("migrate", "history").lines().filter(line -> line.contains(" down ")))
        .singleElement()
        .satisfies(line -> assertThat(line).contains("ann", "slow"));
  }

  @Test
  void forceBaselineAndDrop() throws Exception {
    assertThat(sheaf("migrate", "force", "1", "--module", "core", "--reason", "by hand"))
        .isEqualTo("exit 0\nout:\nerr:\ncore is recorded to be at 001\n");
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
  void wrongUsageIsTwo() {
    assertThat(run("migrate", "nonsense")).startsWith("exit 2");
    assertThat(run("migrate", "down")).startsWith("exit 2").contains("--module=M");
    assertThat(run("migrate", "up", "--to", "x")).startsWith("exit 2");
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
              2 created, 0 there already
              """);
      assertThat(sheaf("migrate", "seed", "--quiet")).isEqualTo("exit 0\nout:\nerr:\n");
      assertThat(sheaf("migrate", "verify")).isEqualTo("exit 0\nout:\nerr:\nno difference\n");
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
        .endsWith("it holds what it says; recorded\n");

    byte[] whole = Files.readAllBytes(Path.of(file));
    Files.write(Path.of(cut), Arrays.copyOf(whole, whole.length / 2));
    assertThat(sheaf("backup", "verify", cut)).startsWith("exit 1\nout:\nerr:\n").contains(cut);

    try (TestDatabase restored = TestDatabase.opened(copy)) {
      assertThat(sheaf("restore", file, "--into", copy))
          .startsWith("exit 0\nout:\n" + copy + "  ")
          .endsWith("restored in TIME\n");
      assertThat(sheaf("restore", file, "--into", copy)).startsWith("exit 1\n");
      settings(restored.address(), "");
      assertThat(sheaf("migrate", "verify")).isEqualTo("exit 0\nout:\nerr:\nno difference\n");
    }
    assertThat(sheaf("backup"))
        .startsWith("exit 2\n")
        .contains("Missing required parameter: 'FILE'");
  }

  private String sheaf(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--config", config(), "--root", directory.resolve("changelog").toString()));
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
        "sheaf.modules.fulltext.enabled=false\nsheaf.modules.ingestion.enabled=false\nquarkus.datasource.jdbc.url="
            + address.jdbcUrl()
            + "\n"
            + user
            + password
            + more);
  }

  private void changelog(String module, int number, String name, String up, String down)
      throws IOException {
    Path folder = Files.createDirectories(directory.resolve("changelog").resolve(module));
    Files.writeString(
        folder.resolve("%03d_%s.sql".formatted(number, name)),
        """
        --liquibase formatted sql

        --changeset %s:%03d
        %s

        --rollback %s
        """
            .formatted(module, number, up, down),
        StandardCharsets.UTF_8);
  }
}
