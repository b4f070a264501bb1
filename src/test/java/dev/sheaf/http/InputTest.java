package dev.sheaf.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Test;

class InputTest {

  @Test
  void takesEveryWholeCharacter() {
    assertThatCode(() -> Input.storable("text", "naïve 😀 \t\u0001 漢字")).doesNotThrowAnyException();
  }

  @Test
  void refusesWhatPostgresCannotStore() {
    assertThatThrownBy(() -> Input.storable("text", "a\0"))
        .hasMessage(
            "text contains U+0000 at position 1, which PostgreSQL cannot store. Remove it.");
    assertThatThrownBy(() -> Input.storable("text", "ab\ud83d"))
        .hasMessage("text contains an unpaired surrogate at position 2. Remove it.");
    assertThatThrownBy(() -> Input.storable("text", "\ude00\ud83d"))
        .hasMessage("text contains an unpaired surrogate at position 0. Remove it.");
  }

  @Test
  void countsBytesAndNotCharacters() {
    assertThatCode(() -> Input.text("title", "é", 2)).doesNotThrowAnyException();
    assertThatThrownBy(() -> Input.text("title", "éé", 3))
        .hasMessage("title has 4 bytes. It may have at most 3.");
  }

  @Test
  void countsTheDigitsOfANumberWithoutItsExponent() {
    for (String accepted : List.of("1e999", "1e-999", "-1.5e998", "0.001", "0", "1e0")) {
      assertThatCode(() -> Input.number("n", new BigDecimal(accepted))).doesNotThrowAnyException();
    }
    for (String rejected : List.of("1e1000", "1e-1000", "-1.5e1000", "1e2000000000")) {
      assertThatThrownBy(() -> Input.number("n", new BigDecimal(rejected)))
          .hasMessage("n has more than 1000 digits when written without an exponent.");
    }
  }

  @Test
  void boundsAreIncluded() {
    assertThat(Input.range("limit", 1, 1, 9, 5)).isEqualTo(1);
    assertThat(Input.range("limit", 9, 1, 9, 5)).isEqualTo(9);
    assertThat(Input.range("limit", null, 1, 9, 5)).isEqualTo(5);
    assertThatThrownBy(() -> Input.range("limit", 10, 1, 9, 5))
        .hasMessage("limit must be a whole number from 1 to 9, not 10.");
  }
}
