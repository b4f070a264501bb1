package dev.sheaf.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
  void namesThePathOfABadValue() throws Exception {
    assertThatThrownBy(() -> Input.json("metadata", json("{\"a\":[1,{\"b\":\"x\\u0000\"}]}")))
        .hasMessageStartingWith("metadata.a[1].b contains U+0000 at position 1");
    assertThatThrownBy(() -> Input.json("metadata", json("{\"a\":1e2000}")))
        .hasMessage("metadata.a has more than 1000 digits.");
    assertThatThrownBy(() -> Input.json("metadata", json("[".repeat(101) + "]".repeat(101))))
        .hasMessage("The value is nested more than 100 levels deep.");
  }

  @Test
  void boundsAreIncluded() {
    assertThat(Input.range("limit", 1, 1, 9, 5)).isEqualTo(1);
    assertThat(Input.range("limit", 9, 1, 9, 5)).isEqualTo(9);
    assertThat(Input.range("limit", null, 1, 9, 5)).isEqualTo(5);
    assertThatThrownBy(() -> Input.range("limit", 10, 1, 9, 5))
        .hasMessage("limit must be a whole number from 1 to 9, not 10.");
  }

  private static JsonNode json(String text) throws Exception {
    return new ObjectMapper()
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .readTree(text);
  }
}
