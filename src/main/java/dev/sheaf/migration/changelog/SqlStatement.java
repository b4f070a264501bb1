package dev.sheaf.migration.changelog;

import dev.sheaf.migration.changelog.SqlLexer.Token;
import dev.sheaf.runtime.Hashes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/// One SQL statement of a text. It is kept as a place in the text, and becomes a `String` when
/// somebody asks.
public final class SqlStatement {

  /// What it does to the transaction that it runs in.
  enum Kind {
    ORDINARY,
    /// It begins or ends a transaction, or a part of one.
    TRANSACTION_COMMAND,
    /// `COPY ... FROM STDIN`: the rows follow in the text.
    COPY_IN,
    /// `COPY ... TO STDOUT`: the rows go to the client.
    COPY_OUT
  }

  private static final int FIRST_LINE_WIDTH = 100;

  /// Bytes of a name that PostgreSQL keeps.
  private static final int KEPT = 63;

  /// In bytes.
  private static final int BEGINNING = 2000;

  /// What changes the server and not only the database. A `DO` block counts if it creates or drops
  /// a role.
  private static final Pattern BLOCK = Pattern.compile("DO\\b", Pattern.CASE_INSENSITIVE);

  private static final Pattern CLUSTER_WIDE =
      Pattern.compile(
          """
          (?:CREATE|ALTER|DROP)\\s+(?:ROLE|USER(?!\\s+MAPPING)|GROUP|DATABASE|TABLESPACE|SUBSCRIPTION)\\b.*
          |ALTER\\s+SYSTEM\\b.*
          |(?:COMMENT|SECURITY\\s+LABEL\\b.*)\\s+ON\\s+(?:DATABASE|ROLE|TABLESPACE)\\b.*
          |(?:GRANT|REVOKE)\\b(?:(?!\\sON\\s).)*\\s(?:TO|FROM)\\s(?!.*\\sON\\s).*
          |(?:GRANT|REVOKE)\\b.*\\sON\\s+(?:DATABASE|TABLESPACE|PARAMETER)\\b.*
          |DO\\b.*\\b(?:CREATE|DROP)\\s+(?:ROLE|USER(?!\\s+MAPPING)|GROUP)\\b.*
          """
              .replace("\n", ""),
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /// What a session keeps until it ends.
  private static final Pattern SESSION =
      Pattern.compile(
          "(?:SET(?!\\s+(?:LOCAL|TRANSACTION|CONSTRAINTS)\\b)|RESET|DISCARD|LOAD)\\b"
              + "|SELECT\\s+(?:pg_catalog\\s*\\.\\s*)?set_config\\s*\\(",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern TEMPORARY =
      Pattern.compile(
          "CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:(?:LOCAL|GLOBAL)\\s+)?TEMP(?:ORARY)?\\b|(?:PREPARE|DECLARE)\\b"
              + "|(?:SELECT|WITH)\\b.*\\bINTO\\s+(?:(?:LOCAL|GLOBAL)\\s+)?TEMP(?:ORARY)?\\b",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern ROWS =
      Pattern.compile("(?:INSERT|UPDATE|DELETE|MERGE|COPY)\\b", Pattern.CASE_INSENSITIVE);

  private static final Pattern WITHOUT_ROWS =
      Pattern.compile(
          "(?:DROP|COMMENT|GRANT|REVOKE|CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:VIEW|FUNCTION|PROCEDURE)"
              + "|ALTER\\s+TABLE\\s+(?:ONLY\\s+)?\\S+\\s+DROP\\s+(?:COLUMN|CONSTRAINT)\\s[^,]*$)",
          Pattern.CASE_INSENSITIVE);

  private final SourceText text;
  private final Kind kind;
  private final int start;
  private final int firstToken;
  private final int end;
  private final int dataStart;
  private final int dataEnd;
  private final SourceText.Position position;

  /// @param start of the comments that belong to it
  /// @param firstToken of its first word
  /// @param end behind its last token, before the semicolon
  /// @param dataStart of the rows that it copies; equal to `dataEnd` when there are none
  /// @param position of `firstToken`
  SqlStatement(
      SourceText text,
      Kind kind,
      int start,
      int firstToken,
      int end,
      int dataStart,
      int dataEnd,
      SourceText.Position position) {
    this.text = text;
    this.kind = kind;
    this.start = start;
    this.firstToken = firstToken;
    this.end = end;
    this.dataStart = dataStart;
    this.dataEnd = dataEnd;
    this.position = position;
  }

  /// The statements of `sql`, in order.
  ///
  /// @throws IllegalArgumentException when a quote, a comment or a parenthesis is not closed, or a
  ///   command of psql is among them
  public static List<SqlStatement> of(String sql) {
    List<ChangelogProblem> problems = new ArrayList<>();
    List<SqlStatement> statements =
        new SqlSplitter(SourceText.of(sql), SqlSplitter.Comments.NO_DIRECTIVES, problems::add)
            .split();
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(problems.getFirst().located());
    }
    return statements;
  }

  /// A statement that an earlier version of the engine stored, whatever it is.
  public static SqlStatement stored(String sql) {
    List<ChangelogProblem> problems = new ArrayList<>();
    SourceText text = SourceText.of(sql);
    List<SqlStatement> statements =
        new SqlSplitter(text, SqlSplitter.Comments.NO_DIRECTIVES, problems::add).split();
    return problems.isEmpty() && statements.size() == 1
        ? statements.getFirst()
        : new SqlStatement(
            text,
            Kind.ORDINARY,
            0,
            0,
            text.length(),
            text.length(),
            text.length(),
            new SourceText.Position(1, 1));
  }

  /// What is sent to the server: the text as it stands in the file, from the comments before the
  /// first word to the last token, without the semicolon.
  public String sql() {
    return text.text(start, end);
  }

  /// The same without the comments before the first word.
  public String withoutLeadingComments() {
    return text.text(firstToken, end);
  }

  /// What it begins with, without comments: its first 2,000 bytes or a little more, which say what
  /// kind of statement it is; rows may follow by the million.
  public String beginning() {
    StringBuilder beginning = new StringBuilder();
    SqlLexer lexer = new SqlLexer(text);
    lexer.skipTo(firstToken);
    int last = firstToken;
    for (Token token = lexer.next();
        lexer.start() < end && beginning.length() < BEGINNING;
        token = lexer.next()) {
      if (lexer.start() > last) {
        beginning.append(' ');
      }
      last = lexer.end();
      if (token == Token.LINE_COMMENT || token == Token.BLOCK_COMMENT) {
        last = -1;
      } else {
        beginning.append(
            text.text(
                lexer.start(), Math.min(lexer.end(), Math.min(end, lexer.start() + BEGINNING))));
      }
    }
    return beginning.toString();
  }

  /// Whether it changes the server and not only the database, such as `CREATE ROLE` or `ALTER
  /// SYSTEM`. It must not run in a scratch database: dropping the database does not undo it.
  public boolean isClusterWide() {
    return CLUSTER_WIDE.matcher(isBlock() ? withoutLeadingComments() : beginning()).matches();
  }

  /// Whether it is a `DO` block.
  boolean isBlock() {
    return BLOCK.matcher(beginning()).lookingAt();
  }

  /// Whether it changes settings or the role of the session, and so what later statements mean.
  public boolean setsSession() {
    return SESSION.matcher(beginning()).lookingAt();
  }

  /// Whether it creates an object that ends with the session.
  public boolean isTemporary() {
    return TEMPORARY.matcher(beginning()).lookingAt();
  }

  /// Whether it changes only rows, unless a function or a trigger that it runs does more.
  public boolean changesOnlyRows() {
    return ROWS.matcher(beginning()).lookingAt();
  }

  /// Whether it can fail because of the rows of a table. What drops or describes something cannot.
  public boolean mayRejectRows() {
    return !WITHOUT_ROWS.matcher(beginning()).lookingAt();
  }

  /// How `ALTER TABLE` changes the type of a column.
  ///
  /// @param using the expression of its new values; `null` if there is none
  public record TypeChange(@Nullable String using) {}

  /// How it changes the type of a column; empty if it does not, or does so in a `DO` block.
  ///
  /// @param column its name, without quotes
  public Optional<TypeChange> typeChange(String column) {
    List<String> tokens = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    SqlLexer lexer = new SqlLexer(text);
    lexer.skipTo(firstToken);
    int depth = 0;
    for (Token token = lexer.next(); lexer.start() < end; token = lexer.next()) {
      String word = text.text(lexer.start(), lexer.end());
      if (word.equals(")") || word.equals("]")) {
        depth--;
      }
      if (depth == 0 && token != Token.LINE_COMMENT && token != Token.BLOCK_COMMENT) {
        tokens.add(token == Token.WORD ? lowerCase(word) : word);
        starts.add(lexer.start());
      }
      if (word.equals("(") || word.equals("[")) {
        depth++;
      }
    }
    starts.add(end);
    return typeChange(tokens, starts, column);
  }

  /// @param tokens those outside of parentheses
  /// @param starts where they begin, and where the statement ends
  private Optional<TypeChange> typeChange(
      List<String> tokens, List<Integer> starts, String column) {
    if (tokens.size() < 2 || !tokens.subList(0, 2).equals(List.of("alter", "table"))) {
      return Optional.empty();
    }
    for (int i = 2; i < tokens.size(); i++) {
      if (!tokens.get(i).equals("alter")) {
        continue;
      }
      int to = i;
      while (to < tokens.size() && !tokens.get(to).equals(",")) {
        to++;
      }
      List<String> action = tokens.subList(i, to);
      int name = action.size() > 2 && action.get(1).equals("column") ? 2 : 1;
      int type = action.indexOf("type");
      if (type > name && unquoted(action.get(name)).equals(column)) {
        int using = action.subList(type, action.size()).indexOf("using");
        return Optional.of(
            new TypeChange(
                using < 0
                    ? null
                    : text.text(starts.get(i + type + using + 1), starts.get(to)).strip()));
      }
      i = to;
    }
    return Optional.empty();
  }

  private static String unquoted(String name) {
    return name.startsWith("\"")
        ? name.substring(1, name.length() - 1).replace("\"\"", "\"")
        : name;
  }

  /// Names in it that are too long for PostgreSQL, as PostgreSQL reads them.
  public List<String> longIdentifiers() {
    Set<String> names = new LinkedHashSet<>();
    SqlLexer lexer = new SqlLexer(text);
    lexer.skipTo(firstToken);
    for (Token token = lexer.next(); lexer.start() < end; token = lexer.next()) {
      if (lexer.end() - lexer.start() > KEPT) {
        String name = text.text(lexer.start(), lexer.end());
        if (token == Token.WORD) {
          names.add(lowerCase(name));
        } else if (token == Token.QUOTED_NAME && name.startsWith("\"")) {
          names.add(unquoted(name));
        }
      }
    }
    return names.stream()
        .filter(name -> name.getBytes(StandardCharsets.UTF_8).length > KEPT)
        .toList();
  }

  /// PostgreSQL leaves letters beyond ASCII as they are.
  static String lowerCase(String name) {
    return name.codePoints()
        .map(c -> c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /// Runs it, with the rows that it copies.
  ///
  /// @param statement of the connection that it runs on
  public void execute(Statement statement) throws SQLException {
    if (kind == Kind.COPY_IN) {
      try {
        statement.getConnection().unwrap(PGConnection.class).getCopyAPI().copyIn(sql(), data());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    } else {
      statement.execute(sql());
    }
  }

  /// Its first line, without the comments before it; shortened when it is long.
  public String firstLine() {
    // Four bytes are the most that a character takes.
    int limit = Math.min(end, firstToken + 4 * FIRST_LINE_WIDTH);
    String line = text.text(firstToken, text.endOfLine(firstToken, limit)).stripTrailing();
    return line.length() > FIRST_LINE_WIDTH
        ? line.substring(0, FIRST_LINE_WIDTH - 3) + "..."
        : line;
  }

  /// All of it, as [#of] reads it back: with the rows that it copies and the line that ends them.
  @Override
  public String toString() {
    return kind == Kind.COPY_IN ? sql() + ";\n" + text.text(dataStart, dataEnd) + "\\." : sql();
  }

  /// SHA-256 of what the server understands of `statements`, in hexadecimal digits.
  public static String digest(List<SqlStatement> statements) {
    MessageDigest digest = Hashes.sha256();
    statements.forEach(statement -> statement.update(digest));
    return Hashes.soFar(digest);
  }

  /// Adds what the server understands of it to a digest: its tokens without comments and the white
  /// space between them, and the rows that it copies.
  public void update(MessageDigest digest) {
    SqlLexer lexer = new SqlLexer(text);
    lexer.skipTo(firstToken);
    for (Token token = lexer.next(); lexer.start() < end; token = lexer.next()) {
      if (token != Token.LINE_COMMENT && token != Token.BLOCK_COMMENT) {
        text.update(digest, lexer.start(), lexer.end());
        digest.update((byte) 0);
      }
    }
    text.update(digest, dataStart, dataEnd);
    digest.update((byte) 0);
  }

  /// Whether it is a `COPY ... FROM STDIN`, which needs [#data] sent behind it.
  public boolean copiesIn() {
    return kind == Kind.COPY_IN;
  }

  /// The rows that it copies; empty when it copies none.
  public InputStream data() {
    return text.stream(dataStart, dataEnd);
  }

  Kind kind() {
    return kind;
  }

  /// The line of its first word in the file, from 1.
  public int line() {
    return position.line();
  }

  /// The column of its first word, in characters, from 1.
  public int column() {
    return position.column();
  }

  SourceText.Position position() {
    return position;
  }

  int start() {
    return start;
  }

  int firstToken() {
    return firstToken;
  }

  /// Behind the semicolon that ends it, if there is one.
  int endWithSemicolon() {
    int next = text.skipSpace(end);
    return next < text.length() && text.at(next) == ';' ? next + 1 : end;
  }

  int end() {
    return end;
  }
}
