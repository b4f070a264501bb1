package dev.sheaf.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreconditionsTest {

  /// A state without an ETag does not exist.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          If-Match      | *               | "a" | true
          If-Match      | *               |     | false
          If-Match      | "a"             | "a" | true
          If-Match      | "a"             |     | false
          If-Match      | "b" , "a"       | "a" | true
          If-Match      | "b","c"         | "a" | false
          If-Match      | W/"a"           | "a" | false
          If-Match      | ,"a, ",,"a",    | "a" | true
          If-Match      | "a, "           | "a" | false
          If-None-Match | *               | "a" | false
          If-None-Match | *               |     | true
          If-None-Match | "a"             | "a" | false
          If-None-Match | W/"a"           | "a" | false
          If-None-Match | "b", W/"a"      | "a" | false
          If-None-Match | "b"             | "a" | true
          If-None-Match | "a"             |     | true
          """)
  void comparesAsRfc9110Says(String header, String value, @Nullable String etag, boolean met) {
    Preconditions conditions = parse(header, value);

    if (met) {
      conditions.check(etag);
    } else {
      assertThatThrownBy(() -> conditions.check(etag))
          .isInstanceOfSatisfying(
              Problem.class,
              problem -> assertThat(problem.type()).isEqualTo(ProblemType.PRECONDITION_FAILED));
    }
    if (etag != null && header.equals("If-None-Match")) {
      assertThat(conditions.isNotModified(etag)).isEqualTo(!met);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        ",",
        "a",
        "\"a",
        "\"",
        "W/",
        "W/a",
        "\"a\" \"b\"",
        "\"a\"b",
        "*,\"a\"",
        "w/\"a\""
      })
  void rejectsEverythingElse(String value) {
    for (String header : new String[] {"If-Match", "If-None-Match"}) {
      assertThatThrownBy(() -> parse(header, value))
          .isInstanceOfSatisfying(
              Problem.class, problem -> assertThat(problem.field()).isEqualTo(header));
    }
  }

  private static Preconditions parse(String header, String value) {
    return header.equals("If-Match")
        ? Preconditions.of(value, null)
        : Preconditions.of(null, value);
  }
}
