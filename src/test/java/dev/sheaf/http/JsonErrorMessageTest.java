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
          {"a":          | The JSON ends too early (line 1, column 6).
          {"a":"         | The JSON ends too early (line 1, column 7).
          [              | The JSON ends too early (line 1, column 2).
          {"a":NaN}      | NaN is not a number in JSON (line 1, column 9).
          {"a":-Infinity} | -Infinity is not a number in JSON (line 1, column 15).
          {"a":+1}       | Unexpected character + (line 1, column 7).
          {"a":01}       | Invalid number (line 1, column 7).
          {"a":1.}       | Unexpected character } (line 1, column 7).
          {"a":é}        | Unknown word é (line 1, column 6).
          {a:1}          | Unexpected character a (line 1, column 2).
          {'a':1}        | Unexpected character ' (line 1, column 2).
          {"a":1,"a":2}  | Duplicate field a (line 1, column 11).
          {"a":1} {}     | There is text after the JSON value (line 1, column 9).
          // x           | Unexpected character / (line 1, column 1).
          nonsense       | Unknown word nonsense (line 1, column 1).
          {"a":"\\x"}    | Unknown escape sequence in a string (line 1, column 8).
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
        "{\"a\":\"\u0001\"}",
        "\u001f\u008b\b",
        "[1 2]",
        "{\"a\" 1}",
        "{\"a\":1e}",
        "{\"a\":--1}",
        "tru",
        "[0x10]",
      })
  void namesNothingOfTheParser(String json) {
    assertThat(JsonErrorMessage.of(failure(json)))
        .doesNotContain(
            "`", "Feature", "REDACTED", "fasterxml", "Jackson", "code", "token", "input");
  }

  @ParameterizedTest
  @ValueSource(ints = {201, 100_000})
  void limitsAreGivenWithoutTheirSetting(int depth) {
    assertThat(JsonErrorMessage.of(failure("[".repeat(depth))))
        .startsWith("The JSON is nested more than 200 levels deep");
  }

  private static JacksonException failure(String json) {
    var mapper = new ObjectMapper();
    new StrictJson().customize(mapper);
    return catchThrowableOfType(
        JsonProcessingException.class, () -> mapper.readValue(json, Object.class));
  }
}
