package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.testing.NativeMetadata;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// Runs commands on a database with two changesets. [#sheaf] returns exit code, stdout and stderr,
/// without progress.
abstract class CommandFixture {

  private static final Pattern PROGRESS =
      Pattern.compile(
          """
          ^(\\S+ has been running for .*\
          |\\S+  .*, by \\S+/\\d+\
          |.*  (\\d+%|\\d+ MB) (sent|loaded|written))\\R\
          """,
          Pattern.MULTILINE);

  @TempDir Path directory;
  TestDatabase database;

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

  String sheaf(String... arguments) {
    return sheafIn(directory.resolve("changelog").toString(), arguments);
  }

  String sheafIn(String root, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--config", config(), "--root", root));
    return run(all.toArray(String[]::new));
  }

  /// What a command says if it takes longer than a second depends on the machine.
  static String withoutProgress(String said) {
    return PROGRESS.matcher(said).replaceAll("");
  }

  static String run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Cli.commandLine(new PrintWriter(out, true), new PrintWriter(err, true)).execute(arguments);
    return withoutProgress("exit " + exit + "\nout:\n" + out + "err:\n" + err)
        .replaceAll("\\d+(\\.\\d+)? (ms|s)\\b", "TIME");
  }

  String config() {
    return directory.resolve("test.properties").toString();
  }

  void settings(DatabaseAddress address, String more) throws IOException {
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

  void changelog(String module, int number, String name, String up, String down)
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
