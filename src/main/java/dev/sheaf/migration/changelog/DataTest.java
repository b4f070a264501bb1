package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// A test of what a changeset does to rows, which its author writes beside it, `NNN_name.test.sql`:
///
/// ```sql
/// --liquibase formatted sql
/// --given
/// INSERT INTO person (id, name) VALUES (1, 'Ann Lee'), (2, NULL);
/// --up
/// SELECT id, first_name, last_name FROM person ORDER BY id;
/// --> 1 | Ann | Lee
/// --> 2 | \N | \N
/// --down
/// SELECT id, name FROM person ORDER BY id;
/// --> 1 | Ann Lee
/// --> 2 | \N
/// ```
///
/// The first line is there for other tools: as formatted SQL without a changeset, the file is
/// nothing to Liquibase.
///
/// @param path `module/NNN_name.test.sql`
/// @param given the statements that write rows before the changeset
/// @param up what is expected after it
/// @param down what is expected after its rollback
public record DataTest(
    String path, List<SqlStatement> given, List<Expectation> up, List<Expectation> down) {

  public static final String SUFFIX = ".test.sql";

  private static final String ROW = "-->";
  private static final Pattern DIRECTIVE = Pattern.compile("--([a-z]|>).*");

  /// A query and its rows.
  ///
  /// @param rows one line for each row, as the file has it; empty if none is expected
  public record Expectation(SqlStatement query, List<String> rows) {}

  /// A line that means something.
  private record Line(int start, String text) {}

  /// Reads a test.
  ///
  /// @param path `module/NNN_name.test.sql`
  /// @throws OperatorException when it has not this form
  public static DataTest of(String path, SourceText text) {
    List<Line> lines = new ArrayList<>();
    List<ChangelogProblem> problems = new ArrayList<>();
    List<SqlStatement> statements =
        new SqlSplitter(
                text,
                (start, end, block) -> {
                  String line = text.text(start, end).strip();
                  if (block || !text.isStartOfLine(start) || !DIRECTIVE.matcher(line).matches()) {
                    return SqlSplitter.Comments.Meaning.COMMENT;
                  }
                  lines.add(new Line(start, line));
                  return SqlSplitter.Comments.Meaning.END;
                },
                problems::add)
            .split();
    if (text.invalid() >= 0) {
      throw malformed(path, "is not UTF-8", "save the file as UTF-8");
    }
    if (!problems.isEmpty()) {
      throw malformed(path, problems.getFirst().located(), problems.getFirst().hint());
    }
    for (SqlStatement statement : statements) {
      if (statement.kind() == SqlStatement.Kind.TRANSACTION_COMMAND) {
        throw malformed(
            path,
            "%s:%s: has a transaction command: %s"
                .formatted(statement.line(), statement.column(), statement.firstLine()),
            "delete it; each statement is a transaction");
      }
    }
    if (lines.isEmpty() || !lines.getFirst().text().equals("--liquibase formatted sql")) {
      throw malformed(
          path,
          "does not begin with --liquibase formatted sql",
          "without this line, Liquibase would run it as a changeset");
    }
    return parts(path, lines.subList(1, lines.size()), statements);
  }

  /// Where in the file a line is.
  private enum Part {
    HEAD,
    GIVEN,
    UP,
    DOWN;

    /// The part that `line` begins.
    Part next(String line, String path) {
      for (Part part : values()) {
        if (line.equals("--" + part.name().toLowerCase(Locale.ROOT))
            && part.compareTo(this) > 0
            && (part != DOWN || this == UP)) {
          return part;
        }
      }
      throw malformed(
          path,
          "cannot read \"" + line + "\"",
          "it has --given, --up and --down in this order, and rows as --> 1 | two; a comment begins"
              + " with \"-- \"");
    }
  }

  private static DataTest parts(String path, List<Line> lines, List<SqlStatement> statements) {
    List<SqlStatement> given = new ArrayList<>();
    List<Expectation> up = new ArrayList<>();
    List<Expectation> down = new ArrayList<>();
    Part part = Part.HEAD;
    int next = 0;
    for (int i = 0; i <= lines.size(); i++) {
      int end = i < lines.size() ? lines.get(i).start() : Integer.MAX_VALUE;
      for (; next < statements.size() && statements.get(next).start() < end; next++) {
        SqlStatement statement = statements.get(next);
        switch (part) {
          case HEAD ->
              throw malformed(
                  path, "has a statement before --given or --up", "write --given before its rows");
          case GIVEN -> given.add(statement);
          case UP -> up.add(new Expectation(statement, new ArrayList<>()));
          case DOWN -> down.add(new Expectation(statement, new ArrayList<>()));
        }
      }
      if (i < lines.size()) {
        String line = lines.get(i).text();
        if (line.startsWith(ROW)) {
          List<Expectation> queries = part == Part.DOWN ? down : up;
          if (queries.isEmpty()) {
            throw malformed(
                path,
                "has the row \"" + line + "\" before a query",
                "rows stand below their query");
          }
          queries.getLast().rows().add(line.substring(ROW.length()).strip());
        } else {
          part = part.next(line, path);
        }
      }
    }
    if (up.isEmpty() && down.isEmpty()) {
      throw malformed(path, "expects nothing", "write a query after --up or --down");
    }
    return new DataTest(path, List.copyOf(given), List.copyOf(up), List.copyOf(down));
  }

  private static OperatorException malformed(String path, String problem, String hint) {
    return new OperatorException(path + ": " + problem, hint);
  }
}
