package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import liquibase.ChecksumVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What is wrong is named by file, id and author, and what cannot be done is refused.
class LiquibaseChangelogTest {

  private static final String UNDO = "\n--rollback SELECT 2;\n";

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "runOnChange:true | a.sql::1::ann uses runOnChange:true, which is not supported",
        "runAlways:true | uses runAlways:true",
        "context:test | uses context:test",
        "labels:v1 | uses labels:v1",
        "dbms:oracle | uses dbms:oracle",
        "dbms:!postgresql | uses dbms:!postgresql",
        "failOnError:false | uses failOnError:false",
        "ignore:true | uses ignore:true",
        "runWith:psql | uses runWith:psql",
        "endDelimiter:/ | uses endDelimiter:/",
        "rollbackEndDelimiter:/ | uses endDelimiter:/",
        "runInTransaction:false splitStatements:false | splitStatements:false with runInTransaction:false",
      })
  void anAttributeThatIsNotHonouredIsRefused(String attributes, String problem) throws IOException {
    refused("--changeset ann:1 " + attributes + "\nSELECT 1; SELECT 3;" + UNDO, problem);
  }

  @Test
  void whatLiquibaseDoesAndSheafDoesNotIsRefused() throws IOException {
    String changeset = "--changeset ann:1\n";
    refused(changeset + "SELECT 1;\n", "these have none: a.sql::1::ann");
    refused(
        changeset
            + "--preconditions onFail:MARK_RAN\n--precondition-sql-check expectedResult:0 SELECT 0\nSELECT 1;"
            + UNDO,
        "a.sql::1::ann uses --preconditions");
    refused(changeset + "--validCheckSum: 9:1\nSELECT 1;" + UNDO, "uses --validCheckSum");
    refused(changeset + "SELECT 1;\nSELECT '${name}';" + UNDO, "a.sql:4: has ${name}");
    refused(changeset + "BEGIN; SELECT 1; COMMIT;" + UNDO, "has a transaction command: BEGIN");
    refused(changeset + "SELECT '\n--changeset ann:2\n';" + UNDO, "a.sql::1::ann");
    refused((changeset + "SELECT 1;" + UNDO).repeat(2), "a.sql::1::ann is there twice");
    refused("", "has no changeset of formatted SQL");
  }

  @Test
  void otherFilesAreRefusedByName() throws IOException {
    String one = "--liquibase formatted sql\n--changeset ann:1\nSELECT 1;" + UNDO;
    write("x/a.sql", one);
    write("x/b.sql", one.replace("ann", "bob"));
    write("notes.yaml", "a: b");
    write(".git/c.sql", "SELECT 1;");
    LiquibaseChangelog changelog = LiquibaseChangelog.in(directory);
    assertThat(changelog.split("shop", List.of(changelog.entries().getLast())).files().get("shop"))
        .extracting(ChangelogFile::shortPath)
        .containsExactly("shop/001_b.sql", "shop/002_a.sql");
    assertThat(changelog.entries().getFirst().isNamed("1", "ann", "classpath:db/x/a.sql")).isTrue();
    assertThat(changelog.entries().getFirst().isNamed("1", "ann", "db/xx/a.sql")).isFalse();

    write("master.yaml", "databaseChangeLog:\n- include:\n    file: x/a.sql\n");
    LiquibaseChangelog included = LiquibaseChangelog.in(directory);
    assertThatThrownBy(() -> included.split("shop", List.of()))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("master.yaml says in which order these files run")
        .hasMessageContaining("x/a.sql, x/b.sql");
    assertThatThrownBy(() -> included.split("shop", List.of(included.entries().getFirst())))
        .hasMessageContaining("x/b.sql has pending changesets, and no other file includes it");
    assertThat(included.split("shop", included.entries()).files().get("shop")).hasSize(2);

    write("master.yaml", "databaseChangeLog:\n- property:\n    name: x\n");
    assertThatThrownBy(() -> LiquibaseChangelog.in(directory))
        .hasMessageContaining("master.yaml uses property, which is not supported");
    write("master.yaml", "databaseChangeLog:\n- changeSet:\n    id: x\n");
    assertThatThrownBy(() -> LiquibaseChangelog.in(directory))
        .hasMessageContaining("master.yaml has changesets that are not SQL");
    Files.delete(directory.resolve("master.yaml"));
    write("x/c.sql", "SELECT 1;");
    assertThatThrownBy(() -> LiquibaseChangelog.in(directory))
        .hasMessageContaining("x/c.sql is not formatted SQL of Liquibase");
  }

  @Test
  void aChecksumOfAnEarlierVersionIsRecognized() throws Exception {
    String text = "--liquibase formatted sql\n--changeset ann:1\nSELECT 1;" + UNDO;
    write("a.sql", text);
    String earlier =
        LiquibaseReading.changeSets(SourceText.of(text))
            .getFirst()
            .generateCheckSum(ChecksumVersion.V8)
            .toString();
    LiquibaseChangelog changelog = LiquibaseChangelog.in(directory);

    assertThat(earlier).startsWith("8:");
    assertThat(changelog.entries())
        .singleElement()
        .satisfies(entry -> {
          assertThat(entry.isWhatWasApplied(earlier)).isTrue();
          assertThat(entry.isWhatWasApplied("8:0")).isFalse();
        });
    assertThat(changelog.split("core", changelog.entries()).files().get("core")).hasSize(1);
  }

  private void refused(String changesets, String problem) throws IOException {
    write("a.sql", "--liquibase formatted sql\n" + changesets);
    assertThatThrownBy(() -> LiquibaseChangelog.in(directory).split("core", List.of()))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining(problem);
  }

  private void write(String path, String text) throws IOException {
    Path file = directory.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
