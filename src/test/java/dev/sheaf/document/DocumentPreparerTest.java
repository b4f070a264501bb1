package dev.sheaf.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sheaf.embedding.EmbeddingModel;
import dev.sheaf.embedding.IndexMethod;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorStorage;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import java.util.List;
import org.junit.jupiter.api.Test;

class DocumentPreparerTest {

  private static final Space SPACE =
      new Space(
          1, 1, "picky", 1, Metric.COSINE, Precision.HALF, VectorStorage.FULL, IndexMethod.HNSW);

  @Test
  void aTextThatTheModelRefusesIsAProblemOfTheText() {
    var preparation =
        new DocumentPreparer(SPACE, new Picky(), new Chunker(new Picky(), 16, 0), false);
    var content =
        new DocumentContent("What the model does not take.", null, null, null, null, null, null);
    PreparedDocument draft = preparation.prepare(preparation.row("a", content), content);

    Problem problem = catchThrowableOfType(Problem.class, () -> preparation.embed(List.of(draft)));

    assertThat(problem.type()).isEqualTo(ProblemType.INVALID_FIELD);
    assertThat(problem.field()).isEqualTo("text");
    assertThat(problem.detail()).isEqualTo("not this one");
  }

  /// A model that rejects every text, as a model on a server may do.
  private record Picky() implements EmbeddingModel {
    @Override
    public String name() {
      return "picky";
    }

    @Override
    public int dimensions() {
      return 1;
    }

    @Override
    public int maxTokens() {
      return 16;
    }

    @Override
    public int countTokens(String text) {
      return text.split(" ", -1).length;
    }

    @Override
    public List<float[]> embed(List<String> texts, Purpose purpose) {
      throw new IllegalArgumentException("not this one");
    }
  }
}
