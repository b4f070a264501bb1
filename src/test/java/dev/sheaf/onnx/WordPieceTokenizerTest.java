package dev.sheaf.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares with the Rust tokenizer of Hugging Face, for which the model was published.
class WordPieceTokenizerTest {

  private static WordPieceTokenizer tokenizer;
  private static HuggingFaceTokenizer reference;

  @BeforeAll
  static void read() throws Exception {
    // Otherwise the reference queries the metadata service of cloud machines, and sends telemetry.
    System.setProperty("ai.djl.offline", "true");
    try (InputStream in = resource()) {
      tokenizer = WordPieceTokenizer.read(in);
    }
    try (InputStream in = resource()) {
      reference =
          HuggingFaceTokenizer.newInstance(in, Map.of("padding", "false", "truncation", "false"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " \t\r\n ",
        "Hello, World!",
        "it's 3.14% off... #hash_tag a+b=c <tag> `code` ~x^2|y",
        "Crème brûlée, ÅNGSTRÖM, naïve façade; Straße İstanbul ΣΊΣΥΦΟΣ",
        "日本語のテキスト、中文字符。한국어 텍스트",
        "emoji 😀👩‍👩‍👧‍👦 and 🇩🇪 flags",
        "zero\u200Bwidth soft\u00ADhyphen no\u00A0break line\u2028separator \uFEFFbom",
        "e\u0301 combining a\u0308\u0323 Z\u0335\u0321a\u0337l\u0334g\u0338o",
        "क्षत्रिय สวัสดีครับ שָׁלוֹם مرحبا بالعالم",
        "public static void main(String[] args) { System.out.println(\"x\\n\"); }",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis",
        "“quotes” – dashes — and … ¿questions? ‹›«» ﬁ ﬀ ① ½ ²",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈 𠀀𠀁"
      })
  void agreesWithTheReference(String text) {
    assertThat(tokenizer.encode(text)).isEqualTo(reference(text));
  }

  @Test
  void agreesWithTheReferenceOnRandomText() {
    var random = new Random(42);
    String[] blocks = {
      "abcdefghijklmnopqrstuvwxyz", "  \n\t", ".,;:!?-'\"()", "éüßñÅ", "0123456789", "жλ日한ก"
    };
    for (int n = 0; n < 2_000; n++) {
      var text = new StringBuilder();
      for (int i = random.nextInt(60); i > 0; i--) {
        String block = blocks[random.nextInt(blocks.length)];
        text.append(block.charAt(random.nextInt(block.length())));
      }
      assertThat(tokenizer.encode(text.toString()))
          .as(text.toString())
          .isEqualTo(reference(text.toString()));
    }
  }

  @Test
  void readsWordsTheReferenceGivesUpOn() {
    int[] ids = tokenizer.encode("lorem".repeat(1_000));

    assertThat(ids).hasSizeGreaterThan(1_000).doesNotContain(tokenizer.unknown());
    assertThat(reference("lorem".repeat(1_000))).containsExactly(tokenizer.unknown());
    assertThat(tokenizer.encode("a".repeat(100))).isEqualTo(reference("a".repeat(100)));
  }

  @Test
  void endsAWordAtEveryKindOfWhiteSpace() {
    assertThat(tokenizer.encode("one\ftwo\u000Bthree\u0085four"))
        .isEqualTo(reference("one two three four"));
  }

  @Test
  void readsTheNamesOfSpecialTokensAsText() {
    assertThat(tokenizer.encode("[SEP]")).isEqualTo(reference("[ SEP ]"));
  }

  @Test
  void skipsHalvesOfSurrogatePairs() {
    assertThat(tokenizer.encode("a\uD83Db \uDE00")).isEqualTo(reference("ab"));
  }

  private static int[] reference(String text) {
    return Arrays.stream(reference.encode(text, false, false).getIds())
        .mapToInt(Math::toIntExact)
        .toArray();
  }

  private static InputStream resource() {
    return Objects.requireNonNull(
        WordPieceTokenizerTest.class.getResourceAsStream("/bge-small-en-v1.5-q-tokenizer.json"));
  }
}
