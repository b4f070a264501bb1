package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.DatabaseAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// Usage, and what every command says of failures: exit code and complete stdout and stderr.
class CliIT extends CommandFixture {

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
}
