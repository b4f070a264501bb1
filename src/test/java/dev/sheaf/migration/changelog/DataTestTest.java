package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.runtime.OperatorException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataTestTest {

  private static final String HEAD = "--liquibase formatted sql/";

  @ParameterizedTest
  @CsvSource(
      delimiter = '^',
      quoteCharacter = '`',
      textBlock =
          """
          --up/SELECT 1                                    ^ x/001_a.test.sql: does not begin with --liquibase formatted sql
          --liquibase formatted sql                        ^ x/001_a.test.sql: expects nothing
          --liquibase formatted sql/SELECT 1               ^ x/001_a.test.sql: has a statement before --given or --up
          --liquibase formatted sql/--given/--> 1          ^ x/001_a.test.sql: has the row "--> 1" before a query
          --liquibase formatted sql/--up/--> 1             ^ x/001_a.test.sql: has the row "--> 1" before a query
          --liquibase formatted sql/--down/SELECT 1        ^ x/001_a.test.sql: cannot read "--down"
          --liquibase formatted sql/--up/SELECT 1/--given  ^ x/001_a.test.sql: cannot read "--given"
          --liquibase formatted sql/--upp/SELECT 1         ^ x/001_a.test.sql: cannot read "--upp"
          --liquibase formatted sql/--up/SELECT 'a         ^ x/001_a.test.sql: 3:8: the quote that opens here is not closed
          --liquibase formatted sql/--given/BEGIN          ^ x/001_a.test.sql: 3:1: has a transaction command: BEGIN
          """)
  void anotherFormIsRefused(String lines, String problem) {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> parse(lines))
        .satisfies(e -> assertThat(e.problem()).startsWith(problem));
  }

  @Test
  void queriesHaveTheRowsBelowThem() {
    DataTest test =
        parse(HEAD + "--up/SELECT 1;/SELECT 2;/--> 2/-->/SELECT 3;/--down/SELECT 4/--> 4 | 5");

    assertThat(test.given()).isEmpty();
    assertThat(test.up().stream().map(e -> e.query().sql() + " " + e.rows()))
        .containsExactly("SELECT 1 []", "SELECT 2 [2, ]", "SELECT 3 []");
    assertThat(test.down().stream().map(e -> e.query().sql() + " " + e.rows()))
        .containsExactly("SELECT 4 [4 | 5]");
  }

  @Test
  void checkNamesATestWithoutAChangeset(@TempDir Path root) throws Exception {
    Files.createDirectories(root.resolve("core"));
    Files.writeString(
        root.resolve("core/001_a.sql"),
        """
        --liquibase formatted sql
        --changeset core:001
        SELECT 1;
        --rollback empty because it is a test
        """);
    Files.writeString(root.resolve("core/001_b.test.sql"), lines(HEAD + "--up/SELECT 1"));
    Files.writeString(root.resolve("core/001_a.test.sql"), "SELECT 1;");

    assertThat(ChangelogCheck.of(root).stream().map(ChangelogCheck.Finding::toString))
        .anyMatch(
            text -> text.contains("001_b.test.sql") && text.contains("has no changeset beside it"))
        .anyMatch(text -> text.contains("001_a.test.sql") && text.contains("does not begin with"))
        .hasSize(2);
  }

  private static DataTest parse(String text) {
    return DataTest.of("x/001_a.test.sql", SourceText.of(lines(text)));
  }

  /// A slash stands for the end of a line.
  private static String lines(String text) {
    return text.replace('/', '\n');
  }
}
