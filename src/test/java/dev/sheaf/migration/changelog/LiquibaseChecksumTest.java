package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where Liquibase understands the same of a file, its checksum is the same: databases that have
/// recorded it go on, and Liquibase itself finds nothing left to do.
class LiquibaseChecksumTest {

  static Stream<Path> files() {
    return Stream.of("src/main/resources/db/changelog", "src/test/resources/lint")
        .flatMap(LiquibaseChecksumTest::sqlFiles)
        .filter(file ->
            !List.of("bookkeeping.sql", "base.sql").contains(file.getFileName().toString()));
  }

  private static Stream<Path> sqlFiles(String root) {
    try (Stream<Path> files = Files.walk(Path.of(root))) {
      return files.filter(file -> file.toString().endsWith(".sql")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void equalsLiquibases(Path file) throws IOException {
    SourceText text = SourceText.of(Files.readAllBytes(file));

    assertThat(LiquibaseReading.checksum(text)).hasValue(ChangelogReader.read(text).checksum());
  }

  @Test
  void equalsLiquibasesWhereRollbacksAndCommentsStandBetween() {
    SourceText text =
        SourceText.of(
            """
            -- a note
            --liquibase formatted sql
            --requires x

            --changeset core:001
            --comment one
            --allow a: b
            SELECT 'ä  b',\t2; -- two
            --comment: three
            SELECT 4
            /* five */;
            -- six
            --rollback SELECT 7;
            -- eight
            /* liquibase rollback
            SELECT 9;
              */
            --rollback

            """);

    assertThat(LiquibaseReading.checksum(text)).hasValue(ChangelogReader.read(text).checksum());
  }

  @Test
  void doesNotDependOnTheEnvironment() {
    SourceText text =
        SourceText.of(
            "--liquibase formatted sql\n--changeset a:1\nSELECT '${user.name}';\n--rollback empty because it is a test\n");
    SourceText named =
        SourceText.of(text.toString().replace("${user.name}", System.getProperty("user.name")));

    assertThat(LiquibaseReading.checksum(text)).hasValue(ChangelogReader.read(named).checksum());
    assertThat(ChangelogReader.read(text).checksum())
        .isNotEqualTo(ChangelogReader.read(named).checksum());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "SELECT 1;",
        "--changeset a:1\nSELECT 1;\n--changeset a:2\nSELECT 2;\n",
        "--property x\n"
      })
  void thereIsNoneOfWhatIsNoChangeset(String file) {
    assertThat(LiquibaseReading.checksum(SourceText.of(file))).isEmpty();
  }
}
