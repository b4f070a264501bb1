package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.Slow;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Reading takes one pass. A reader that looked at everything again for each statement or line
/// would take hours for these files.
@Slow
class LargeChangelogTest {

  private static final String HEAD = "--liquibase formatted sql\n--changeset core:001\n";

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void aFileOfManyStatementsIsReadInOnePass() {
    int count = 400_000;
    StringBuilder file = new StringBuilder(HEAD);
    for (int i = 0; i < count; i++) {
      file.append("INSERT INTO item (id, name, note) VALUES (")
          .append(i)
          .append(", 'it''s an item', 'and a note on it; all of it');\n");
    }
    file.append("--rollback TRUNCATE item;\n");

    ChangelogText read = ChangelogReader.read(SourceText.of(file.toString()));

    assertThat(read.problems()).isEmpty();
    assertThat(read.up()).hasSize(count);
    assertThat(read.up().getLast().line()).isEqualTo(count + 2);
  }

  @Test
  void aFileThatIsTooLargeIsNamed(@TempDir Path root) throws Exception {
    Files.createDirectories(root.resolve("core"));
    try (RandomAccessFile file =
        new RandomAccessFile(root.resolve("core/001_large.sql").toFile(), "rw")) {
      file.setLength((64 << 20) + (1 << 19));
    }

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> Changelogs.in(root))
        .withMessage(
            root.resolve("core/001_large.sql")
                + " has 64.5 MiB, and a changelog file may have 64.0 MiB - split it into several changesets");
  }

  @Test
  void tooManyStatementsAreRefused() {
    SourceText text =
        SourceText.of(HEAD + ";".repeat(10) + "X;".repeat(SqlSplitter.maxStatements() + 5));

    assertThat(ChangelogReader.read(text).problems())
        .extracting(ChangelogProblem::message)
        .contains("has more than " + SqlSplitter.maxStatements() + " statements");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1; ",
        "SELECT E'a'\n-- b\n+ 1;\n",
        "$a ",
        "$a$b$",
        "$$ $a$ $",
        "/* ",
        "*/ ",
        "(",
        ") ",
        "'",
        "E'\\",
        "\"",
        "--\n",
        "-- rollback DROP TABLE a;\n",
        "--rollback SELECT 1\n",
        "--rollback\n",
        "--comment a\n",
        "--comment a\r",
        "--destructiv a\n",
        "--liquibase formatted sql\n",
        " -- liquibase formatted sql\n",
        "--changeset a:1\n",
        "SELECT 1;--changeset a:1\n",
        "/* liquibase rollback\n*/\n",
        "\\restrict a\n",
        "\\set a ",
        "COPY t FROM stdin;\n\\.\n",
        "COPY t FROM stdin;\n",
        "COPY t FROM stdin\n--rollback SELECT 1;\n",
        "CREATE FUNCTION f() BEGIN ATOMIC CASE ",
        "aaaaaaaa",
        "1",
        "COMMIT;",
      })
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void whateverItHoldsIsReadInOnePass(String piece) {
    SourceText text = SourceText.of(HEAD + piece.repeat((4 << 20) / piece.length()));

    assertThat(ChangelogReader.read(text).problems()).hasSizeLessThanOrEqualTo(100);
  }
}
