package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SearchExecutionTest {

  /// A plan is written from its parts, so that the expected text is known.
  @Test
  void literalsAreMaskedWhateverTheyContain() {
    var random = new Random(7);
    for (int run = 0; run < 2_000; run++) {
      var plan = new StringBuilder();
      var masked = new StringBuilder();
      for (int part = random.nextInt(6); part >= 0; part--) {
        String outside = text(random, "(a = )::text \n\\[]", 1 + random.nextInt(8));
        String value = text(random, "'\\ab\n[],1%$\u00e9\ud83d\ude00", random.nextInt(30));
        plan.append(outside).append('\'').append(value.replace("'", "''")).append('\'');
        masked.append(outside).append("'...'");
      }
      String end = text(random, "abc)", random.nextInt(4));

      assertThat(SearchExecution.withoutValues(plan.toString() + end)).isEqualTo(masked + end);
    }
  }

  private static String text(Random random, String alphabet, int length) {
    int[] points = alphabet.codePoints().toArray();
    var text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.appendCodePoint(points[random.nextInt(points.length)]);
    }
    return text.toString();
  }

  @Test
  void aLiteralMayBeLong() {
    for (String piece : new String[] {"moon ", "it''s ", "''", "\\"}) {
      assertThat(SearchExecution.withoutValues("a = '" + piece.repeat(1_000_000) + "'::text)"))
          .isEqualTo("a = '...'::text)");
    }
    assertThat(SearchExecution.withoutValues("a = 'cut off")).isEqualTo("a = '...'");
    assertThat(SearchExecution.withoutValues("no literal")).isEqualTo("no literal");
  }
}
