package dev.sheaf.index;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.sheaf.embedding.VectorDeserializer;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A request to tune an index.
///
/// @param recall fraction of the nearest vectors that searches must find
/// @param vectors questions to search for, as vectors
/// @param texts questions to search for, as texts
@Schema(name = "TuneIndex", examples = "{\"recall\": 0.95}")
public record TuneIndex(
    @Schema(minimum = "0.01", maximum = "1", examples = "0.95") Double recall,
    @Schema(
            description =
                "Questions as clients ask them, each as numbers, or the base64 of 32-bit floats,"
                    + " little-endian. With texts, at most 1000",
            maxItems = MAX_QUESTIONS,
            nullable = true)
        List<float[]> vectors,
    @Schema(
            description = "The same as texts, which the model of the collection embeds",
            maxItems = MAX_QUESTIONS,
            nullable = true)
        List<String> texts) {

  static final int MAX_QUESTIONS = 1_000;

  public TuneIndex(
      @Nullable Double recall,
      @JsonDeserialize(contentUsing = VectorDeserializer.class) @Nullable List<float[]> vectors,
      @Nullable List<String> texts) {
    this.recall = Input.required("recall", recall);
    if (!(this.recall >= 0.01 && this.recall <= 1)) {
      throw Problem.field("recall", "recall must be a number from 0.01 to 1, not " + recall + ".");
    }
    this.vectors = list("vectors", vectors);
    this.texts = list("texts", texts);
    int questions = this.vectors.size() + this.texts.size();
    if (questions > MAX_QUESTIONS) {
      throw Problem.field(
          this.vectors.isEmpty() ? "texts" : "vectors",
          "vectors and texts may have at most %s elements together, not %s."
              .formatted(MAX_QUESTIONS, questions));
    }
  }

  private static <T> List<T> list(String field, @Nullable List<T> given) {
    if (given == null) {
      return List.of();
    }
    for (int i = 0; i < given.size(); i++) {
      Input.required(field + "[" + i + "]", given.get(i));
    }
    return List.copyOf(given);
  }
}
