package dev.sheaf.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/// Splits texts into the tokens that a model reads. Thread-safe.
public sealed interface ModelTokenizer permits WordPieceTokenizer, UnigramTokenizer {

  /// The IDs of a text's tokens, without special tokens.
  int[] encode(String text);

  /// Reads a tokenizer of either kind.
  ///
  /// @param json a Hugging Face `tokenizer.json`
  /// @throws IOException if it describes a tokenizer of another kind; completes "cannot be used: "
  static ModelTokenizer of(JsonNode json) throws IOException {
    return switch (json.path("model").path("type").asText()) {
      case "WordPiece" -> WordPieceTokenizer.of(json);
      case "Unigram" -> UnigramTokenizer.of(json);
      case String other ->
          throw new IOException(
              other.isEmpty()
                  ? "it does not describe a tokenizer"
                  : "it has a model of type %s, and only WordPiece and Unigram are supported"
                      .formatted(other));
    };
  }
}
