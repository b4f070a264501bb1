package dev.sheaf.document;

/// A part of a text that is short enough for an embedding model.
///
/// @param ordinal the position among the chunks of the text, from 0
/// @param text exactly `original.substring(startOffset, endOffset)`; never empty
/// @param tokenCount the length in the model's tokens; 0 if the model sees nothing in the text
/// @param startOffset the start in the original, in UTF-16 code units
/// @param endOffset the end in the original, exclusive, in UTF-16 code units
public record TextChunk(int ordinal, String text, int tokenCount, int startOffset, int endOffset) {

  public TextChunk {
    if (ordinal < 0 || tokenCount < 0 || startOffset < 0) {
      throw new IllegalArgumentException(
          "Negative: ordinal %s, tokenCount %s or startOffset %s"
              .formatted(ordinal, tokenCount, startOffset));
    }
    if (text.isEmpty() || endOffset - startOffset != text.length()) {
      throw new IllegalArgumentException(
          "A text of %s characters cannot extend from %s to %s"
              .formatted(text.length(), startOffset, endOffset));
    }
  }
}
