package dev.sheaf.migration.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.migration.TestChangelogs;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a changeset that replaces others means for a history.
class ReplacementTest {

  @TempDir private Path root;
  private Changesets changesets;

  @BeforeEach
  void write() throws IOException {
    TestChangelogs changelogs = new TestChangelogs(root);
    changelogs.changeset(
        "core",
        4,
        "squashed",
        """
        --replaces core/002_earlier %1$s2
        --replaces core/001_a %1$s1 in core/002_earlier
        --replaces core/002_b %1$s0 in core/002_earlier
        --replaces core/003_c %1$s3
        --replaces core/004_d %1$s4
        CREATE TABLE t ();\
        """
            .formatted("9:" + "0".repeat(31)),
        "DROP TABLE t;");
    changelogs.table("core", 5, "e");
    changelogs.table("shop", 1, "s");
    Changelogs read = Changelogs.in(root);
    changesets = new Changesets(read, Modules.everything(read));
  }

  /// A letter stands for the changeset of that name, a capital one for another content, `?` for a
  /// row without a checksum.
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          '',        '',             ''
          squashed e s, squashed e s, ''
          a b c d,   squashed,       ''
          earlier c d e, squashed e, ''
          a b c s d e, squashed e s, ''
          ? c d s,   squashed s,     ''
          s,         s,              ''
          a b c,     a b c,          not applied: core/004_d
          a c d,     a c d,          not applied: core/002_b
          earlier c, earlier c,      not applied: core/004_d
          c d e,     c d e,          'not applied: core/001_a, core/002_b'
          a b C d,   a b C d,        'core/003_c, which was applied with another content'
          """)
  void allThatItReplacesCountAsIt(String history, String current, String problem) {
    List<History.Applied> rows = rows(history);

    assertThat(changesets.current(rows))
        .extracting(History.Applied::label)
        .containsExactlyElementsOf(rows(current).stream().map(History.Applied::label).toList());
    if (problem.isEmpty()) {
      changesets.requireNoneReplacedInPart(rows);
    } else {
      assertThatThrownBy(() -> changesets.requireNoneReplacedInPart(rows))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining(problem);
    }
  }

  @Test
  void theyAreRolledBackTogether() {
    List<History.Applied> history = rows("a b c s d e");

    changesets.requireWhole(history, rows("e"));
    changesets.requireWhole(history, rows("e d s c b a"));
    changesets.requireWhole(rows("a b"), rows("b"));
    assertThatThrownBy(() -> changesets.requireWhole(history, rows("e d")))
        .hasMessageContaining(
            "core/004_squashed replaces core/001_a, core/002_b, core/003_c, and 1 more, which can only be rolled back together");
  }

  private static List<History.Applied> rows(String names) {
    return Arrays.stream(names.split(" "))
        .filter(name -> !name.isEmpty())
        .map(name ->
            switch (name) {
              case "squashed" -> row("core/004_squashed", "4");
              case "earlier" -> row("core/002_earlier", "2");
              case "a" -> row("core/001_a", "1");
              case "b" -> row("core/002_b", "0");
              case "c" -> row("core/003_c", "3");
              case "C" -> row("core/003_c", "9");
              case "d" -> row("core/004_d", "4");
              case "?" -> new History.Applied("db/changelog/core/002_earlier.sql", null, null);
              case "e" -> row("core/005_e", "5");
              default -> row("shop/001_s", "6");
            })
        .toList();
  }

  private static History.Applied row(String label, String digit) {
    return new History.Applied(
        "db/changelog/" + label + ".sql", "9:" + "0".repeat(31) + digit, null);
  }
}
