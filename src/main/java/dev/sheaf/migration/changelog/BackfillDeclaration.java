package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A change of data that a changeset needs, as the file beside it declares it,
/// `NNN_name.backfill.sql`:
///
/// ```sql
/// --liquibase formatted sql
/// --backfill table:document key:collection_id,id
/// UPDATE document SET headline = title WHERE :batch AND headline IS DISTINCT FROM title;
/// --condition
/// SELECT NOT EXISTS (SELECT FROM document WHERE headline IS DISTINCT FROM title);
/// ```
///
/// The first line is there for other tools: as formatted SQL without a changeset, the file is
/// nothing to Liquibase.
///
/// @param name `module/NNN_name`, that of the changeset
/// @param table whose rows are worked off, as SQL names it
/// @param key its columns that say in which order: unique together, never null; as the catalog has
///   them, without quotes
/// @param statement run once for each batch, with `:batch` for "the rows of this batch"
/// @param condition one boolean, true when everything is as it should be
public record BackfillDeclaration(
    String name, String table, List<String> key, String statement, String condition) {

  public static final String SUFFIX = ".backfill.sql";

  /// `::batch` is a cast, and no placeholder.
  private static final Pattern PLACEHOLDER = Pattern.compile("(?<!:):batch\\b");

  private static final String IDENTIFIER = "(?:\"(?:[^\"]|\"\")+\"|[\\p{L}_][\\p{L}\\p{N}_$]*)";
  private static final Pattern NAME = Pattern.compile(IDENTIFIER);
  private static final Pattern DIRECTIVE = Pattern.compile("--[a-z].*");
  private static final Pattern BACKFILL =
      Pattern.compile(
          "--backfill\\s+table:((?:%1$s\\.)?%1$s)\\s+key:(%1$s(?:,\\s*%1$s)*)"
              .formatted(IDENTIFIER));

  private static final List<String> QUERY = List.of("SELECT", "WITH");
  private static final List<String> STATEMENT =
      List.of("UPDATE", "INSERT", "DELETE", "MERGE", "SELECT", "WITH");

  /// Reads the declaration in a `.backfill.sql` file.
  ///
  /// @throws OperatorException when the file is no declaration
  public static BackfillDeclaration of(ChangelogFile file) {
    Head head = new Head(file);
    List<ChangelogProblem> problems = new ArrayList<>();
    List<SqlStatement> statements =
        new SqlSplitter(file.content(), head::meaning, PLACEHOLDER, problems::add).split();
    if (file.content().invalid() >= 0) {
      throw malformed(file, "is not UTF-8", "save the file as UTF-8");
    }
    if (!problems.isEmpty()) {
      ChangelogProblem problem = problems.getFirst();
      throw malformed(file, problem.located(), problem.hint());
    }
    Matcher header = head.header;
    if (!head.marked || header == null || head.condition < 0) {
      throw malformed(
          file,
          "is no backfill",
          "it has the lines --liquibase formatted sql, --backfill table:T key:K1,K2 and --condition");
    }
    Map<Boolean, List<SqlStatement>> parts =
        statements.stream().collect(Collectors.partitioningBy(sql -> sql.start() < head.condition));
    String batch =
        single(file, "the batch statement", parts.getOrDefault(true, List.of()), STATEMENT);
    if (bind(batch, "").equals(batch)) {
      throw malformed(
          file,
          "its batch statement has no :batch",
          "write WHERE :batch, which stands for the rows of this batch; in a string, a comment or quotes it is text");
    }
    return new BackfillDeclaration(
        nameOf(file),
        header.group(1),
        NAME.matcher(header.group(2)).results().map(name -> unquoted(name.group())).toList(),
        batch,
        single(file, "the condition", parts.getOrDefault(false, List.of()), QUERY));
  }

  /// The name of the backfill that a file declares, `module/NNN_name`. Nothing is parsed.
  public static String nameOf(ChangelogFile file) {
    return file.shortPath().substring(0, file.shortPath().length() - SUFFIX.length());
  }

  /// The lines that say which statement is what.
  private static final class Head {
    private final ChangelogFile file;
    private boolean marked;
    private @Nullable Matcher header;

    /// Where the condition begins; -1 before that line.
    private int condition = -1;

    Head(ChangelogFile file) {
      this.file = file;
    }

    SqlSplitter.Comments.Meaning meaning(int start, int end, boolean block) {
      String line = file.content().text(start, end).strip();
      if (block || !file.content().isStartOfLine(start) || !DIRECTIVE.matcher(line).matches()) {
        return SqlSplitter.Comments.Meaning.COMMENT;
      }
      Matcher backfill = BACKFILL.matcher(line);
      if (line.equals("--liquibase formatted sql") && !marked) {
        marked = true;
      } else if (backfill.matches() && header == null) {
        header = backfill;
      } else if (line.equals("--condition") && header != null && condition < 0) {
        condition = end;
      } else {
        throw malformed(
            file,
            "cannot read \"" + line + "\"",
            "it says --backfill table:T key:K1,K2 once, then --condition; a comment begins with \"-- \"");
      }
      return SqlSplitter.Comments.Meaning.END;
    }
  }

  /// A name as the catalog has it.
  private static String unquoted(String name) {
    return name.startsWith("\"")
        ? name.substring(1, name.length() - 1).replace("\"\"", "\"")
        : SqlStatement.lowerCase(name);
  }

  /// The statement without batches, for a database that nobody works in.
  public String forEveryRow() {
    return bind(statement, "true");
  }

  /// `statement` with `condition` in place of `:batch`. In strings, dollar quotes, quoted names and
  /// comments, `:batch` is text and stays.
  public static String bind(String statement, String condition) {
    SourceText text = SourceText.of(statement);
    SqlLexer lexer = new SqlLexer(text);
    StringBuilder bound = new StringBuilder();
    int copied = 0;
    int colon = -1;
    for (SqlLexer.Token token = lexer.next(); token != SqlLexer.Token.END; token = lexer.next()) {
      boolean isColon = token == SqlLexer.Token.OTHER && text.at(lexer.start()) == ':';
      if (token == SqlLexer.Token.WORD
          && colon >= 0
          && colon == lexer.start() - 1
          && (colon == 0 || text.at(colon - 1) != ':')
          && text.text(lexer.start(), lexer.end()).equals("batch")) {
        bound.append(text.text(copied, colon)).append(condition);
        copied = lexer.end();
      }
      colon = isColon ? lexer.start() : -1;
    }
    return bound.append(text.text(copied, text.length())).toString();
  }

  private static String single(
      ChangelogFile file, String what, List<SqlStatement> statements, List<String> kinds) {
    if (statements.size() != 1) {
      throw malformed(
          file, what + " holds " + statements.size() + " statements", "it is exactly one");
    }
    String statement = statements.getFirst().withoutLeadingComments();
    String kind = statement.split("\\W", 2)[0].toUpperCase(Locale.ROOT);
    if (!kinds.contains(kind)) {
      throw malformed(file, what + " begins with " + kind, "it can be " + String.join(", ", kinds));
    }
    return statement;
  }

  private static OperatorException malformed(ChangelogFile file, String problem, String hint) {
    return new OperatorException(file.shortPath() + ": " + problem, hint);
  }
}
