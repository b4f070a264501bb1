package dev.sheaf.document;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.bundled.BundledModels;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ChunkerTest {

  private static final EmbeddingModel MODEL = BundledModels.bgeSmall();

  private final Chunker chunker = new Chunker(MODEL, 256, 32);

  @Test
  void leavesAShortTextWhole() {
    assertThat(chunker.split("\n  Tides follow the moon. \t"))
        .containsExactly(new TextChunk(0, "Tides follow the moon.", 5, 3, 25));
  }

  @Test
  void hasNoChunksForABlankText() {
    assertThat(chunker.split("")).isEmpty();
    assertThat(chunker.split(" \r\n\t ")).isEmpty();
  }

  @Test
  void endsAtParagraphsThenLinesThenSentencesThenWords() {
    var small = new Chunker(MODEL, 16, 0);

    assertThat(
            texts(
                small,
                "One two. Three four.\nFive six seven eight.\n\nNine ten. Eleven. Twelve men."))
        .containsExactly(
            "One two. Three four.\nFive six seven eight.", "Nine ten. Eleven. Twelve men.");
    assertThat(
            texts(
                small, "One two. Three four. Five six\nseven eight. Nine ten. Eleven. Twelve men."))
        .containsExactly(
            "One two. Three four. Five six", "seven eight. Nine ten. Eleven. Twelve men.");
    assertThat(
            texts(
                small,
                "one two. three four five six seven eight. nine ten eleven twelve men and more"))
        .containsExactly(
            "one two. three four five six seven eight.", "nine ten eleven twelve men and more");
    assertThat(texts(small, "a b c d e f g h i j k l m n o p q r s t"))
        .containsExactly("a b c d e f g h i j k l m n o p", "q r s t");
  }

  @Test
  void repeatsTheLastSentencesOrElseTheLastWords() {
    var small = new Chunker(MODEL, 16, 6);

    assertThat(
            texts(small, "One two three. Four five six seven. Eight nine. Ten is more than nine."))
        .containsExactly(
            "One two three. Four five six seven. Eight nine.",
            "Eight nine. Ten is more than nine.");
    assertThat(texts(small, "a b c d e f g h i j k l m n o p q r s t"))
        .containsExactly("a b c d e f g h i j k l m n o p", "k l m n o p q r s t");
  }

  static Stream<Arguments> hostileTexts() {
    String prose = prose(new Random(7), 60_000);
    return Stream.of(
        argumentSet("prose", prose),
        argumentSet("one line", prose.replaceAll("\\s+", " ")),
        argumentSet("no sentences", prose.replaceAll("[.\\s]+", " ")),
        argumentSet("Windows line ends", prose.replace("\n", "\r\n")),
        argumentSet("a word a line", prose.replace(" ", "\n")),
        argumentSet("no spaces", prose.replaceAll("\\s+", "")),
        argumentSet("one letter", "a".repeat(1_000_000)),
        argumentSet("one accented letter", "é".repeat(100_000)),
        argumentSet("punctuation", "!".repeat(300_000)),
        argumentSet("quotation marks", "\"".repeat(300_000)),
        argumentSet("brackets", "([{<".repeat(50_000)),
        argumentSet(
            "hexadecimal",
            new Random(1).longs(5_000).mapToObj(Long::toHexString).collect(joining())),
        argumentSet("emoji", "😀".repeat(200_000)),
        argumentSet("joined emoji", "👩🏽‍👩🏿‍👧‍👦".repeat(10_000)),
        argumentSet("Chinese", "今天天气很好，我们去公园。".repeat(5_000)),
        argumentSet("Japanese kana", "ひらがなとカタカナ".repeat(5_000)),
        argumentSet("Korean", "안녕하세요세계".repeat(5_000)),
        argumentSet("Thai", "สวัสดีครับผม".repeat(5_000)),
        argumentSet("combining marks", "a\u0301\u0323\u0308".repeat(50_000)),
        argumentSet("only combining marks", "\u0301".repeat(200_000)),
        argumentSet("zero width", "\u200B".repeat(300_000)),
        argumentSet("zero width words", "\u200B ".repeat(150_000)),
        argumentSet("zero width paragraphs", "\u200B\n\n".repeat(100_000)),
        argumentSet("no-break spaces", "\u00A0".repeat(300_000)),
        argumentSet("a gap of spaces", "left" + " ".repeat(1_000_000) + "right"),
        argumentSet("a gap of lines", "left" + " \n".repeat(500_000) + "right"),
        argumentSet("halves of surrogate pairs", "\uD83D x\uDE00 ".repeat(30_000)),
        argumentSet("NUL", "\0".repeat(300_000)),
        argumentSet(
            "code", "    if (a[i] != b[j]) {\n\t\treturn f(x, \"y\\n\");\n    }\n\n".repeat(2_000)),
        argumentSet("table", "| id | name | 3.14 |\n|---|---|---|\n".repeat(4_000)),
        argumentSet("ligature", "\uFDFA".repeat(50_000)));
  }

  @ParameterizedTest
  @MethodSource("hostileTexts")
  void keepsItsPromisesForHostileTexts(String text) {
    assertTimeoutPreemptively(Duration.ofSeconds(10), () -> checkPromises(text, 256, 32));
  }

  @Test
  void keepsItsPromisesForRandomTexts() {
    var random = new Random(42);
    for (int i = 0; i < 400; i++) {
      int max = 16 + random.nextInt(100);
      checkPromises(randomText(random), max, random.nextInt(max));
    }
  }

  @Test
  void takesTimeInProportionToTheText() {
    String text = prose(new Random(3), 2_000_000);

    List<TextChunk> chunks =
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> chunker.split(text));

    assertThat(chunks.stream().mapToInt(TextChunk::tokenCount).average().orElseThrow())
        .isBetween(190.0, 256.0);
  }

  @Test
  void saysHowItSplits() {
    assertThat(chunker.fingerprint())
        .isEqualTo("chunker 1, bge-small-en-v1.5, max 256, overlap 32");
  }

  @Test
  void neverGivesAModelMoreThanItReads() {
    assertThat(new Chunkers(10_000, 32).forModel(MODEL).fingerprint())
        .isEqualTo("chunker 1, bge-small-en-v1.5, max 510, overlap 32");
  }

  @Test
  void refusesLengthsThatMakeNoSense() {
    assertThatThrownBy(() -> new Chunkers(15, 0).forModel(MODEL))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("sheaf.chunking.max-tokens must be at least 16, but is 15");
    assertThatThrownBy(() -> new Chunkers(1_000, 510).forModel(MODEL))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "sheaf.chunking.overlap-tokens must be from 0 to 509, less than the length of a chunk for"
                + " the model bge-small-en-v1.5, but is 510");
    assertThatThrownBy(() -> new Chunkers(256, -1).forModel(MODEL))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("but is -1");
  }

  private static void checkPromises(String text, int max, int overlap) {
    List<TextChunk> chunks = new Chunker(MODEL, max, overlap).split(text);

    int covered = 0;
    int previousStart = -1;
    for (int i = 0; i < chunks.size(); i++) {
      TextChunk chunk = chunks.get(i);
      assertThat(chunk.ordinal()).isEqualTo(i);
      assertThat(chunk.text())
          .isEqualTo(text.substring(chunk.startOffset(), chunk.endOffset()))
          .isNotBlank();
      assertThat(chunk.text().length())
          .isEqualTo(chunk.text().strip().length())
          .isLessThanOrEqualTo(max * 32);
      assertThat(chunk.tokenCount())
          .isEqualTo(MODEL.countTokens(chunk.text()))
          .isLessThanOrEqualTo(max);
      assertThat(chunk.startOffset()).isGreaterThan(previousStart);
      assertThat(chunk.endOffset()).isGreaterThan(covered);
      if (chunk.startOffset() > covered) {
        assertThat(text.substring(covered, chunk.startOffset())).isBlank();
      } else {
        assertThat(MODEL.countTokens(text.substring(chunk.startOffset(), covered)))
            .isLessThanOrEqualTo(overlap + 2);
      }
      assertThat(cutsSurrogatePair(text, chunk.startOffset())).isFalse();
      assertThat(cutsSurrogatePair(text, chunk.endOffset())).isFalse();
      covered = chunk.endOffset();
      previousStart = chunk.startOffset();
    }
    assertThat(text.substring(covered)).isBlank();
    assertThat(chunks.stream().mapToLong(c -> c.text().length()).sum())
        .as("characters in all chunks")
        .isLessThanOrEqualTo((long) text.length() * (max / (max - overlap) + 2));
  }

  private static boolean cutsSurrogatePair(String text, int at) {
    return at > 0
        && at < text.length()
        && Character.isSurrogatePair(text.charAt(at - 1), text.charAt(at));
  }

  private static List<String> texts(Chunker chunker, String text) {
    return chunker.split(text).stream().map(TextChunk::text).toList();
  }

  private static String prose(Random random, int length) {
    List<String> words =
        List.of(
            "the",
            "tide",
            "of",
            "a",
            "sea",
            "rises",
            "because",
            "moon",
            "pulls",
            "water;",
            "harbours",
            "schedule",
            "departures",
            "accordingly");
    var text = new StringBuilder(length + 100);
    while (text.length() < length) {
      int count = 5 + random.nextInt(20);
      text.append(
          IntStream.range(0, count)
              .mapToObj(i -> words.get(random.nextInt(words.size())))
              .collect(joining(" ", "", ".")));
      text.append(random.nextInt(6) == 0 ? "\n\n" : " ");
    }
    return text.toString();
  }

  private static String randomText(Random random) {
    String[] atoms = {
      "tide",
      "a",
      "0x7fffffff",
      "e\u0301",
      "😀",
      "👩‍👧",
      "日本語",
      "안녕",
      "\u200B",
      "\uD83D",
      "\uDE00",
      "\0",
      " ",
      " ",
      " ",
      " ",
      "\n",
      "\r\n",
      "\n\n",
      "\t",
      "\u00A0",
      "\u2028",
      ".",
      ". ",
      "! ",
      "。",
      "...",
      "\"",
      ")",
      "-",
      "/",
      "supercalifragilisticexpialidocious",
      "https://example.org/a/b?c=d&e=f",
      "ﷺ"
    };
    var text = new StringBuilder();
    for (int i = random.nextInt(300); i > 0; i--) {
      String atom = atoms[random.nextInt(atoms.length)];
      text.append(random.nextInt(40) == 0 ? atom.repeat(random.nextInt(200)) : atom);
    }
    return text.toString();
  }
}
