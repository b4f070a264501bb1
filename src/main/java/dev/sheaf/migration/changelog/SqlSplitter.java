package dev.sheaf.migration.changelog;

import dev.sheaf.migration.changelog.SqlLexer.Token;
import dev.sheaf.migration.changelog.SqlStatement.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Splits a text into its statements where `psql` does: at semicolons outside of quotes, comments,
/// parentheses and the bodies of SQL routines (`BEGIN ATOMIC ... END`).
///
/// Statements are sent one by one, because PostgreSQL wraps several in one message into a
/// transaction, which `CONCURRENTLY` refuses, and because an error should name its statement.
final class SqlSplitter {

  private static final Pattern TRANSACTION_COMMAND =
      Pattern.compile(
          "(BEGIN|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|(START|PREPARE) TRANSACTION) .*");

  private static final Pattern ROUTINE =
      Pattern.compile("CREATE (OR REPLACE )?(FUNCTION|PROCEDURE) .*");

  /// The key words that decide where a statement ends, or what kind it is.
  private static final List<String> KEY_WORDS =
      List.of(
          "ABORT",
          "AS",
          "ATOMIC",
          "BEGIN",
          "CASE",
          "COMMIT",
          "COPY",
          "CREATE",
          "END",
          "FROM",
          "FUNCTION",
          "OR",
          "PREPARE",
          "PROCEDURE",
          "RELEASE",
          "REPLACE",
          "ROLLBACK",
          "SAVEPOINT",
          "START",
          "STDIN",
          "STDOUT",
          "TO",
          "TRANSACTION");

  /// A word that is none of them.
  private static final String OTHER_WORD = "?";

  /// As many words as `CREATE OR REPLACE FUNCTION` has.
  private static final int LEADING_WORDS = 4;

  /// Looks at the comments that stand outside of parentheses and bodies.
  @FunctionalInterface
  interface Comments {

    Comments NO_DIRECTIVES = (_, _, _) -> Meaning.COMMENT;

    /// What a comment means.
    ///
    /// @param start where it begins
    /// @param end behind it
    /// @param block whether it is a block comment
    Meaning meaning(int start, int end, boolean block);

    enum Meaning {
      /// It belongs to the statement that it stands in or before.
      COMMENT,
      /// It is no part of any statement, and ends none.
      DIRECTIVE,
      /// The statement before it ends here, if it has not ended yet.
      END
    }
  }

  private final SourceText text;
  private final SqlLexer lexer;
  private final Comments comments;
  private final @Nullable Pattern placeholder;
  private final Consumer<ChangelogProblem> problems;
  private final SourceText.Positions positions;
  private final List<SqlStatement> statements = new ArrayList<>();

  /// Where the statement under way begins; -1 when there is none, or nothing but comments yet.
  private int firstToken = -1;

  private SourceText.@Nullable Position position;

  /// The first of the comments before it; -1 when there is none.
  private int firstComment = -1;

  /// Behind the last token of the statement, or the last comment before a semicolon.
  private int contentEnd;

  /// The words that the statement begins with, each with a space behind it.
  private String leadingWords = "";

  /// How many these are; [#LEADING_WORDS] when no more of them matter.
  private int leading;

  private int brackets;
  private int parentheses;
  private int openedParenthesis;
  private int body;
  private int openedBody;
  private Kind kind = Kind.ORDINARY;
  private String previousWord = "";
  private boolean afterDot;
  private @Nullable String restrictKey;

  private final int maxStatements = maxStatements();

  /// Whether there were more statements than may be.
  private boolean full;

  /// @param problems takes what is wrong; splitting goes on as well as it can
  SqlSplitter(SourceText text, Comments comments, Consumer<ChangelogProblem> problems) {
    this(text, comments, null, problems);
  }

  /// The same for SQL with a placeholder.
  ///
  /// @param placeholder a colon and a name, which is replaced before the statement is sent
  SqlSplitter(
      SourceText text,
      Comments comments,
      @Nullable Pattern placeholder,
      Consumer<ChangelogProblem> problems) {
    this.placeholder = placeholder;
    this.text = text;
    this.lexer = new SqlLexer(text);
    this.comments = comments;
    this.problems = problems;
    this.positions = new SourceText.Positions(text);
  }

  /// More statements in a text are refused: 1,000,000, or fewer in a small heap, because each takes
  /// about 100 bytes beside its text.
  static int maxStatements() {
    return (int) Math.min(1_000_000, Runtime.getRuntime().maxMemory() / 400);
  }

  /// Says where an offset of the text stands in the file.
  SourceText.Position position(int offset) {
    return positions.of(offset);
  }

  /// Whether no statement has begun yet.
  boolean isBeforeFirstStatement() {
    return statements.isEmpty() && firstToken < 0;
  }

  /// The statements in order; a piece that holds nothing but comments is none.
  List<SqlStatement> split() {
    for (Token token = lexer.next(); token != Token.END; token = lexer.next()) {
      switch (token) {
        case LINE_COMMENT, BLOCK_COMMENT -> comment(token == Token.BLOCK_COMMENT);
        case SEMICOLON -> semicolon();
        case BACKSLASH -> backslash();
        case WORD,
            QUOTED_NAME,
            STRING,
            DOLLAR_STRING,
            OPENING_PARENTHESIS,
            CLOSING_PARENTHESIS,
            OTHER ->
            token(token);
        case END -> throw new IllegalStateException();
      }
      if (!lexer.isClosed()) {
        problems.accept(unclosed(token));
      }
    }
    endOfText();
    return List.copyOf(statements);
  }

  private void comment(boolean block) {
    if (parentheses == 0 && body == 0) {
      switch (comments.meaning(lexer.start(), lexer.end(), block)) {
        case COMMENT -> {}
        case DIRECTIVE -> {
          firstComment = -1;
          return;
        }
        case END -> {
          end(contentEnd);
          return;
        }
      }
    }
    if (firstToken < 0 && firstComment < 0) {
      firstComment = lexer.start();
    }
  }

  private void semicolon() {
    if (parentheses > 0 || body > 0) {
      token(Token.SEMICOLON);
      return;
    }
    if (kind == Kind.COPY_IN) {
      copyIn();
    } else if (firstToken >= 0) {
      // A comment between the last token and the semicolon is the statement's.
      end(behindLastContent(lexer.start()));
    } else {
      reset();
    }
  }

  private int behindLastContent(int offset) {
    int end = offset;
    while (end > contentEnd && SqlLexer.isSpace(text.at(end - 1))) {
      end--;
    }
    return end;
  }

  private void token(Token token) {
    if (firstToken < 0) {
      firstToken = lexer.start();
      position = positions.of(firstToken);
    }
    contentEnd = lexer.end();
    switch (token) {
      case OPENING_PARENTHESIS -> {
        if (parentheses++ == 0) {
          openedParenthesis = lexer.start();
        }
      }
      case CLOSING_PARENTHESIS -> parentheses = Math.max(0, parentheses - 1);
      case WORD -> word();
      case OTHER -> other();
      case QUOTED_NAME,
          STRING,
          DOLLAR_STRING,
          SEMICOLON,
          BACKSLASH,
          LINE_COMMENT,
          BLOCK_COMMENT,
          END -> {}
    }
    if (token != Token.WORD) {
      leading = LEADING_WORDS;
      previousWord = "";
    }
    afterDot = token == Token.OTHER && text.at(lexer.start()) == '.';
  }

  /// A colon is part of a slice in brackets, of `::` or of `:=`. Before anything else, it makes
  /// `psql` replace a variable.
  private void other() {
    int start = lexer.start();
    switch (text.at(start)) {
      case '[' -> brackets++;
      case ']' -> brackets = Math.max(0, brackets - 1);
      case ':' -> {
        if (brackets == 0 && isVariable(start)) {
          problem(
              start,
              "a colon before a name is a psql variable, not SQL",
              "write the value; a type cast has two colons");
        }
      }
      default -> {}
    }
  }

  private boolean isVariable(int colon) {
    if (colon + 1 == text.length() || (colon > 0 && text.at(colon - 1) == ':')) {
      return false;
    }
    byte next = text.at(colon + 1);
    if (placeholder != null
        && placeholder
            .matcher(text.text(colon, Math.min(colon + 100, text.length())))
            .lookingAt()) {
      return false;
    }
    return next == '\'' || next == '"' || next == '{' || SqlLexer.isLetter(next);
  }

  private void word() {
    String word = keyWord();
    if (leading < LEADING_WORDS) {
      leadingWords += word + " ";
      leading = leadingWords.startsWith(OTHER_WORD) ? LEADING_WORDS : leading + 1;
      if (TRANSACTION_COMMAND.matcher(leadingWords).matches()) {
        kind = Kind.TRANSACTION_COMMAND;
      }
    }
    if (parentheses > 0) {
      return;
    }
    if (leadingWords.startsWith("COPY ")) {
      if (previousWord.equals("FROM") && word.equals("STDIN")) {
        kind = Kind.COPY_IN;
      } else if (previousWord.equals("TO") && word.equals("STDOUT")) {
        kind = Kind.COPY_OUT;
      }
    } else if (body > 0) {
      // A column or a label may have the name of a key word.
      boolean isName = afterDot || previousWord.equals("AS");
      if (word.equals("CASE") && !isName) {
        body++;
      } else if (word.equals("END") && !isName) {
        body--;
      }
    } else if (previousWord.equals("BEGIN")
        && word.equals("ATOMIC")
        && ROUTINE.matcher(leadingWords).matches()) {
      body = 1;
      openedBody = lexer.start();
    }
    previousWord = word;
  }

  private String keyWord() {
    for (String word : KEY_WORDS) {
      if (lexer.is(word)) {
        return word;
      }
    }
    return OTHER_WORD;
  }

  /// The rows begin in the next line, and end before a line `\.`.
  private void copyIn() {
    int statementEnd = behindLastContent(lexer.start());
    int rest = lexer.end();
    int lineEnd = text.endOfLine(rest);
    while (rest < lineEnd && SqlLexer.isSpace(text.at(rest))) {
      rest++;
    }
    if (rest < lineEnd && !text.text(rest, Math.min(rest + 2, lineEnd)).equals("--")) {
      problem(
          rest,
          "the rows of COPY ... FROM STDIN begin in the next line, but this text is before them",
          "move it after the line \\. that ends the rows");
    }
    int dataStart = Math.min(lineEnd + 1, text.length());
    int line = dataStart;
    while (line < text.length()) {
      int end = text.endOfLine(line);
      if (end - line == 2 && text.at(line) == '\\' && text.at(line + 1) == '.') {
        lexer.skipTo(end);
        end(statementEnd, dataStart, line);
        return;
      }
      line = end + 1;
    }
    if (position != null) {
      problem(
          position, "the rows of this COPY ... FROM STDIN have no end", "end them with a line \\.");
    }
    lexer.skipTo(text.length());
    end(statementEnd, dataStart, text.length());
  }

  /// Two commands of psql, `restrict` and its opposite, frame every dump that pg_dump has written
  /// since 2025. They do nothing to the database; of the others nobody knows.
  private void backslash() {
    int nameEnd = lexer.end();
    int lineEnd = text.endOfLine(nameEnd);
    while (nameEnd < lineEnd && !SqlLexer.isSpace(text.at(nameEnd))) {
      nameEnd++;
    }
    String command = text.text(lexer.start(), nameEnd);
    String argument = text.text(nameEnd, lineEnd).strip();
    boolean betweenStatements = firstToken < 0 && parentheses == 0;
    if (!betweenStatements || !isFrame(command, argument)) {
      problem(
          lexer.start(),
          (command.length() > 40 ? command.substring(0, 40) + "..." : command)
              + " is a psql command, not SQL",
          "remove it; of psql's commands only \\restrict KEY and \\unrestrict KEY between statements are skipped");
    }
    // A comment before the command is not part of the next statement.
    firstComment = -1;
    lexer.skipTo(lineEnd);
  }

  private boolean isFrame(String command, String key) {
    if (!key.matches("[A-Za-z0-9]+")) {
      return false;
    }
    boolean isFrame =
        command.equals("\\restrict") || (command.equals("\\unrestrict") && key.equals(restrictKey));
    restrictKey = command.equals("\\restrict") ? key : null;
    return isFrame;
  }

  private void endOfText() {
    if (lexer.isClosed()) {
      if (parentheses > 0) {
        problem(openedParenthesis, "the parenthesis that opens here is not closed", "close it");
      } else if (body > 0) {
        problem(
            openedBody, "the body that BEGIN ATOMIC opens here has no END", "write END; after it");
      }
    }
    end(contentEnd);
  }

  private void end(int end) {
    if (kind == Kind.COPY_IN && position != null) {
      problem(
          position,
          "this COPY ... FROM STDIN has no semicolon, so no rows follow it",
          "end it with a semicolon, the rows with a line \\.");
    }
    end(end, end, end);
  }

  private void end(int end, int dataStart, int dataEnd) {
    if (position != null && statements.size() >= maxStatements) {
      if (!full) {
        full = true;
        problem(
            position,
            "has more than " + maxStatements + " statements",
            "split it into several changesets");
      }
    } else if (position != null) {
      statements.add(
          new SqlStatement(
              text,
              kind,
              firstComment < 0 ? firstToken : firstComment,
              firstToken,
              end,
              dataStart,
              dataEnd,
              position));
    }
    reset();
  }

  private void reset() {
    firstToken = -1;
    position = null;
    firstComment = -1;
    leadingWords = "";
    leading = 0;
    kind = Kind.ORDINARY;
    previousWord = "";
    afterDot = false;
    brackets = 0;
    parentheses = 0;
    body = 0;
  }

  private ChangelogProblem unclosed(Token token) {
    String what =
        switch (token) {
          case BLOCK_COMMENT -> "comment";
          case DOLLAR_STRING -> "dollar quote";
          default -> "quote";
        };
    return new ChangelogProblem(
        positions.of(lexer.start()), "the " + what + " that opens here is not closed", "close it");
  }

  private void problem(int offset, String message, String hint) {
    problem(positions.of(offset), message, hint);
  }

  private void problem(SourceText.Position at, String message, String hint) {
    problems.accept(new ChangelogProblem(at, message, hint));
  }
}
