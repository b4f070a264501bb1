package dev.sheaf.migration.changelog;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/// Random SQL of which it is known by construction where its statements begin and end: quotes,
/// comments, parentheses and bodies inside of each other, with lines in them that look like
/// directives.
final class GeneratedSql {

  private static final List<String> LOOKALIKES =
      List.of(
          "--rollback DROP TABLE x;",
          "-- rollback DELETE FROM orders;",
          "--changeset core:002",
          "--comment no comment",
          "-- comment: no comment",
          "--destructiv gone",
          "--late refuse",
          "-- ignoreLines:2",
          "--property name:x value:y",
          "--liquibase formatted sql",
          "\\set x y",
          "\\.",
          "${HOME} ${nosuch}",
          "COMMIT;",
          "END;",
          "BEGIN ATOMIC",
          ";");

  private final Random random;

  private final boolean forDriver;

  /// @param forDriver whether it leaves out what the driver's lexer does not know: a CASE inside of
  ///   BEGIN ATOMIC, and a doubled quote before a backslash in E'...'
  GeneratedSql(long seed, boolean forDriver) {
    this.random = new Random(seed);
    this.forDriver = forDriver;
  }

  /// Statements without their semicolons, each with the comments before it.
  List<String> statements() {
    List<String> statements = new ArrayList<>();
    int count = 1 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      statements.add(random.nextInt(4) == 0 ? comment() + statement() : statement());
    }
    return statements;
  }

  /// What may stand between two statements.
  String separator() {
    return pick(";", ";\n", " ;\n\n", ";\t \n", "; ;;\n");
  }

  /// A statement that copies rows, with them.
  String copy() {
    StringBuilder rows = new StringBuilder();
    int count = random.nextInt(4);
    for (int i = 0; i < count; i++) {
      String row = pick(pick(LOOKALIKES), "1\tit's", "$$", "/*", "\\\\.", "\\N", "\"");
      rows.append(row.equals("\\.") ? "\\. " : row).append('\n');
    }
    return "COPY t (a, \"b;\") FROM "
        + pick("stdin", "STDIN WITH (FORMAT csv)")
        + ";\n"
        + rows
        + "\\.";
  }

  private String statement() {
    return switch (random.nextInt(6)) {
      case 0 -> forDriver ? "DO " + dollarQuote(3) : routine();
      case 1 -> "CREATE RULE r AS ON INSERT TO t DO ALSO (" + inParentheses(3) + ")";
      default -> "SELECT " + items(3);
    };
  }

  private String routine() {
    StringBuilder body = new StringBuilder();
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      body.append(space()).append("SELECT ").append(items(2));
      if (random.nextBoolean()) {
        body.append(" , CASE WHEN ").append(items(1)).append(" THEN 1 END ");
      }
      if (random.nextInt(3) == 0) {
        body.append('\n')
            .append(pick("--rollback DROP TABLE x;", "--late never", "-- a; b"))
            .append('\n');
      }
      body.append(';');
    }
    return pick("CREATE FUNCTION", "create or replace function", "CREATE PROCEDURE")
        + " fn_atomic(a int) "
        + pick("BEGIN ATOMIC", "begin /* ; */ atomic", "BEGIN\nATOMIC")
        + body
        + " END";
  }

  private String items(int depth) {
    StringBuilder items = new StringBuilder(item(depth));
    int count = random.nextInt(4);
    for (int i = 0; i < count; i++) {
      items.append(space()).append(item(depth));
    }
    return items.toString();
  }

  private String item(int depth) {
    return switch (random.nextInt(depth > 0 ? 14 : 8)) {
      case 0 -> pick("a", "größe", "nameE", "x1$", "_e", "\u00a0");
      case 1 -> pick("1", "1.5e3", ".5", "1e10", "$1");
      case 2 -> pick("+", "<@", "::text", "- -", "||", "*", "/", "[1]");
      case 3 -> "'" + text(() -> pick("''", "\\", "\"", "$$", "/*", "--")) + "'";
      case 4 ->
          pick("E'", "e'")
              + text(() -> pick(forDriver ? "" : "''", "\\'", "\\\\", "\"", "$x$"))
              + "' +";
      case 5 -> "\"" + text(() -> pick("\"\"", "'", "\\", "$$")) + "\"";
      case 6 ->
          pick("U&'", "N'", "n'", "B'", "x'", "u&'") + text(() -> pick("''", "\\", "*/")) + "'";
      case 7 -> "U&\"" + text(() -> pick("\"\"", "\\", "'")) + "\"";
      case 8, 9 -> dollarQuote(depth - 1);
      case 10 -> comment();
      case 11 -> "--" + pick(" it's; $$ \"", ";", "", " rollback the purchase", "/*") + "\n";
      default -> "(" + inParentheses(depth - 1) + ")";
    };
  }

  private String inParentheses(int depth) {
    return pick(
        "",
        items(depth),
        items(depth) + ";",
        items(depth) + "; " + items(depth),
        lookalikeComment());
  }

  private String lookalikeComment() {
    return "1\n"
        + pick("--rollback DROP TABLE x;", "--comment c", "--late never", "-- changeset a:2")
        + "\n, 2";
  }

  private String dollarQuote(int depth) {
    String tag = pick("$$", "$t$", "$größe$", "$_1$", "$T$");
    String content =
        text(() -> pick("'", "\"", "/*", "--", "$", "\\", depth > 0 ? dollarQuote(depth - 1) : ""));
    // A dollar at its end would be that of the tag.
    return tag
        + content.replace(tag, "").replace(tag, "").replaceAll("\\$$", "").replace(tag, "")
        + tag;
  }

  private String comment() {
    return "/* "
        + text(() -> pick("'", "\"", "$$", "--", "/* " + pick("", "/**/") + ";*/", "* ", "/ "))
            .replaceAll("/\\*(?! |\\*/)", "/ ")
        + " */";
  }

  /// @param special something that means more than itself to some lexer
  private String text(Supplier<String> special) {
    StringBuilder text = new StringBuilder();
    int count = random.nextInt(6);
    for (int i = 0; i < count; i++) {
      text.append(
          switch (random.nextInt(4)) {
            case 0 -> special.get();
            case 1 -> "\n" + pick(LOOKALIKES) + "\n";
            case 2 -> pick(";", " ", "ä", "x", "𝄞");
            default -> pick("text", "1", "\t");
          });
    }
    return text.toString();
  }

  private String space() {
    return pick(" ", "\n", "  ", "\n\n  ", "\t");
  }

  private String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private String pick(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
