package dev.sheaf.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonErrorMessageTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"a":          | Unexpected end-of-input within/between Object entries (line 1, column 6).
          {"a":NaN}      | Non-standard token 'NaN' (line 1, column 9).
          {"a":+1}       | Unexpected character ('+' (code 43)) in numeric value: JSON spec does not allow numbers to have plus signs (line 1, column 7).
          {"a":01}       | Invalid numeric value: Leading zeroes not allowed (line 1, column 7).
          {a:1}          | Unexpected character ('a' (code 97)): was expecting double-quote to start field name (line 1, column 2).
          {"a":1,"a":2}  | Duplicate field 'a' (line 1, column 11).
          {"a":1} {}     | Trailing token (of type START_OBJECT) found after value (line 1, column 9).
          // x           | Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (line 1, column 1).
          """)
  void saysWhatIsWrongAndWhere(String json, String message) {
    assertThat(JsonErrorMessage.of(failure(json))).isEqualTo(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[",
        "nonsense",
        "{\"a\":\"",
        "{'a':1}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":-Infinity}",
        "{\"a\":1,}",
        "[1,,2]",
        "# x",
      })
  void namesNothingOfTheParser(String json) {
    assertThat(JsonErrorMessage.of(failure(json)))
        .doesNotContain("`", "Feature", "REDACTED", "com.fasterxml");
  }

  @ParameterizedTest
  @ValueSource(ints = {1_001, 100_000})
  void limitsAreGivenWithoutTheirSetting(int depth) {
    assertThat(JsonErrorMessage.of(failure("[".repeat(depth))))
        .startsWith("Document nesting depth (1001) exceeds the maximum allowed (1000)")
        .doesNotContain("`");
  }

  private static JacksonException failure(String json) {
    var mapper = new ObjectMapper();
    new StrictJson().customize(mapper);
    return catchThrowableOfType(JsonProcessingException.class, () -> mapper.readTree(json));
  }
}
