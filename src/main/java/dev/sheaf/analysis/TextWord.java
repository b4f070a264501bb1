package dev.sheaf.analysis;

/// A word of a text.
///
/// @param lexeme the stem, without case, accents and width; at most [TextAnalyzer#MAX_LENGTH]
///   characters
/// @param kind single characters and pairs are those of Chinese, Japanese and Korean
/// @param position the place among the words, from 1
/// @param length number of positions: more than 1 for an identifier whose parts follow, and for a
///   pair
/// @param start in the text, in UTF-16 code units
/// @param end exclusive
public record TextWord(String lexeme, Kind kind, int position, int length, int start, int end) {

  /// What a word consists of.
  public enum Kind {
    WORD,
    CHARACTER,
    PAIR
  }

  /// Whether its parts, where they are words, follow.
  public boolean isWhole() {
    return kind == Kind.WORD && length > 1;
  }

  /// Whether this word is at one of the positions of another, which precedes it.
  public boolean isIn(TextWord whole) {
    return position < whole.position + (whole.isWhole() ? whole.length : 1);
  }
}
