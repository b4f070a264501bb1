package dev.sheaf.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.problem.Problem;
import dev.sheaf.runtime.OperatorException;
import java.util.List;
import org.junit.jupiter.api.Test;

class EmbeddingModelsTest {

  private static final EmbeddingModel SMALL =
      new Constant("small", new EmbeddingModel.State.Ready());
  private static final EmbeddingModel LARGE =
      new Constant("large", new EmbeddingModel.State.Loading());

  private final EmbeddingModels models =
      new EmbeddingModels(
          List.of(new Provider("one", List.of(SMALL)), new Provider("two", List.of(LARGE))),
          "small");

  @Test
  void findsModelsOfAllProvidersByName() {
    assertThat(models.byName("small")).isSameAs(SMALL);
    assertThat(models.byName("large")).isSameAs(LARGE);
    assertThat(models.defaultModel()).isSameAs(SMALL);
  }

  @Test
  void namesTheKnownModelsWhenOneIsUnknown() {
    assertThatThrownBy(() -> models.byName("huge"))
        .isInstanceOf(UnknownEmbeddingModelException.class)
        .hasMessage("Unknown embedding model \"huge\". The models are: large, small.");
  }

  @Test
  void anUnknownDefaultModelFailsTheStart() {
    var misspelt = new EmbeddingModels(List.of(new Provider("one", List.of(SMALL))), "smal");

    assertThatThrownBy(misspelt::check)
        .isInstanceOf(OperatorException.class)
        .hasMessage(
            "sheaf.embedding.model is smal, and there is no such model - name one of small; or none,"
                + " if every collection names its model or its clients send vectors");
  }

  @Test
  void noneIsNoDefaultModel() {
    var none = new EmbeddingModels(List.of(new Provider("one", List.of(SMALL))), "none");

    none.check();
    assertThat(none.hasDefault()).isFalse();
    assertThat(none.of("small", null)).isSameAs(SMALL);
    assertThat(none.of("none", 3).dimensions()).isEqualTo(3);
    assertThatThrownBy(() -> none.of(null, 1))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("This service has no default model");
  }

  @Test
  void refusesTwoModelsOfOneName() {
    var providers =
        List.<EmbeddingProvider>of(
            new Provider("one", List.of(SMALL)), new Provider("two", List.of(SMALL)));

    assertThatThrownBy(() -> new EmbeddingModels(providers, "small"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "Two providers have an embedding model named \"small\". One of them is two. Rename one"
                + " model");
  }

  private record Provider(String name, List<EmbeddingModel> models) implements EmbeddingProvider {}

  private record Constant(String name, State state) implements EmbeddingModel {
    @Override
    public int dimensions() {
      return 1;
    }

    @Override
    public int maxTokens() {
      return 8;
    }

    @Override
    public int countTokens(String text) {
      return text.length();
    }

    @Override
    public List<float[]> embed(List<String> texts, Purpose purpose) {
      return texts.stream().map(text -> new float[] {1}).toList();
    }
  }
}
