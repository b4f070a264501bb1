package dev.sheaf.embedding;

import dev.sheaf.problem.Problem;
import java.util.List;

/// The model `none`: the client computes all vectors, of documents and of queries.
///
/// @param dimensions the number of dimensions of the collection
record ClientVectors(int dimensions) implements EmbeddingModel {

  static final String NAME = "none";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int maxTokens() {
    return Integer.MAX_VALUE;
  }

  /// Always 0, because the client's tokenizer is not known.
  @Override
  public int countTokens(String text) {
    return 0;
  }

  @Override
  public boolean embedsTexts() {
    return false;
  }

  /// @throws Problem unless `texts` is empty
  @Override
  public List<float[]> embed(List<String> texts, Purpose purpose) {
    if (texts.isEmpty()) {
      return List.of();
    }
    throw switch (purpose) {
      case QUERY ->
          Problem.field(
              "text", "The collection has no model that embeds text. Send vector instead.");
      case DOCUMENT ->
          Problem.field(
              "text",
              "The collection has no model that embeds text. Send chunks instead, each with text and"
                  + " vector.");
    };
  }
}
