package dev.sheaf.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.testing.OnnxModels;
import dev.sheaf.testing.Slow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares pairs, and so both kinds of tokenizers, with the Rust tokenizer of Hugging Face.
@Slow
class PairTokenizerTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_TOKENS = 48;

  /// Words of the vocabulary and parts of them, other scripts, what normalization changes, and
  /// every kind of white space. No names of special tokens.
  private static final List<String> PARTS =
      List.of(
          "tide",
          "moon",
          "the ",
          "migration",
          "s",
          "q",
          "7",
          "12",
          " ",
          "  ",
          "\t",
          "\n",
          "\u00a0",
          "\u3000",
          "\u200b",
          "\u2581",
          ".",
          ",",
          "-",
          "(",
          "\u00e9",
          "e\u0301",
          "a\u0308\u0323",
          "\u00df",
          "\u0130",
          "\ufb01",
          "\u00bd",
          "\u2460",
          "\u2026",
          "\uff21\uff42",
          "\uff76\uff9e",
          "\u30ab\u30bf",
          "\u6f22\u5b57",
          "\ud55c",
          "\u041f\u0440\u0438",
          "\u0e44\u0e17\u0e22",
          "\u0627\u0644\u0645\u062f",
          "\u0915\u094d\u0937",
          "\ud83d\ude00",
          "\ud83d\udc69\u200d\ud83d\udc67",
          "\ud83c\udde9\ud83c\uddea",
          "\u0001",
          "\ufeff");

  @TempDir private Path directory;

  enum Kind {
    BERT("/bge-small-en-v1.5-q-tokenizer.json", ""),
    BERT_CASED("/bge-small-en-v1.5-q-tokenizer.json", "{\"normalizer\": {\"lowercase\": false}}"),
    BERT_PROCESSING(
        "/bge-small-en-v1.5-q-tokenizer.json",
        "{\"post_processor\": {\"type\": \"BertProcessing\", \"sep\": [\"[SEP]\", 102], \"cls\": [\"[CLS]\", 101]}}"),
    UNIGRAM("/onnx/unigram-tokenizer.json", ""),
    UNIGRAM_OF_XLM_R(
        "/onnx/unigram-tokenizer.json",
        """
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
                           {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": true}]}}
        """),
    UNIGRAM_OF_ROBERTA(
        "/onnx/unigram-tokenizer.json",
        """
        {"normalizer": {"type": "Sequence", "normalizers": [
           {"type": "NFKC"}, {"type": "Lowercase"}, {"type": "Replace", "pattern": {"String": "ti"}, "content": "mo"}]},
         "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
                            "trim_offsets": true, "add_prefix_space": true}}
        """);

    private final String resource;
    private final String change;

    Kind(String resource, String change) {
      this.resource = resource;
      this.change = change;
    }

    Path write(Path directory) throws IOException {
      ObjectNode json = (ObjectNode) JSON.readTree(OnnxModels.resource(resource));
      if (!change.isEmpty()) {
        JSON.readTree(change)
            .properties()
            .forEach(field -> {
              if (field.getValue().has("type")) {
                json.set(field.getKey(), field.getValue());
              } else {
                ((ObjectNode) json.get(field.getKey())).setAll((ObjectNode) field.getValue());
              }
            });
      }
      return Files.write(directory.resolve("tokenizer.json"), JSON.writeValueAsBytes(json));
    }
  }

  @ParameterizedTest
  @EnumSource
  void agreesWithTheReference(Kind kind) throws Exception {
    System.setProperty("ai.djl.offline", "true");
    Path file = kind.write(directory);
    PairTokenizer tokenizer = PairTokenizer.read(file, MAX_TOKENS);
    var random = new Random(17);
    try (HuggingFaceTokenizer reference =
        HuggingFaceTokenizer.newInstance(
            file,
            Map.of(
                "padding", "false", "truncation", "longest_first", "maxLength", "" + MAX_TOKENS))) {
      for (int i = 0; i < 3_000; i++) {
        String first = text(random);
        String second = text(random);
        Encoding expected = reference.encode(first, second);
        PairTokenizer.Pair pair = tokenizer.pair(tokenizer.encode(first), tokenizer.encode(second));
        assertThat(pair.ids()).as("%s | %s", first, second).isEqualTo(expected.getIds());
        assertThat(pair.types()).as("%s | %s", first, second).isEqualTo(expected.getTypeIds());
      }
    }
  }

  private static String text(Random random) {
    var text = new StringBuilder();
    for (int i = random.nextInt(random.nextBoolean() ? 8 : 60); i > 0; i--) {
      text.append(PARTS.get(random.nextInt(PARTS.size())));
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"BERT", "UNIGRAM"})
  void theNamesOfSpecialTokensArePlainText(Kind kind) throws Exception {
    PairTokenizer tokenizer = PairTokenizer.read(kind.write(directory), MAX_TOKENS);
    assertThat(tokenizer.encode("a [SEP] b </s> c <unk>"))
        .hasSizeGreaterThan(10)
        .doesNotContain(kind == Kind.BERT ? 102 : 2);
  }

  @Test
  void aLongTextWithoutSpacesIsRead() throws Exception {
    PairTokenizer tokenizer = PairTokenizer.read(Kind.UNIGRAM.write(directory), MAX_TOKENS);
    int[] ids = tokenizer.encode("tide\u6f6e".repeat(200_000));
    assertThat(ids).hasSizeGreaterThan(200_000);
    assertThat(tokenizer.pair(ids, ids).ids()).hasSize(MAX_TOKENS);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {} | it has no template for pairs of a query and a text
          [] | it has no template for pairs of a query and a text
          not JSON | it is not JSON
          `` | it has no template for pairs of a query and a text
          {"post_processor": null} | it has no template for pairs of a query and a text
          {"post_processor": {"type": "ByteLevel"}} | it has no template for pairs of a query and a text
          {"post_processor": {"type": "TemplateProcessing", "pair": [{"Sequence": {"id": "A"}}]}} | it has no template for pairs of a query and a text
          {"post_processor": {"type": "TemplateProcessing", "pair": [{"SpecialToken": {"id": "x"}}]}} | it has no template for pairs of a query and a text
          {"post_processor": {"type": "BertProcessing"}} | its template for pairs has a token without an ID
          """)
  void aTokenizerWithoutPairsIsRejected(String content, String message) throws Exception {
    Path file = Files.writeString(directory.resolve("tokenizer.json"), content);
    assertThatThrownBy(() -> PairTokenizer.read(file, MAX_TOKENS))
        .isInstanceOf(IOException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {} | it does not describe a tokenizer
          {"model": {"type": "BPE"}} | it has a model of type BPE, and only WordPiece and Unigram are supported
          {"model": {"type": "WordPiece"}} | it is not BERT's tokenizer
          {"model": {"type": "WordPiece"}, "pre_tokenizer": {"type": "BertPreTokenizer"}, "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true}} | its vocabulary does not contain [CLS]
          {"model": {"type": "Unigram"}} | its model has no token for unknown characters, or splits them into bytes
          {"model": {"type": "Unigram", "unk_id": 0}} | its pre-tokenizer is not supported: []
          {"model": {"type": "Unigram", "unk_id": 0}, "pre_tokenizer": {"type": "Metaspace"}} | its options of Metaspace are not supported
          {"model": {"type": "Unigram", "unk_id": 0}, "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "split": false}} | its options of Metaspace are not supported
          {"model": {"type": "Unigram", "unk_id": 0}, "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581"}, "normalizer": {"type": "Nmt"}} | its normalizer is not supported: Nmt
          {"model": {"type": "Unigram", "unk_id": 0}, "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581"}, "normalizer": {"type": "Precompiled", "precompiled_charsmap": "////fw=="}} | its precompiled_charsmap is invalid
          """)
  void anotherTokenizerIsRejected(String content, String message) throws Exception {
    ObjectNode json = (ObjectNode) JSON.readTree(content);
    var processor = JSON.createObjectNode();
    processor.put("type", "RobertaProcessing");
    processor.putArray("sep").add("</s>").add(2);
    processor.putArray("cls").add("<s>").add(0);
    json.set("post_processor", processor);
    Path file = Files.write(directory.resolve("tokenizer.json"), JSON.writeValueAsBytes(json));
    assertThatThrownBy(() -> PairTokenizer.read(file, MAX_TOKENS))
        .isInstanceOf(IOException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> PairTokenizer.read(file, 4))
        .hasMessage("its template for pairs has more tokens than the model may read");
  }
}
