package dev.sheaf.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.problem.Problem;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CursorTest {

  @Test
  void comesBackAsItWent() {
    var cursor = new Cursor(UUID.fromString("8f3c0de5-0000-8abc-bdef-0123456789ab"));

    assertThat(Cursor.parse(cursor.toString())).isEqualTo(cursor);
  }

  @Test
  void startsBeforeEveryDocument() {
    assertThat(Cursor.parse(null)).isEqualTo(Cursor.START);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "AAAA", "not base64!", "'; SELECT 1"})
  void refusesWhatIsNone(String after) {
    assertThatThrownBy(() -> Cursor.parse(after))
        .isInstanceOf(Problem.class)
        .hasMessage("after must be the unchanged `next` of an earlier page.");
  }
}
