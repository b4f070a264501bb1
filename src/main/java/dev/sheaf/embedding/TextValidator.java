package dev.sheaf.embedding;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.List;
import java.util.Optional;

/// Validates texts that a model shall embed.
public final class TextValidator {

  private TextValidator() {}

  /// Checks that the model reads a whole text.
  ///
  /// @return its length in the model's tokens
  ///
  /// @param field its path in the body, such as `input[2]`
  /// @throws Problem if the model sees nothing in the text, or cannot read all of it
  public static int requireReadable(String field, String text, EmbeddingModel model) {
    Input.wellFormed(field, text);
    int tokens = model.countTokens(text);
    if (tokens == 0) {
      throw empty(field, text, model);
    }
    if (tokens > model.maxTokens()) {
      throw Problem.field(
          field,
          "%s has %s tokens, but the model %s accepts at most %s. Send a shorter text."
              .formatted(field, tokens, model.name(), model.maxTokens()));
    }
    return tokens;
  }

  /// A warning if the model does not know the script in which most of the texts together are
  /// written.
  public static Optional<String> scriptWarning(List<String> texts, EmbeddingModel model) {
    return model.knowsScriptOf(texts)
        ? Optional.empty()
        : Optional.of(
            "Most of the text is in a script that the model %s does not know, so its vectors say little about it. Use a collection with a multilingual model, or search for words."
                .formatted(model.name()));
  }

  /// The problem that a model sees nothing in a text. It would be as near to one query as to any
  /// other.
  public static Problem empty(String field, String text, EmbeddingModel model) {
    return Problem.field(
        field,
        text.isBlank()
            ? field + " must not be empty."
            : "%s contains only characters that the model %s ignores. Send a text with words."
                .formatted(field, model.name()));
  }
}
