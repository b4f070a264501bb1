package dev.sheaf.ingestion;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineReaderTest {

  @Test
  void theLastLineNeedsNoTerminator() throws IOException {
    assertThat(read("a\nb", 10)).containsExactly("1:a@2", "2:b@3");
    assertThat(read("a\nb\n", 10)).containsExactly("1:a@2", "2:b@4");
    assertThat(read("\n\na", 10)).containsExactly("1:@1", "2:@2", "3:a@3");
    assertThat(read("", 10)).isEmpty();
  }

  @Test
  void skipsALineThatIsTooLong() throws IOException {
    assertThat(read("1234\n12345\n1\n", 4)).containsExactly("1:1234@5", "2:too long@11", "3:1@13");
    // Longer than the buffer, so that the line is read in several pieces.
    String megabyte = "x".repeat(1_000_000);
    assertThat(read(megabyte + "\na", 999_999))
        .containsExactly("1:too long@1000001", "2:a@1000002");
    assertThat(read(megabyte + "\na", 1_000_000))
        .containsExactly("1:" + megabyte + "@1000001", "2:a@1000002");
  }

  @Test
  void resumesAtAPosition() throws IOException {
    var reader =
        new LineReader(new ByteArrayInputStream("c\n".getBytes(StandardCharsets.UTF_8)), 10, 2, 4);

    assertThat(reader.next(_ -> {})).extracting(LineReader.Line::number).isEqualTo(3L);
    assertThat(reader.position()).isEqualTo(6);
  }

  /// Each line as `number:text@offset of the next line`.
  private static List<String> read(String text, int maxLine) throws IOException {
    var reader =
        new LineReader(
            new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), maxLine, 0, 0);
    var lines = new ArrayList<String>();
    for (var line = reader.next(_ -> {}); line != null; line = reader.next(_ -> {})) {
      byte[] bytes = line.bytes();
      lines.add(
          line.number()
              + ":"
              + (bytes == null ? "too long" : new String(bytes, StandardCharsets.UTF_8))
              + "@"
              + reader.position());
    }
    return lines;
  }
}
