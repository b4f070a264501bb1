package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Compares passages of random texts with a model that tries every part of the text.
class MarkedTextTest {

  private static final List<String> PIECES =
      List.of(
          " ",
          "  ",
          "\n",
          ". ",
          "tide",
          "Moon",
          "sun",
          "a",
          "<b>",
          "</mark>",
          "&amp;",
          "&",
          "\"",
          "'",
          "e\u0301",
          "\ud83c\udf0a",
          "\ud83d\udc69\u200d\ud83d\udc67",
          "\u6f6e\u6c50",
          "\u0001",
          "x".repeat(70));

  private static final List<String> WORDS =
      List.of("tide", "Tide", "moon", "\u6f6e", "e\u0301a", "\ud83c\udf19", "long".repeat(12));

  private final Random random = new Random(17);

  /// A marked word: characters of UTF-16.
  private record Word(int start, int end) {}

  @Test
  void passagesAreTheBestPartsOfTheText() {
    for (int i = 0; i < 3_000; i++) {
      var marked = new StringBuilder();
      var text = new StringBuilder();
      var words = new ArrayList<Word>();
      for (int n = random.nextInt(60); n > 0; n--) {
        if (random.nextInt(6) == 0) {
          String word = WORDS.get(random.nextInt(WORDS.size()));
          words.add(new Word(text.length(), text.length() + word.length()));
          marked.append(MarkedText.START).append(word).append(MarkedText.STOP);
          text.append(word);
        } else {
          String piece = PIECES.get(random.nextInt(PIECES.size()));
          marked.append(piece);
          text.append(piece);
        }
      }
      check(
          marked.toString(),
          text.toString(),
          words,
          1 + random.nextInt(4),
          20 + random.nextInt(80));
    }
  }

  private static void check(String marked, String text, List<Word> words, int limit, int length) {
    MarkedText read = MarkedText.parse(marked);
    assertThat(read.matches(3))
        .isEqualTo(
            words.stream()
                .limit(3)
                .map(word ->
                    new TextRange(
                        text.codePointCount(0, word.start()), text.codePointCount(0, word.end())))
                .toList());

    List<Passage> passages = read.passages(limit, length);
    assertThat(passages).hasSizeBetween(1, limit);
    int last = 0;
    int best = 0;
    for (Passage passage : passages) {
      assertThat(passage.start()).isGreaterThanOrEqualTo(last);
      last = passage.end();
      int start = text.offsetByCodePoints(0, passage.start());
      int end = text.offsetByCodePoints(0, passage.end());
      assertThat(passage.html()).isEqualTo(html(text, words, start, end));
      assertThat(text.substring(start, end)).isEqualTo(text.substring(start, end).strip());
      List<Word> inside =
          words.stream().filter(word -> word.start() >= start && word.end() <= end).toList();
      assertThat(end - start <= length || inside.size() == 1).as(passage.html()).isTrue();
      assertThat(words)
          .noneMatch(word ->
              (word.start() < start && start < word.end())
                  || (word.start() < end && end < word.end()));
      assertThat(inside.isEmpty()).isEqualTo(words.isEmpty());
      assertThat(startsWithGrapheme(text, start) && startsWithGrapheme(text, end)).isTrue();
      best = Math.max(best, different(text, inside));
    }
    assertThat(best).isGreaterThanOrEqualTo(mostDifferent(text, words, length));
  }

  /// Written otherwise than in the product: character by character.
  private static String html(String text, List<Word> words, int start, int end) {
    var html = new StringBuilder();
    for (int i = start; i < end; i++) {
      int at = i;
      if (words.stream().anyMatch(word -> word.start() == at)) {
        html.append("<mark>");
      }
      String character = String.valueOf(text.charAt(i));
      html.append(
          character
              .replace("&", "&amp;")
              .replace("<", "&lt;")
              .replace(">", "&gt;")
              .replace("\"", "&quot;")
              .replace("'", "&#39;"));
      if (words.stream().anyMatch(word -> word.end() == at + 1)) {
        html.append("</mark>");
      }
    }
    return html.toString();
  }

  private static boolean startsWithGrapheme(String text, int position) {
    return position == 0
        || position == text.length()
        || (!Character.isLowSurrogate(text.charAt(position))
            && text.charAt(position) != '\u0301'
            && text.charAt(position) != '\u200d'
            && text.charAt(position - 1) != '\u200d');
  }

  private static int mostDifferent(String text, List<Word> words, int length) {
    int most = 0;
    for (int first = 0; first < words.size(); first++) {
      for (int last = first; last < words.size(); last++) {
        if (last == first || words.get(last).end() - words.get(first).start() <= length) {
          most = Math.max(most, different(text, words.subList(first, last + 1)));
        }
      }
    }
    return most;
  }

  private static int different(String text, List<Word> words) {
    Set<String> different = new HashSet<>();
    words.forEach(
        word -> different.add(text.substring(word.start(), word.end()).toLowerCase(Locale.ROOT)));
    return different.size();
  }
}
