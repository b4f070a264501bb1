package dev.sheaf.document;

/// A part of a text that an embedding model reads at once.
///
/// @param ordinal position among the chunks of its text, from 0
/// @param text exactly `original.substring(startOffset, endOffset)`; never empty, without white
///   space at its ends
/// @param tokenCount its length in the model's tokens; 0 when the model sees nothing in it
/// @param startOffset where it starts in the original, in UTF-16 code units
/// @param endOffset where it ends in the original, exclusive, in UTF-16 code units
public record TextChunk(int ordinal, String text, int tokenCount, int startOffset, int endOffset) {

  public TextChunk {
    if (ordinal < 0 || tokenCount < 0 || startOffset < 0) {
      throw new IllegalArgumentException(
          "Negative: ordinal %s, tokenCount %s or startOffset %s"
              .formatted(ordinal, tokenCount, startOffset));
    }
    if (text.isEmpty() || endOffset - startOffset != text.length()) {
      throw new IllegalArgumentException(
          "A text of %s characters cannot stand from %s to %s"
              .formatted(text.length(), startOffset, endOffset));
    }
  }
}
