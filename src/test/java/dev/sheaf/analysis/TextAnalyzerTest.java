package dev.sheaf.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class TextAnalyzerTest {

  static final List<String> HOSTILE =
      List.of(
          "",
          " \n\t\u00a0\u3000",
          "x".repeat(1_000_000),
          "a-".repeat(50_000),
          "aB".repeat(50_000),
          "/".repeat(100_000),
          "e" + "\u0301".repeat(100_000),
          "\u0301".repeat(10_000),
          "\ud800".repeat(10_000),
          "a\udc00b\ud800c \ud83d",
          "水".repeat(33_000),
          "ก".repeat(33_000),
          "👩\u200d".repeat(10_000),
          "\ufdfa ".repeat(10_000),
          "\u200c\u200d\ufeff\u202e",
          "'\\'' & | ! <-> :* \\");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          english    | HttpClientBuilder       | httpclientbuild:1~3 http:1 client:2 builder:3
          english    | foo_bar.baz-1.2.3       | foo_bar.baz-1.2.3:1~6 foo:1 bar:2 baz:3 1:4 2:5 3:6
          english    | /usr/lib/x86_64         | usr/lib/x86_64:1~4 usr:1 lib:2 x86:3 64:4
          english    | C++, C# and C           | c++:1 c:1 c#:2 c:2 c:4
          english    | John's state-of-the-art | john:1 state-of-the-art:2~4 state:2 art:5
          english    | １２３ ＡＢＣ 1,000      | 123:1 abc:2 1,000:3~2 1:3 000:4
          english    | ❤️ ☕ 👩‍👩‍👧                | ❤:1 ☕:2 👩👩👧:3
          english    | 東京タワー              | 東:1 東京:1~2 京:2 京タ:2~2 タ:3 タワ:3~2 ワ:4 ワー:4~2 ー:5
          english    | ﾃﾞｰﾀ                    | デ:1 デー:1~2 ー:2 ータ:2~2 タ:3
          english    | がか                    | が:1 がか:1~2 か:2
          english    | 서울에서                | 서:1 서울:1~2 울:2 울에:2~2 에:3 에서:3~2 서:4
          english    | ภาษาไทยสวยงาม           | ภาษา:1 ไทย:2 สวยงาม:3
          english    | الكتاب книги किताबें     | كتاب:1 книг:2 किताब:3
          arabic     | مُحَمَّد والكتب            | محمد:1 كتب:2
          german     | Häuser Haus STRASSE Straße | haus:1 haus:2 strass:3 strass:4
          turkish    | ISPARTA ısparta İSTANBUL istanbul | ispar:1 ispar:2 istanbul:3 istanbul:4
          spanish    | información informaciones informacion | informacion:1 informacion:2 informacion:3
          portuguese | informação informações informacao | informaca:1 informaca:2 informaca:3
          french     | l’avion l'été           | l'avion:1~2 avion:2 l'et:3~2 ete:4
          simple     | the می‌خواهم Häuser      | the:1 ميخواهم:2~2 مي:2 خواهم:3 hauser:4
          """)
  void wordsOfManyLanguages(String language, String text, String expected) {
    assertThat(words(language, text)).isEqualTo(expected);
    assertThat(words(language, Normalizer.normalize(text, Normalizer.Form.NFD)))
        .isEqualTo(expected);
  }

  @Test
  void pairsOfAQueryComeWithoutSingleCharacters() {
    var words = new ArrayList<String>();
    TextAnalyzer.of("english")
        .orElseThrow()
        .wordsOfQuery("東京都 水 タワー。と x か", word -> words.add(word.lexeme() + ":" + word.position()));

    assertThat(words).containsExactly("東京:1", "京都:2", "水:4", "タワ:5", "ワー:6", "と:8", "x:9", "か:10");
  }

  /// Each word of a document is found by a query for the same part of the text.
  @ParameterizedTest
  @FieldSource("HOSTILE")
  void wordsAreWithinTheText(String text) {
    int[] last = {0};
    TextAnalyzer.of("english")
        .orElseThrow()
        .words(
            text,
            word -> {
              assertThat(word.lexeme()).isNotEmpty().hasSizeLessThanOrEqualTo(255);
              assertThat(word.position()).isGreaterThanOrEqualTo(last[0]).isPositive();
              assertThat(word.start()).isNotNegative().isLessThan(word.end());
              assertThat(word.end()).isLessThanOrEqualTo(text.length());
              last[0] = word.position();
            });
  }

  /// A stemmer leaves words of other scripts as they are.
  @Test
  void everyLanguageHasAStemmerForItsScriptOnly() {
    for (String language : TextAnalyzer.languages()) {
      assertThat(words(language, "Москва 東京 กรุงเทพ")).as(language).contains("東京", "กรุงเทพ");
      if (!language.equals("serbian") && !language.equals("simple")) {
        assertThat(words(language, "книги")).as(language).isEqualTo("книг:1");
      }
    }
  }

  @Test
  void threadsShareAnAnalyzer() throws InterruptedException {
    List<String> texts =
        IntStream.range(0, 200).mapToObj(i -> "fooBar-" + i + " 東京 " + "x ".repeat(i)).toList();
    List<String> expected = texts.stream().map(text -> words("english", text)).toList();
    var different = new ConcurrentLinkedQueue<String>();
    List<Thread> threads =
        IntStream.range(0, 8)
            .mapToObj(seed ->
                Thread.ofVirtual()
                    .unstarted(() -> {
                      var random = new Random(seed);
                      for (int i = 0; i < 200; i++) {
                        int text = random.nextInt(texts.size());
                        if (!words("english", texts.get(text)).equals(expected.get(text))) {
                          different.add(texts.get(text));
                        }
                      }
                    }))
            .toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(different).isEmpty();
  }

  @Test
  void unknownLanguagesHaveNoAnalyzer() {
    assertThat(TextAnalyzer.of("klingon")).isEmpty();
    assertThat(TextAnalyzer.of("ENGLISH")).isEmpty();
    assertThat(TextAnalyzer.languages()).isSorted().contains("english", "simple");
  }

  private static String words(String language, String text) {
    var words = new ArrayList<TextWord>();
    TextAnalyzer.of(language).orElseThrow().words(text, words::add);
    return words.stream()
        .map(word ->
            word.lexeme() + ":" + word.position() + (word.length() == 1 ? "" : "~" + word.length()))
        .collect(Collectors.joining(" "));
  }
}
