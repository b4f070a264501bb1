package dev.sheaf.backup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.Difference;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ContentsTest {

  private static final String LONG =
      "function public.restore_column(target regclass, col name, fill text DEFA";

  private static Contents contents(Map<String, String> catalog) {
    return new Contents(new TreeMap<>(catalog), new TreeMap<>());
  }

  @Test
  void namesThatEarlierVersionsCutAreNoDifference() {
    Contents backup = contents(Map.of(LONG, "a\nb", "table public.t", "t"));

    assertThat(
            backup.differences(
                contents(
                    Map.of(LONG + "ULT 1)", "b", LONG + "ULT 2)", "a", "table public.t", "t"))))
        .isEmpty();
    assertThat(
            backup.differences(
                contents(
                    Map.of(LONG + "ULT 1)", "c", LONG + "ULT 2)", "a", "table public.t", "t"))))
        .containsExactly(new Difference(Difference.Kind.CHANGED, LONG, "a\nb", "a\nc"));
    assertThat(backup.differences(contents(Map.of(LONG + "ULT 1)", "a\nb"))))
        .containsExactly(new Difference(Difference.Kind.MISSING, "table public.t", "t", null));
  }

  @Test
  void shortNamesAreNeverTakenForOthers() {
    assertThat(
            contents(Map.of("table public.t", "t"))
                .differences(contents(Map.of("table public.t", "t", "table public.t2", "t"))))
        .containsExactly(new Difference(Difference.Kind.EXTRA, "table public.t2", null, "t"));
  }
}
