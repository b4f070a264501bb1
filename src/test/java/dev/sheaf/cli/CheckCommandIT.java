package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.testing.SheafCommand;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `sheaf migrate check` on two changesets, the second of which blocks the whole table.
class CheckCommandIT {

  private static final String FINDING =
      """
      core/002_wide.sql:4: error: table-rewrite: public.item is rewritten (ACCESS EXCLUSIVE)
          ALTER TABLE item ALTER COLUMN id TYPE bigint
          add a new column without a default, fill it with a backfill, then swap the columns: docs/lint/table-rewrite.md
      """;

  @TempDir private Path directory;
  private TestDatabase database;

  @BeforeEach
  void create() throws IOException {
    database = TestDatabase.create();
    changelog(
        1,
        "item",
        "CREATE TABLE item (id integer);\nCOMMENT ON TABLE item IS 'x';\nCOMMENT ON COLUMN item.id IS 'x';");
    changelog(2, "wide", "ALTER TABLE item ALTER COLUMN id TYPE bigint;");
    settings(database.address());
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void pendingChangesetsAreChecked() throws SQLException {
    String both = "exit 1\nout:\n" + FINDING + "err:\n2 changesets checked: 1 error, 0 warnings\n";
    assertThat(check()).isEqualTo(both);

    sheaf("migrate", "up", "--module", "core", "--to", "1");
    assertThat(check())
        .isEqualTo("exit 1\nout:\n" + FINDING + "err:\n1 changeset checked: 1 error, 0 warnings\n");

    sheaf("migrate", "up");
    assertThat(check()).isEqualTo("exit 0\nout:\nerr:\nwell-formed; nothing is pending\n");
    assertThat(check("--all")).isEqualTo(both);
    assertThat(check("core/001_item.sql"))
        .isEqualTo("exit 0\nout:\nerr:\n1 changeset checked: 0 errors, 0 warnings\n");
    assertThat(check("core/003_more.sql"))
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: there is no changeset core/003_more.sql in %s
              give the path of its file, such as core/007_add_author.sql
            """
                .formatted(root()));
  }

  @Test
  void outsideOfACheckoutTheBundledChangelogsAreChecked() throws Exception {
    try (TestDatabase migrated = TestDatabase.migrated();
        SheafCommand check =
            SheafCommand.start(
                directory, migrated, Map.of(), "migrate", "check", "core/005_embedding_space");
        SheafCommand plan =
            SheafCommand.start(directory, migrated, Map.of(), "migrate", "plan", "--json")) {
      assertThat(check.await()).isZero();
      // The artifact contains the allowances of lint.allow too.
      assertThat(check.said()).containsExactly("1 changeset checked: 0 errors, 0 warnings");
      assertThat(plan.await()).isZero();
    }
  }

  /// The process has a heap of 96 MiB.
  @Test
  void changelogsThatDoNotFitIntoMemoryAreRefused() throws Exception {
    Path large = root().resolve("core/003_large.sql");
    try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(30 << 20);
    }
    try (SheafCommand status =
        SheafCommand.start(
            directory, database, Map.of(), "migrate", "status", "--root", root().toString())) {
      assertThat(status.await()).isEqualTo(1);
      assertThat(status.said())
          .first()
          .asString()
          .startsWith(
              "sheaf: the changelogs up to "
                  + large
                  + ", which has 30.0 MiB, have 30.0 MiB, and the memory");
    }
  }

  @Test
  void sizesComeFromTheDatabaseOfAgainst() throws Exception {
    sheaf("migrate", "up", "--module", "core", "--to", "1");
    database.execute("INSERT INTO item SELECT generate_series(1, 20000)");
    database.execute("ANALYZE item");

    assertThat(check("--against", PasswordFile.url(database.address())))
        .containsPattern(
            "public.item is rewritten \\(ACCESS EXCLUSIVE, \\d+ kB, about 20000 rows\\)");
  }

  @Test
  void asJson() {
    assertThat(check("--json", "--quiet"))
        .isEqualTo(
            """
            exit 1
            out:
            [ {
              "rule" : "table-rewrite",
              "severity" : "error",
              "file" : "core/002_wide.sql",
              "line" : 4,
              "statement" : "ALTER TABLE item ALTER COLUMN id TYPE bigint",
              "object" : "public.item",
              "lock" : "ACCESS EXCLUSIVE",
              "message" : "public.item is rewritten",
              "hint" : "add a new column without a default, fill it with a backfill, then swap the columns: docs/lint/table-rewrite.md"
            } ]
            err:
            """);
  }

  @Test
  void asSarif() throws IOException {
    Path file = directory.resolve("check.sarif");
    assertThat(check("--sarif=" + file)).startsWith("exit 1\nout:\n" + FINDING);

    assertThat(Files.readString(file))
        .contains(
            """
                "results" : [ {
                  "ruleId" : "table-rewrite",
                  "level" : "error",
                  "message" : {
                    "text" : "public.item is rewritten (ACCESS EXCLUSIVE); add a new column without a default, fill it with a backfill, then swap the columns: docs/lint/table-rewrite.md"
                  },
                  "locations" : [ {
                    "physicalLocation" : {
                      "artifactLocation" : {
                        "uri" : "%s/core/002_wide.sql"
                      },
                      "region" : {
                        "startLine" : 4
                      }
                    }
                  } ]
                } ]
            """
                .formatted(root()))
        .contains("\"id\" : \"set-not-null-scans\"");
    assertThat(check("--sarif", "--quiet"))
        .isEqualTo("exit 1\nout:\n" + Files.readString(file) + "\nerr:\n");
  }

  @Test
  void findingsAreAllowedWithAReason() throws IOException {
    Files.writeString(
        root().resolve("core/lint.allow"), "# Released\n\n002 table-rewrite item: it is small\n");
    assertThat(check())
        .isEqualTo("exit 0\nout:\nerr:\n2 changesets checked: 0 errors, 0 warnings\n");

    Files.writeString(root().resolve("core/lint.allow"), "001 table-rewrite item: it is small\n");
    assertThat(check())
        .isEqualTo(
            """
            exit 1
            out:
            core/lint.allow:1: error: unused-allowance: there is no finding of table-rewrite to allow
                remove the allowance, or correct its rule and object: docs/lint/unused-allowance.md
            %serr:
            2 changesets checked: 2 errors, 0 warnings
            """
                .formatted(FINDING));

    Files.writeString(root().resolve("core/lint.allow"), "1 table-rewrite: it is small\n");
    assertThat(check())
        .isEqualTo(
            """
            exit 1
            out:
            err:
            sheaf: core/lint.allow:1: cannot read "1 table-rewrite: it is small"
              write NNN RULE: WHY, or NNN RULE OBJECT: WHY
            """);
  }

  @Test
  void warningsFailWithStrict() throws IOException {
    changelog(
        2,
        "wide",
        "CREATE TABLE other (id integer, item bigint);\nCOMMENT ON TABLE other IS 'x';\n"
            + "COMMENT ON COLUMN other.id IS 'x';\nCOMMENT ON COLUMN other.item IS 'x';");
    changelog(
        3, "locks", "ALTER TABLE item ADD COLUMN a text;\nALTER TABLE other ADD COLUMN b text;");
    String finding =
        """
        core/003_locks.sql:5: warning: many-heavy-locks: public.other is locked while public.item is still locked (ACCESS EXCLUSIVE)
            ALTER TABLE other ADD COLUMN b text
            change one table per changeset: docs/lint/many-heavy-locks.md
        """;

    assertThat(check()).startsWith("exit 0\n").contains(finding);
    assertThat(check("--strict")).startsWith("exit 1\n").contains(finding);
  }

  @Test
  void noChangesetIsCheckedAfterAFailure() throws IOException {
    changelog(2, "wide", "ALTER TABLE nothing ADD COLUMN a text;");
    changelog(3, "more", "SELECT 1;");

    assertThat(check())
        .isEqualTo(
            """
            exit 1
            out:
            core/002_wide.sql:4: error: changeset-fails: relation "nothing" does not exist (42P01)
                ALTER TABLE nothing ADD COLUMN a text
                correct the statement; the rows of the scratch database are sample rows, its schema is the real one: docs/lint/changeset-fails.md
            err:
            no changeset after core/002_wide was checked, because it fails
            2 changesets checked: 1 error, 0 warnings
            """);
  }

  @Test
  void withoutADatabaseOnlyTheFormIsChecked() throws IOException {
    Files.writeString(config(), "");
    assertThat(check())
        .isEqualTo("exit 0\nout:\nerr:\nwell-formed; not run: no database is configured\n");
    DatabaseAddress server = TestDatabase.server();
    assertThat(check("--scratch", PasswordFile.url(server)))
        .isEqualTo(
            "exit 1\nout:\n" + FINDING + "err:\n2 changesets checked: 1 error, 0 warnings\n");

    settings(new DatabaseAddress("jdbc:postgresql://localhost:1/shop", "ann", null));
    assertThat(check())
        .isEqualTo(
            "exit 0\nout:\nerr:\nwell-formed; not run: "
                + "cannot reach PostgreSQL at localhost:1: connection refused\n");
  }

  /// A mistyped directory would pass forever.
  @Test
  void aDirectoryWithoutChangelogsIsRejected() throws IOException {
    String expected =
        "exit 1\nout:\nerr:\nsheaf: no changelogs in %s\n  give the directory that holds core/, with files called NNN_name.sql\n"
            .formatted(root());
    Path core = root().resolve("core");
    try (Stream<Path> files = Files.list(core)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    assertThat(check()).isEqualTo(expected);
    Files.writeString(core.resolve("README.md"), "none yet");
    assertThat(check()).isEqualTo(expected);
    Files.writeString(root().resolve("a.sql"), "CREATE TABLE a ()");
    assertThat(check()).isEqualTo(expected);
  }

  @Test
  void theDimensionsOfConfiguredModelsAreRight() throws IOException {
    changelog(
        2, "wide", "CREATE EXTENSION vector;\nALTER TABLE item ADD COLUMN embedding vector(768);");
    assertThat(check("core/002_wide"))
        .contains(
            "vector-width-differs: public.item.embedding is public.vector(768), but the configured models have 384");

    Files.writeString(
        config(),
        """
        sheaf.embedding.openai.large.url=http://localhost:11434/v1
        sheaf.embedding.openai.large.dimensions=768
        """,
        StandardOpenOption.APPEND);

    assertThat(check("core/002_wide"))
        .isEqualTo("exit 0\nout:\nerr:\n1 changeset checked: 0 errors, 0 warnings\n");
  }

  /// Kubernetes keeps the files of a ConfigMap in a hidden directory, which it replaces whole.
  @Test
  void aMountedConfigMapIsChecked() throws IOException {
    Files.writeString(config(), "");
    Path core = root().resolve("core");
    Path hidden = Files.createDirectory(core.resolve("..2026_11_29"));
    Path link = Files.createSymbolicLink(core.resolve("..data"), hidden.getFileName());
    try (Stream<Path> files = Files.list(core)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.move(file, hidden.resolve(file.getFileName()));
        Files.createSymbolicLink(file, link.getFileName().resolve(file.getFileName()));
      }
    }
    Files.writeString(core.resolve(".gitkeep"), "");

    assertThat(check())
        .isEqualTo("exit 0\nout:\nerr:\nwell-formed; not run: no database is configured\n");

    Files.writeString(hidden.resolve("001_item.sql"), "--changeset core:001\nSELECT 1\n");
    assertThat(check()).startsWith("exit 1\nout:\ncore/001_item.sql");
  }

  private String check(String... arguments) {
    List<String> all = new ArrayList<>(List.of("migrate", "check"));
    all.addAll(List.of(arguments));
    return sheaf(all.toArray(String[]::new));
  }

  private String sheaf(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--config", config().toString(), "--root", root().toString()));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Cli.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute(all.toArray(String[]::new));
    return "exit " + exit + "\nout:\n" + out + "err:\n" + err;
  }

  private Path root() {
    return directory.resolve("changelog");
  }

  private Path config() {
    return directory.resolve("test.properties");
  }

  private void settings(DatabaseAddress address) throws IOException {
    Files.writeString(
        config(),
        """
        quarkus.datasource.jdbc.url=%s
        quarkus.datasource.username=%s
        quarkus.datasource.password=%s
        """
            .formatted(address.jdbcUrl(), address.user(), address.password()));
  }

  private void changelog(int number, String name, String up) throws IOException {
    Path folder = Files.createDirectories(root().resolve("core"));
    Files.writeString(
        folder.resolve(ChangelogFile.digits(number) + "_" + name + ".sql"),
        "--liquibase formatted sql\n\n--changeset core:%s\n%s\n\n--rollback empty because it is a test\n"
            .formatted(ChangelogFile.digits(number), up));
  }
}
