package dev.sheaf.embedding;

import dev.sheaf.problem.Problem;
import java.util.List;

/// No model: the client computes the vectors, of documents and of queries, and sends them.
///
/// @param dimensions what the collection was created for
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

  /// 0: nobody here knows the client's tokens.
  @Override
  public int countTokens(String text) {
    return 0;
  }

  /// @throws Problem unless there is nothing to embed
  @Override
  public List<float[]> embed(List<String> texts, Role role) {
    if (texts.isEmpty()) {
      return List.of();
    }
    throw switch (role) {
      case QUERY ->
          Problem.field("text", "this collection has no model that embeds text; send vector");
      case DOCUMENT ->
          Problem.field(
              "text",
              "this collection has no model that embeds text; send chunks, each with text and vector");
    };
  }
}
