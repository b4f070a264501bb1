package dev.sheaf.migration.changelog;

/// Takes SQL apart into words, quotes and comments by the rules of PostgreSQL's own lexer with
/// `standard_conforming_strings = on`, as `psql` does, in one pass.
///
/// Source of the rules: "Lexical Structure" in PostgreSQL's manual, and the behaviour of psql 15 to
/// 18. Bytes above 127 are letters to PostgreSQL, whatever they stand for in Unicode.
final class SqlLexer {

  enum Token {
    /// A key word or a name that is not quoted.
    WORD,
    /// A name in double quotes, `U&` included.
    QUOTED_NAME,
    /// A string in single quotes, with its prefix `E`, `B`, `X` or `U&`.
    STRING,
    /// A string in dollar quotes.
    DOLLAR_STRING,
    SEMICOLON,
    OPENING_PARENTHESIS,
    CLOSING_PARENTHESIS,
    /// What begins a command of psql.
    BACKSLASH,
    /// `--` to the end of the line, without the line's end.
    LINE_COMMENT,
    BLOCK_COMMENT,
    /// A character of an operator, a number, or anything else.
    OTHER,
    /// The end of the text.
    END
  }

  private final SourceText text;
  private int start;
  private int end;
  private boolean closed = true;

  SqlLexer(SourceText text) {
    this.text = text;
  }

  /// Goes on to the next token.
  Token next() {
    while (end < text.length() && isSpace(text.at(end))) {
      end++;
    }
    start = end;
    if (start == text.length()) {
      return Token.END;
    }
    byte c = text.at(start);
    return switch (c) {
      case ';' -> single(Token.SEMICOLON);
      case '(' -> single(Token.OPENING_PARENTHESIS);
      case ')' -> single(Token.CLOSING_PARENTHESIS);
      case '\\' -> single(Token.BACKSLASH);
      case '\'' -> string(start, false);
      case '"' -> quotedName(start);
      case '$' -> dollar();
      case '-' -> peek(1) == '-' ? lineComment() : single(Token.OTHER);
      case '/' -> peek(1) == '*' ? blockComment() : single(Token.OTHER);
      default -> {
        if (isLetter(c)) {
          yield word();
        }
        yield isDigit(c) ? number() : single(Token.OTHER);
      }
    };
  }

  /// Where the token starts.
  int start() {
    return start;
  }

  /// Where the token ends, exclusive.
  int end() {
    return end;
  }

  /// Whether the quote or comment comes to its end before the text does.
  boolean isClosed() {
    return closed;
  }

  /// Whether the token is this word.
  ///
  /// @param word in capitals
  boolean is(String word) {
    if (end - start != word.length()) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if (upper(text.at(start + i)) != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /// Goes on behind `offset`, whatever stands before it.
  void skipTo(int offset) {
    end = offset;
  }

  private Token single(Token token) {
    end = start + 1;
    return token;
  }

  /// A word, or the prefix of a string or of a name.
  private Token word() {
    end = start + 1;
    while (end < text.length() && isLetterOrDigitOrDollar(text.at(end))) {
      end++;
    }
    if (end == start + 1) {
      byte next = peek(1);
      switch (upper(text.at(start))) {
        case 'E' -> {
          if (next == '\'') {
            return string(end, true);
          }
        }
        case 'B', 'X', 'N' -> {
          if (next == '\'') {
            return string(end, false);
          }
        }
        case 'U' -> {
          if (next == '&' && peek(2) == '\'') {
            return string(end + 1, false);
          }
          if (next == '&' && peek(2) == '"') {
            return quotedName(end + 1);
          }
        }
        default -> {}
      }
    }
    return Token.WORD;
  }

  /// A number takes letters with it, as it does in PostgreSQL 15 and later: in `1E'...'`, which is
  /// an error there, the `E` is no prefix.
  private Token number() {
    end = start + 1;
    while (end < text.length() && (isLetter(text.at(end)) || isDigit(text.at(end)))) {
      end++;
    }
    return Token.OTHER;
  }

  /// @param quote where it opens
  private Token string(int quote, boolean backslashEscapes) {
    int i = quote + 1;
    while (i < text.length()) {
      byte c = text.at(i);
      if (c == '\\' && backslashEscapes) {
        i += 2;
      } else if (c != '\'') {
        i++;
      } else if (i + 1 < text.length() && text.at(i + 1) == '\'') {
        i += 2;
      } else {
        int continued = backslashEscapes ? continuation(i + 1) : -1;
        if (continued < 0) {
          end = i + 1;
          return Token.STRING;
        }
        i = continued;
      }
    }
    return unclosed(Token.STRING);
  }

  /// Two strings with nothing but white space and a line's end between them are one, and the
  /// escapes of the first are those of the second. Where they have no escapes, it makes no
  /// difference to where they end.
  ///
  /// @return the offset behind the quote that goes on; -1 when the string is complete
  private int continuation(int offset) {
    boolean newLine = false;
    int i = offset;
    while (i < text.length()) {
      byte c = text.at(i);
      if (isSpace(c)) {
        newLine |= isLineEnd(c);
        i++;
      } else if (c == '-' && i + 1 < text.length() && text.at(i + 1) == '-') {
        while (i < text.length() && !isLineEnd(text.at(i))) {
          i++;
        }
      } else {
        return c == '\'' && newLine ? i + 1 : -1;
      }
    }
    return -1;
  }

  /// A doubled quote inside reads as the end of one name and the start of the next, which comes to
  /// the same; they are kept together all the same, because a name is one token.
  ///
  /// @param quote where it opens
  private Token quotedName(int quote) {
    int i = quote + 1;
    while (i < text.length()) {
      if (text.at(i) != '"') {
        i++;
      } else if (i + 1 < text.length() && text.at(i + 1) == '"') {
        i += 2;
      } else {
        end = i + 1;
        return Token.QUOTED_NAME;
      }
    }
    return unclosed(Token.QUOTED_NAME);
  }

  /// A dollar quote, or a parameter, or just a dollar.
  private Token dollar() {
    int i = start + 1;
    if (i < text.length() && isDigit(text.at(i))) {
      while (i < text.length() && isDigit(text.at(i))) {
        i++;
      }
      end = i;
      return Token.OTHER;
    }
    while (i < text.length() && (isLetter(text.at(i)) || isDigit(text.at(i)))) {
      i++;
    }
    if (i == text.length() || text.at(i) != '$') {
      return single(Token.OTHER);
    }
    int tag = i + 1 - start;
    int close = find(start, tag, i + 1);
    if (close < 0) {
      return unclosed(Token.DOLLAR_STRING);
    }
    end = close + tag;
    return Token.DOLLAR_STRING;
  }

  /// The offset from `from` on at which the text at `tag` stands again.
  ///
  /// A tag has a dollar at each end and none between, so where it does not match, the search goes
  /// on at the next dollar: no byte is looked at more than twice.
  private int find(int tag, int length, int from) {
    int i = from;
    while (i + length <= text.length()) {
      if (text.at(i) != '$') {
        i++;
        continue;
      }
      int matched = 1;
      while (matched < length && text.at(i + matched) == text.at(tag + matched)) {
        matched++;
      }
      if (matched == length) {
        return i;
      }
      i += matched;
    }
    return -1;
  }

  private Token lineComment() {
    end = start;
    while (end < text.length() && !isLineEnd(text.at(end))) {
      end++;
    }
    return Token.LINE_COMMENT;
  }

  /// PostgreSQL's block comments nest.
  private Token blockComment() {
    int depth = 1;
    int i = start + 2;
    while (i + 1 < text.length()) {
      byte c = text.at(i);
      byte next = text.at(i + 1);
      if (c == '/' && next == '*') {
        depth++;
        i += 2;
      } else if (c == '*' && next == '/') {
        depth--;
        i += 2;
        if (depth == 0) {
          end = i;
          return Token.BLOCK_COMMENT;
        }
      } else {
        i++;
      }
    }
    return unclosed(Token.BLOCK_COMMENT);
  }

  private Token unclosed(Token token) {
    end = text.length();
    closed = false;
    return token;
  }

  private byte peek(int ahead) {
    return start + ahead < text.length() ? text.at(start + ahead) : 0;
  }

  private static byte upper(byte c) {
    return c >= 'a' && c <= 'z' ? (byte) (c - 'a' + 'A') : c;
  }

  static boolean isSpace(byte c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  private static boolean isLineEnd(byte c) {
    return c == '\n' || c == '\r';
  }

  /// What a name may begin with; every byte above 127 is negative.
  static boolean isLetter(byte c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c < 0;
  }

  private static boolean isDigit(byte c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetterOrDigitOrDollar(byte c) {
    return isLetter(c) || isDigit(c) || c == '$';
  }
}
