package dev.sheaf.embedding;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;

/// Validates texts that a model shall embed.
public final class TextValidator {

  private TextValidator() {}

  /// The length of a text in the model's tokens.
  ///
  /// @param field its path in the body, such as `input[2]`
  /// @throws Problem if the model sees nothing in the text, or cannot read all of it
  public static int countTokens(String field, String text, EmbeddingModel model) {
    Input.wellFormed(field, text);
    int tokens = model.countTokens(text);
    if (tokens == 0) {
      throw Problem.field(field, empty(field, text, model));
    }
    if (tokens > model.maxTokens()) {
      throw Problem.field(
          field,
          "%s has %s tokens, but the model %s accepts at most %s. Send a shorter text."
              .formatted(field, tokens, model.name(), model.maxTokens()));
    }
    return tokens;
  }

  /// The message that a model sees nothing in a text.
  public static String empty(String field, String text, EmbeddingModel model) {
    return text.isBlank()
        ? field + " must not be empty."
        : "%s contains only characters that the model %s ignores. Send a text with words."
            .formatted(field, model.name());
  }
}
