package dev.sheaf.embedding.bundled;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sheaf.embedding.EmbeddingException;
import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.EmbeddingModel.Purpose;
import dev.sheaf.embedding.EmbeddingModel.State;
import dev.sheaf.migration.ChangesetText;
import dev.sheaf.testing.Slow;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Slow
class BgeSmallTest {

  private static final EmbeddingModel MODEL = BundledModels.bgeSmall();

  @Test
  void saysWhatItIsWithoutBeingLoaded() {
    try (var model = new BgeSmall(1)) {
      assertThat(model.name()).isEqualTo("bge-small-en-v1.5");
      assertThat(model.dimensions()).isEqualTo(384);
      assertThat(ChangesetText.defaults().vectorWidths()).contains(model.dimensions());
      assertThat(model.maxTokens()).isEqualTo(510);
      assertThat(model.state()).isEqualTo(new State.Loading());
    }
  }

  @Test
  void givesVectorsOfItsWidthAndUnitLengthInOrder() {
    List<String> texts =
        List.of("A cat sleeps.", "Tax law", "?!", "\u200B", "日本語", "é".repeat(300));

    List<float[]> vectors = MODEL.embed(texts, Purpose.DOCUMENT);

    assertThat(vectors).hasSameSizeAs(texts);
    for (int i = 0; i < texts.size(); i++) {
      assertThat(vectors.get(i)).hasSize(384);
      assertThat(dot(vectors.get(i), vectors.get(i))).isCloseTo(1, within(1e-5));
      assertThat(vectors.get(i))
          .isEqualTo(MODEL.embed(List.of(texts.get(i)), Purpose.DOCUMENT).getFirst());
    }
    assertThat(MODEL.embed(List.of(), Purpose.DOCUMENT)).isEmpty();
    assertThat(MODEL.state()).isEqualTo(new State.Ready());
  }

  @Test
  void putsAQueryNearestToTheTextThatAnswersIt() {
    List<float[]> documents =
        MODEL.embed(
            List.of(
                "Yeast eats sugar and breathes out the gas that lifts the dough.",
                "The moon's pull raises the sea twice a day.",
                "A lease held by a crashed worker runs out and the job is taken up again."),
            Purpose.DOCUMENT);

    assertThat(nearest(documents, "why does bread rise")).isEqualTo(0);
    assertThat(nearest(documents, "what causes tides")).isEqualTo(1);
    assertThat(nearest(documents, "retry tasks after a process dies")).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          The tides follow the moon.      | true
          Straße, İstanbul, Ångström      | true
          12 345 !? 😀                    | true
          The word 潮汐 means tides.      | true
          潮汐由月球引起。                | false
          データベース (database)         | true
          データベース用語集 (db)         | false
          Приливы следуют за луной        | false
          ภาษาไทย                         | false
          المد والجزر                     | false
          """)
  void knowsTheLatinScript(String text, boolean known) {
    assertThat(MODEL.knowsScriptOf(List.of(text))).isEqualTo(known);
  }

  @Test
  void embedsAQueryAsADocumentBehindThePrefix() {
    float[] query = MODEL.embed(List.of("why does bread rise"), Purpose.QUERY).getFirst();

    assertThat(query)
        .isEqualTo(
            MODEL
                .embed(List.of(BgeSmall.QUERY_PREFIX + "why does bread rise"), Purpose.DOCUMENT)
                .getFirst())
        .isNotEqualTo(MODEL.embed(List.of("why does bread rise"), Purpose.DOCUMENT).getFirst());
  }

  @Test
  void refusesADocumentItCannotReadToTheEnd() {
    assertThat(MODEL.countTokens("tide ".repeat(510))).isEqualTo(510);
    assertThat(MODEL.embed(List.of("tide ".repeat(510)), Purpose.DOCUMENT)).hasSize(1);
    assertThatThrownBy(() -> MODEL.embed(List.of("tide ".repeat(511)), Purpose.DOCUMENT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A text has 511 tokens, but the model bge-small-en-v1.5 accepts at most 510.");
  }

  @Test
  void readsALongQueryAsFarAsItCan() {
    int prefix = MODEL.countTokens(BgeSmall.QUERY_PREFIX);

    assertThat(MODEL.embed(List.of("tide ".repeat(5_000)), Purpose.QUERY).getFirst())
        .isEqualTo(MODEL.embed(List.of("tide ".repeat(510 - prefix)), Purpose.QUERY).getFirst());
  }

  @Test
  void givesTheSameVectorsToManyCallersAtOnce() throws Exception {
    List<String> texts =
        IntStream.range(0, 8).mapToObj(i -> "Sentence number " + i + " about tides.").toList();
    List<float[]> expected = MODEL.embed(texts, Purpose.DOCUMENT);

    List<Future<List<float[]>>> answers = new ArrayList<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 8; i++) {
        answers.add(callers.submit(() -> MODEL.embed(texts, Purpose.DOCUMENT)));
      }
    }

    for (Future<List<float[]>> answer : answers) {
      assertThat(answer.get()).usingRecursiveComparison().isEqualTo(expected);
    }
  }

  @Test
  void remembersWhyItCouldNotBeLoaded() {
    try (var model = new BgeSmall(1, "/no-such.onnx")) {
      assertThatThrownBy(() -> model.embed(List.of("text"), Purpose.QUERY))
          .isInstanceOf(EmbeddingException.class)
          .hasMessage(
              "The model bge-small-en-v1.5 could not be loaded. The cause is in the service's log.")
          .hasRootCauseMessage("Resource /no-such.onnx is not on the class path");
      assertThat(model.state())
          .isEqualTo(
              new State.Failed(
                  "The model could not be loaded. The cause is in the service's log."));
    }
  }

  @Test
  void answersNobodyAfterItWasStopped() {
    var model = new BgeSmall(1);
    assertThat(model.countTokens("one two")).isEqualTo(2);
    model.close();

    assertThatThrownBy(() -> model.embed(List.of("text"), Purpose.QUERY))
        .isInstanceOf(EmbeddingException.class)
        .hasMessage("The model bge-small-en-v1.5 was stopped.");
  }

  private static int nearest(List<float[]> documents, String query) {
    float[] vector = MODEL.embed(List.of(query), Purpose.QUERY).getFirst();
    int best = 0;
    for (int i = 1; i < documents.size(); i++) {
      if (dot(documents.get(i), vector) > dot(documents.get(best), vector)) {
        best = i;
      }
    }
    return best;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
