package dev.sheaf.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JudgementsTest {

  @Test
  void linesWithTheSameTextAreOneQuery() {
    assertThat(
            Judgements.parse(
                    "file", List.of("why tides\tmoon/tides\t3", "", "# 1\td", "why tides \ta b"))
                .queries())
        .isEqualTo(Map.of("why tides", Map.of("moon/tides", 3, "a b", 1), "# 1", Map.of("d", 1)));
  }

  @Test
  void otherLinesAreNamed() {
    for (String line : List.of("query", "query d 1", "\td", "q\t", "q\td\tmuch", "q\td\t1\t2")) {
      assertThatThrownBy(() -> Judgements.parse("file", List.of("q\td", line)))
          .as(line)
          .hasMessageContaining("line 2 of file is not a judgement");
    }
    assertThatThrownBy(() -> Judgements.parse("file", List.of("q\td", "q\td\t2")))
        .hasMessageContaining("line 2 of file judges the document d again");
    assertThatThrownBy(() -> Judgements.parse("file", List.of("", " ")))
        .hasMessageContaining("file has no judgements");
  }

  @Test
  void theFileIsUtf8(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("judgements.tsv");
    Files.write(file, "Gezeiten für alle\td\n".getBytes(StandardCharsets.ISO_8859_1));

    assertThatThrownBy(() -> Judgements.read(file)).hasMessageContaining("is not a text in UTF-8");
  }
}
