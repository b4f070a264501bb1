package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.DatabaseExtension;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// `sheaf key`: exit code, stdout and stderr.
@ExtendWith(DatabaseExtension.class)
class KeyCommandIT {

  @TempDir Path directory;

  private TestDatabase database;

  @BeforeEach
  void settings(TestDatabase database) throws IOException {
    this.database = database;
    configure(database);
  }

  private void configure(TestDatabase database) throws IOException {
    Files.writeString(
        config(),
        """
        quarkus.datasource.jdbc.url=%s
        quarkus.datasource.username=%s
        quarkus.datasource.password=%s
        """
            .formatted(
                database.address().jdbcUrl(),
                database.address().user(),
                database.address().password()));
  }

  @Test
  void fromTheFirstKeyToItsEnd() throws SQLException {
    assertThat(sheaf("key", "list")).isEqualTo("exit 0\nout:\nerr:\nthere are no keys\n");

    String made =
        sheaf(
            "key",
            "create",
            "--role",
            "writer",
            "--collections",
            "notes,articles",
            "--name",
            "shop",
            "--expires",
            "90d");
    assertThat(made)
        .matches(
            """
            exit 0
            out:
            sheaf_[0-9a-f]{12}_[0-9a-f]{64}
            err:
            writer for articles, notes, valid until \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ; it is not shown again
            """);

    String id = made.replaceFirst("(?s).*sheaf_([0-9a-f]{12})_.*", "$1");
    assertThat(
            sheaf("key", "list").replaceAll("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ", "TIME"))
        .isEqualTo(
            """
            exit 0
            out:
            ID            NAME  ROLE    COLLECTIONS     STATE   EXPIRES               LAST USED
            %s  shop  writer  articles,notes  active  TIME  never
            err:
            """
                .formatted(id));
    assertThat(sheaf("key", "revoke", id)).isEqualTo("exit 0\nout:\nerr:\n" + id + " is revoked\n");
    assertThat(sheaf("key", "list", "--json"))
        .contains("\"state\" : \"revoked\"")
        .doesNotContain("hash");
    assertThat(
            database.query(
                "SELECT regexp_replace(actor, ':.*', '') || ' ' || action FROM audit_event WHERE object = '"
                    + id
                    + "' ORDER BY id"))
        .isEqualTo(List.of("process key.created", "process key.revoked"));
  }

  @Test
  void jsonContainsTheKey() {
    assertThat(sheaf("key", "create", "--role", "admin", "--json"))
        .startsWith("exit 0\nout:\n{\n  \"key\" : \"sheaf_")
        .contains("\"role\" : \"admin\"");
  }

  @Test
  void errorsAreReported() throws IOException {
    assertThat(sheaf("key", "create")).startsWith("exit 2\n");
    assertThat(sheaf("key", "create", "--role", "king")).startsWith("exit 2\n");
    assertThat(sheaf("key", "create", "--role", "reader", "--expires", "soon"))
        .isEqualTo(
            "exit 1\nout:\nerr:\nsheaf: expires must be a duration up to 36500d, such as 90d or 12h, not soon.\n");
    assertThat(sheaf("key", "revoke", "nothing"))
        .isEqualTo("exit 1\nout:\nerr:\nsheaf: There is no key with the ID nothing.\n");

    try (TestDatabase empty = TestDatabase.create()) {
      configure(empty);
      assertThat(sheaf("key", "list"))
          .isEqualTo(
              """
              exit 1
              out:
              err:
              sheaf: a table that this command needs does not exist: relation "api_key" does not exist
                apply the pending changesets, with the module enabled: sheaf migrate up
              """);
    }
  }

  private Path config() {
    return directory.resolve("test.properties");
  }

  private String sheaf(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    var line = new java.util.ArrayList<>(List.of(arguments));
    line.addAll(List.of("--config", config().toString()));
    int exit =
        Cli.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute(line.toArray(String[]::new));
    return "exit " + exit + "\nout:\n" + out + "err:\n" + err;
  }
}
