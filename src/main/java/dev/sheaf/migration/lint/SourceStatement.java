package dev.sheaf.migration.lint;

import dev.sheaf.migration.changelog.Changeset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A statement of a changelog file.
///
/// @param sql the SQL that is sent
/// @param line line of its first word, from 1
record SourceStatement(String sql, int line) {

  private static final Pattern LEADING_COMMENTS =
      Pattern.compile("\\A(\\s|--[^\\n]*\\n|/\\*(?s:.*?)\\*/)*");

  /// Comments and texts are skipped; an identifier is a named group.
  private static final Pattern IDENTIFIER =
      Pattern.compile(
          "--[^\\n]*|/\\*(?s:.*?)\\*/|'(?:[^']|'')*'|\\$(\\w*)\\$(?s:.*?)\\$\\1\\$"
              + "|\"(?<quoted>(?:[^\"]|\"\")+)\"|(?<plain>[\\p{L}_][\\p{L}\\p{N}_$]*)");

  /// Bytes of an identifier that PostgreSQL keeps.
  private static final int KEPT = 63;

  private static final int WIDTH = 100;

  /// The statements that apply `changeset`, in order.
  static List<SourceStatement> of(Changeset changeset) {
    String text = changeset.file().content().replace("\r\n", "\n");
    List<SourceStatement> statements = new ArrayList<>();
    int position = 0;
    for (String sql : changeset.up()) {
      String sought = sql.replace("\r\n", "\n");
      int found = text.indexOf(sought, position);
      // A directive between the lines of a statement is not part of its SQL, so only the first line
      // is
      // found.
      int start =
          found >= 0 ? found : text.indexOf(sought.lines().findFirst().orElse(""), position);
      position = Math.max(start, position);
      int line =
          1
              + (int)
                  text.substring(0, position + leadingComments(sought))
                      .chars()
                      .filter(c -> c == '\n')
                      .count();
      statements.add(new SourceStatement(sql, line));
      position += found >= 0 ? sought.length() : 1;
    }
    return List.copyOf(statements);
  }

  private static int leadingComments(String sql) {
    Matcher matcher = LEADING_COMMENTS.matcher(sql);
    return matcher.find() ? matcher.end() : 0;
  }

  /// Identifiers that are too long for PostgreSQL, as it reads them.
  List<String> longIdentifiers() {
    return IDENTIFIER
        .matcher(sql)
        .results()
        .map(SourceStatement::identifier)
        .filter(name -> name.getBytes(StandardCharsets.UTF_8).length > KEPT)
        .distinct()
        .toList();
  }

  /// @return empty when it is a comment or a text
  private static String identifier(MatchResult token) {
    if (token.group("quoted") != null) {
      return token.group("quoted").replace("\"\"", "\"");
    }
    return token.group("plain") == null ? "" : token.group("plain").toLowerCase(Locale.ROOT);
  }

  /// Its first line, without the comments before it.
  String firstLine() {
    String line =
        sql.substring(leadingComments(sql)).lines().findFirst().orElse("").stripTrailing();
    return line.length() > WIDTH ? line.substring(0, WIDTH - 3) + "..." : line;
  }
}
