package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.testing.OnnxModels;
import dev.sheaf.testing.Slow;
import java.io.IOException;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares scores with those of the same model that ONNX Runtime alone gives, for the tokens of
/// Hugging Face's tokenizer, one pair after the other.
@Slow
class CrossEncoderTest {

  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int MAX_TOKENS = 64;
  private static final List<String> QUERIES =
      List.of("what causes tides", "", "Приливы 潮汐 المد", "tide ".repeat(500));
  private static final List<String> TEXTS =
      List.of(
          "The moon's pull raises the sea twice a day.",
          "",
          " ",
          "潮汐由月球引起。",
          "\u0001\u200b",
          "Yeast eats sugar. ".repeat(60),
          "x".repeat(1_000));

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void scoresAreThoseOfTheModelAlone(boolean types) throws Exception {
    if (types) {
      OnnxModels.crossEncoder(directory);
    } else {
      OnnxModels.multilingualCrossEncoder(directory);
    }
    try (CrossEncoder model = loaded(2)) {
      for (String query : QUERIES) {
        assertThat(scores(model, query, TEXTS)).as(query).isEqualTo(reference(query, types));
      }
    }
  }

  /// BERT has another opinion of words of more than 100 characters, which differs on purpose.
  private List<Double> reference(String query, boolean types) throws Exception {
    System.setProperty("ai.djl.offline", "true");
    var scores = new ArrayList<Double>();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (HuggingFaceTokenizer tokenizer =
            HuggingFaceTokenizer.newInstance(
                directory.resolve("tokenizer.json"),
                Map.of(
                    "padding",
                    "false",
                    "truncation",
                    "longest_first",
                    "maxLength",
                    "" + MAX_TOKENS));
        var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session =
          environment.createSession(directory.resolve("model.onnx").toString(), options)) {
        for (String text : TEXTS) {
          String read = types ? text.replaceAll("x{100}", "$0 ") : text;
          scores.add(score(environment, session, tokenizer.encode(query, read), types));
        }
      }
    }
    return scores;
  }

  private static double score(
      OrtEnvironment environment, OrtSession session, Encoding pair, boolean types)
      throws OrtException {
    Map<String, OnnxTensor> inputs = new HashMap<>();
    inputs.put("input_ids", tensor(environment, pair.getIds()));
    inputs.put("attention_mask", tensor(environment, pair.getAttentionMask()));
    if (types) {
      inputs.put("token_type_ids", tensor(environment, pair.getTypeIds()));
    }
    try (var result = session.run(inputs)) {
      return ((float[][]) result.get("logits").orElseThrow().getValue())[0][0];
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private static OnnxTensor tensor(OrtEnvironment environment, long[] values) throws OrtException {
    return OnnxTensor.createTensor(
        environment, LongBuffer.wrap(values), new long[] {1, values.length});
  }

  @Test
  void aLongTextIsTruncated() throws Exception {
    OnnxModels.crossEncoder(directory);
    try (CrossEncoder model = loaded(1)) {
      String beginning = "The tides follow the moon. ".repeat(MAX_TOKENS);
      List<String> texts = List.of(beginning, beginning + "x ".repeat(1 << 20));
      List<Double> scores = scores(model, "tides", texts);
      assertThat(scores.getFirst()).isEqualTo(scores.getLast());
      // So is a long query, to half of the tokens if the text is long too.
      List<String> longest = texts.subList(1, 2);
      assertThat(scores(model, "tides ".repeat(1 << 18), longest))
          .isEqualTo(scores(model, "tides ".repeat(MAX_TOKENS), longest));
    }
  }

  @Test
  void manySearchesAtOnceGetTheSameScores() throws Exception {
    OnnxModels.crossEncoder(directory);
    try (CrossEncoder model = loaded(2);
        ExecutorService searches = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Double> expected = scores(model, "tides", TEXTS);
      List<Future<List<Double>>> answers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        answers.add(searches.submit(() -> scores(model, "tides", TEXTS)));
      }
      for (Future<List<Double>> answer : answers) {
        assertThat(answer.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void whatIsNotScoredInTimeIsLeftOut() throws Exception {
    OnnxModels.crossEncoder(directory);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      texts.add("Text " + i + " about tides and the moon.");
    }
    List<Double> some = new ArrayList<>();
    try (CrossEncoder model = loaded(1)) {
      assertThatThrownBy(() -> model.score("tides", texts, Duration.ofMillis(1), some::add))
          .isInstanceOf(RerankException.class)
          .hasMessage("The time for reranking is over.");
      assertThat(some).hasSizeLessThan(texts.size());
      assertThat(scores(model, "tides", texts.subList(0, some.size()))).isEqualTo(some);
    }
  }

  @Test
  void aModelThatIsStoppedScoresNothing() {
    OnnxModels.crossEncoder(directory);
    CrossEncoder model = loaded(1);
    model.close();
    assertThatThrownBy(() -> scores(model, "tides", TEXTS))
        .isInstanceOf(RerankException.class)
        .hasMessage("The service is stopping.");
  }

  @Test
  void aDirectoryOfHuggingFaceIsRead() throws IOException, RerankException {
    OnnxModels.crossEncoder(directory);
    Path onnx = Files.createDirectory(directory.resolve("onnx"));
    Files.move(directory.resolve("model.onnx"), onnx.resolve("model.onnx"));
    try (CrossEncoder model = loaded(1)) {
      assertThat(scores(model, "tides", TEXTS)).hasSameSizeAs(TEXTS);
    }
  }

  @Test
  void whatIsNoCrossEncoderIsRejected() throws IOException {
    byte[] tokenizer = OnnxModels.bundledTokenizer();
    rejects(
        "sheaf.rerank.directory is %s, which does not have a file model.onnx or onnx/model.onnx");
    Files.createDirectory(directory.resolve("model.onnx"));
    rejects(
        "sheaf.rerank.directory is %s, which does not have a file model.onnx or onnx/model.onnx");
    Files.delete(directory.resolve("model.onnx"));

    Files.writeString(directory.resolve("model.onnx"), "no model");
    rejects("sheaf.rerank.directory is %s, which does not have a file tokenizer.json");
    Files.writeString(directory.resolve("tokenizer.json"), "{}");
    rejects(
        "%s/tokenizer.json cannot be used: it has no template for pairs of a query and a text - choose a model whose tokenizer is supported");
    Files.write(directory.resolve("tokenizer.json"), tokenizer);
    rejects("%s/model.onnx cannot be used: ONNX Runtime cannot load it - choose");
    Files.write(directory.resolve("model.onnx"), new byte[0]);
    rejects("%s/model.onnx cannot be used: ONNX Runtime cannot load it - choose");

    OnnxModels.write(directory, OnnxModels.bundled(), tokenizer);
    rejects(
        "%s/model.onnx cannot be used: it must have an output logits, and has last_hidden_state - choose");
    OnnxModels.write(directory, OnnxModels.withScores(2), tokenizer);
    rejects(
        "%s/model.onnx cannot be used: its output logits must have the shape [batch, 1], not [-1, 2] - choose");
    OnnxModels.crossEncoder(directory);
    assertThatThrownBy(() -> load(513, 1))
        .isInstanceOf(OperatorException.class)
        .hasMessage(
            "%s/model.onnx cannot read 513 tokens - lower sheaf.rerank.max-tokens to the length of the model"
                .formatted(directory));
    load(512, 1).close();
  }

  private void rejects(String message) {
    assertThatThrownBy(() -> loaded(1))
        .isInstanceOf(OperatorException.class)
        .hasMessageStartingWith(message.formatted(directory));
  }

  private CrossEncoder loaded(int threads) {
    return load(MAX_TOKENS, threads);
  }

  private CrossEncoder load(int maxTokens, int threads) {
    var model = new CrossEncoder(directory, "a-model", maxTokens, threads);
    model.load();
    return model;
  }

  private static List<Double> scores(CrossEncoder model, String query, List<String> texts)
      throws RerankException {
    var scores = new ArrayList<Double>();
    model.score(query, texts, PATIENCE, scores::add);
    return scores;
  }
}
