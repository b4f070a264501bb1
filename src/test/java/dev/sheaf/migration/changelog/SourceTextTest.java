package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourceTextTest {

  @Test
  void aByteOrderMarkAndTheKindOfLineEndMakeNoDifference() {
    SourceText plain = SourceText.of("SELECT 'ä';\n\nSELECT 2;\n");

    assertThat(SourceText.of("\uFEFFSELECT 'ä';\r\n\r\nSELECT 2;\r\n")).isEqualTo(plain);
  }

  @Test
  void aCarriageReturnAloneStays() {
    assertThat(SourceText.of("a\r\r\nb\r")).hasToString("a\r\nb\r");
  }

  @ParameterizedTest
  @CsvSource({"ISO-8859-1,2", "UTF-16LE,1", "UTF-16BE,0", "UTF-8,-1"})
  void findsTheFirstByteThatIsNoText(String charset, int offset) {
    assertThat(SourceText.of("aßb".getBytes(Charset.forName(charset))).invalid())
        .isEqualTo(charset.equals("ISO-8859-1") ? 1 : offset);
  }

  @Test
  void findsACharacterThatIsCutOff() {
    byte[] bytes = "ab€".getBytes(StandardCharsets.UTF_8);

    assertThat(SourceText.of(java.util.Arrays.copyOf(bytes, 4)).invalid()).isEqualTo(2);
  }

  @Test
  void findsWhatIsWrongBehindManyCharacters() {
    byte[] bytes = ("ä".repeat(20_000) + "x").getBytes(StandardCharsets.UTF_8);
    bytes[40_000] = (byte) 0xFC;

    assertThat(SourceText.of(bytes).invalid()).isEqualTo(40_000);
  }

  @Test
  void positionsCountCharacters() {
    SourceText.Positions positions = new SourceText.Positions(SourceText.of("aä€𝄞x\ny"));

    assertThat(positions.of(10)).isEqualTo(new SourceText.Position(1, 5));
    assertThat(positions.of(12)).isEqualTo(new SourceText.Position(2, 1));
    assertThat(positions.of(0)).isEqualTo(new SourceText.Position(1, 1));
  }
}
