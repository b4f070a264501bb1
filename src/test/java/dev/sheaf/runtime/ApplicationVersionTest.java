package dev.sheaf.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.history.NewerChangeset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApplicationVersionTest {

  @ParameterizedTest
  @CsvSource({
    "1.4,            1.4.0,        0",
    "1.4.0-SNAPSHOT, 1.4,          0",
    "1.10,           1.9,          1",
    "1.4.1,          1.4,          1",
    "1.4,            1.4.0.1,     -1",
    "2,              10,          -1",
    "1.4-rc1,        1.4+build.7,  0"
  })
  void theNumbersDecide(String one, String other, int expected) {
    assertThat(version(one).compareTo(version(other))).isEqualTo(expected);
    assertThat(version(other).compareTo(version(one))).isEqualTo(-expected);
  }

  @Test
  void whatHasNoNumberIsNoVersion() {
    assertThat(ApplicationVersion.of("development")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "1.4, 1.4.0-SNAPSHOT, true",
        "1.4, 1.3.9,          false",
        "1.4, 2.0,            true",
        "1.4, development,    false",
        "-,   9.9,            false"
      })
  void aChangesetIsToleratedFromItsOldestVersionOn(
      String tolerates, String version, boolean expected) {
    assertThat(new NewerChangeset("core/007_a", "1.5", tolerates).isToleratedBy(version))
        .isEqualTo(expected);
  }

  private static ApplicationVersion version(String text) {
    return ApplicationVersion.of(text).orElseThrow();
  }
}
