package dev.sheaf.migration.changelog;

import java.util.ArrayList;
import java.util.List;

/// A text of several SQL statements, split the way `psql` splits it: at semicolons outside quotes,
/// dollar quotes and comments.
///
/// Statements are sent one by one, because PostgreSQL wraps several in one message into a
/// transaction (which `CONCURRENTLY` refuses), and because an error should name its statement.
final class SqlScript {

  private final String text;
  private int position;

  private SqlScript(String text) {
    this.text = text;
  }

  /// The statements of `text` in order, without their semicolons; a piece that holds nothing but
  /// comments is none.
  static List<String> split(String text) {
    return new SqlScript(text).statements();
  }

  /// One statement from its first word on.
  static String withoutLeadingComments(String sql) {
    return sql.replaceFirst("^(\\s|--[^\\n]*\\n|/\\*(?s:.*?)\\*/)+", "");
  }

  private List<String> statements() {
    List<String> statements = new ArrayList<>();
    int start = 0;
    boolean empty = true;
    while (position < text.length()) {
      char c = text.charAt(position);
      if (c == ';') {
        if (!empty) {
          statements.add(text.substring(start, position).strip());
        }
        position++;
        start = position;
        empty = true;
      } else if (text.startsWith("--", position)) {
        skipLine();
      } else if (text.startsWith("/*", position)) {
        skipBlockComment();
      } else {
        empty &= Character.isWhitespace(c);
        skipToken(c);
      }
    }
    if (!empty) {
      statements.add(text.substring(start).strip());
    }
    return List.copyOf(statements);
  }

  private void skipToken(char c) {
    switch (c) {
      case '\'' -> skipQuoted('\'', isEscapeString());
      case '"' -> skipQuoted('"', false);
      case '$' -> skipDollarQuoted();
      default -> position++;
    }
  }

  private void skipLine() {
    int end = text.indexOf('\n', position);
    position = end < 0 ? text.length() : end + 1;
  }

  /// PostgreSQL's block comments nest.
  private void skipBlockComment() {
    int depth = 0;
    do {
      if (text.startsWith("/*", position)) {
        depth++;
        position += 2;
      } else if (text.startsWith("*/", position)) {
        depth--;
        position += 2;
      } else {
        position++;
      }
    } while (depth > 0 && position < text.length());
  }

  /// In `E'...'` a backslash escapes; elsewhere only a doubled quote does, which reads as the end
  /// of one string and the start of the next.
  private boolean isEscapeString() {
    return position > 0
        && Character.toLowerCase(text.charAt(position - 1)) == 'e'
        && (position == 1 || !Character.isJavaIdentifierPart(text.charAt(position - 2)));
  }

  private void skipQuoted(char quote, boolean backslashEscapes) {
    position++;
    while (position < text.length() && text.charAt(position) != quote) {
      position += backslashEscapes && text.charAt(position) == '\\' ? 2 : 1;
    }
    position = Math.min(position + 1, text.length());
  }

  private void skipDollarQuoted() {
    int end = position + 1;
    while (end < text.length() && isTagCharacter(text.charAt(end))) {
      end++;
    }
    boolean opens =
        end < text.length()
            && text.charAt(end) == '$'
            && (end == position + 1 || !Character.isDigit(text.charAt(position + 1)))
            && (position == 0 || !Character.isJavaIdentifierPart(text.charAt(position - 1)));
    if (!opens) {
      position++;
      return;
    }
    String tag = text.substring(position, end + 1);
    int close = text.indexOf(tag, end + 1);
    position = close < 0 ? text.length() : close + tag.length();
  }

  private static boolean isTagCharacter(char c) {
    return c == '_' || Character.isLetterOrDigit(c);
  }
}
