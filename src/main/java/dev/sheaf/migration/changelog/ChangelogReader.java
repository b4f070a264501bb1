package dev.sheaf.migration.changelog;

import dev.sheaf.migration.changelog.SourceText.Position;
import dev.sheaf.migration.changelog.SqlSplitter.Comments.Meaning;
import dev.sheaf.migration.changelog.SqlStatement.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads a changelog file: one changeset of SQL, its rollback, and lines that speak to the engine.
///
/// In Liquibase's form, which the next two paragraphs are about, a line names the changeset, and
/// the rollback stands in comments. In the other forms the file's name identifies the changeset;
/// [ChangelogForm] says where the rollback is. What separates it is an annotation: a line comment
/// that is no part of any statement, nor of the checksum, so that the same SQL has the same
/// checksum in every form.
///
/// A directive is `--word` at the start of a line, without a space, outside of quotes, comments,
/// parentheses and bodies. Everything else is SQL or a comment, and reaches the server as it
/// stands: nothing is substituted, nothing left out.
///
/// With a space, `-- word` is a comment. Three that Liquibase would take for directives are taken
/// for such where nothing else can be meant: `-- liquibase formatted sql` in the first line, `--
/// changeset module:NNN` before the first statement, and `-- rollback DROP ...` behind the last
/// one, where the file has no `--rollback`. Elsewhere the file is refused, so that no tool
/// understands another thing than this one.
final class ChangelogReader {

  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  /// More than this many are not listed.
  private static final int MOST_PROBLEMS = 100;

  private static final Pattern HEADER =
      Pattern.compile("formatted\\s+sql(?:\\s+(.*))?", Pattern.CASE_INSENSITIVE);
  private static final Pattern CHANGESET = Pattern.compile("[^\\s:]+:\\S.*");
  private static final Pattern NOTHING_TO_UNDO =
      Pattern.compile("(?:empty|not required)(?:[\\s:,;.(-].*)?", Pattern.CASE_INSENSITIVE);
  private static final Pattern OTHER_CHANGESET =
      Pattern.compile("changeset(?:id|author|path):.*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final Pattern ROLLBACK_BLOCK =
      Pattern.compile("liquibase\\s+rollback\\b(.*)", Pattern.CASE_INSENSITIVE);

  /// What a line of a rollback begins with, unless it goes on with the line before.
  private static final Pattern SQL =
      Pattern.compile(
          "(?:ALTER|ANALYZE|CALL|CLUSTER|COMMENT|COPY|CREATE|DELETE|DO|DROP|EXECUTE|GRANT|INSERT|LOCK|MERGE"
              + "|REASSIGN|REFRESH|REINDEX|RESET|REVOKE|SECURITY|SELECT|SET|TRUNCATE|UPDATE|VACUUM|WITH)\\s.*",
          Pattern.CASE_INSENSITIVE);

  /// What a statement of PostgreSQL begins with, except what begins or ends a transaction.
  private static final Pattern COMMAND =
      Pattern.compile(
          "\\(|(?:ALTER|ANALYSE|ANALYZE|CALL|CHECKPOINT|CLOSE|CLUSTER|COMMENT|COPY|CREATE|DEALLOCATE|DECLARE|DELETE"
              + "|DISCARD|DO|DROP|EXECUTE|EXPLAIN|FETCH|GRANT|IMPORT|INSERT|LISTEN|LOAD|LOCK|MERGE|MOVE|NOTIFY|PREPARE"
              + "|REASSIGN|REFRESH|REINDEX|REPACK|RESET|REVOKE|SECURITY|SELECT|SET|SHOW|TABLE|TRUNCATE|UNLISTEN|UPDATE"
              + "|VACUUM|VALUES|WAIT|WITH)\\b",
          Pattern.CASE_INSENSITIVE);

  /// Those words and what separates them from the reason, which has a letter.
  private static final Pattern UNEXPLAINED =
      Pattern.compile("(?:empty|not required)\\P{L}*(?:because\\P{L}*)?", Pattern.CASE_INSENSITIVE);

  private static final String NO_ROLLBACK =
      "write --rollback <SQL> after the last statement, or --rollback empty because <WHY> when there is nothing to"
          + " undo";

  /// What goose and sql-migrate say to themselves.
  private static final Pattern GOOSE =
      Pattern.compile("--\\s*\\+(?:goose|migrate)\\s+(.*)", Pattern.CASE_INSENSITIVE);

  private static final Pattern DBMATE = Pattern.compile("--\\s*migrate:(up|down)(?:\\s+(.*))?");

  /// What separates a change from its rollback for tern.
  private static final Pattern TERN =
      Pattern.compile("-{4,}\\s*create above / drop below\\s*-{4,}");

  /// What begins a rollback for tools that have no form of their own here.
  private static final Pattern OTHER_TOOL =
      Pattern.compile(
          "-+\\s*(?:\\+\\w+\\s+(?:up|down)\\b|migrate:(?:up|down)\\b|//\\s*@undo\\b|!(?:ups|downs)\\b"
              + "|(?:up|down) migration\\b|create above / drop below).*",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern BEGIN =
      Pattern.compile("(?:BEGIN|START)(?:\\s+(?:WORK|TRANSACTION))?", Pattern.CASE_INSENSITIVE);
  private static final Pattern COMMIT =
      Pattern.compile("(?:COMMIT|END)(?:\\s+(?:WORK|TRANSACTION))?", Pattern.CASE_INSENSITIVE);

  /// What `sheaf migrate derive-rollback` writes where it finds no statement.
  private static final String INCOMPLETE = "-- to be completed: ";

  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{[^}]*}");

  /// A line of Flyway's settings for a file, or a comment.
  private static final Pattern SETTING =
      Pattern.compile("\\s*(?:[#!].*|(?:flyway\\.)?([^=:\\s]*)\\s*[=:]?\\s*(.*?))\\s*");

  private final SourceText text;
  private final ChangelogForm form;

  /// Of the first character that is no white space.
  private final int beginning;

  private final SqlSplitter splitter;
  private final List<ChangelogProblem> problems = new ArrayList<>();
  private final List<DirectiveLine> directives = new ArrayList<>();
  private final List<Part> rollback = new ArrayList<>();
  private final List<Part> spacedRollback = new ArrayList<>();

  /// What is not counted into the checksum: the rollback and `--comment`.
  private final List<Part> aside = new ArrayList<>();

  private boolean hasHeader;
  private @Nullable ChangesetLine changeset;
  private Position changesetPosition = new Position(1, 1);
  private int changesetStart;
  private int changesetEnd;
  private String comment = "";

  /// Where the annotation of the rollback begins; -1 where there is none.
  private int downStart = -1;

  /// Behind the annotation of the change; -1 where there is none.
  private int upStart = -1;

  private boolean withoutTransaction;

  /// Whether `${...}` means nothing to Flyway.
  private boolean withoutPlaceholders;

  /// Whether `BEGIN` and `COMMIT` stood around all statements.
  private boolean isFramed;

  private ChangelogReader(ChangelogFile file) {
    this(file.content(), file.form());
    if (file.config() != null) {
      flywayConfig(file.fileName(), file.config());
    }
  }

  private ChangelogReader(SourceText text, ChangelogForm form) {
    this.text = text;
    this.form = form;
    this.beginning = text.skipSpace(0);
    this.splitter = new SqlSplitter(text, this::meaning, this::add);
  }

  /// A part of the file.
  ///
  /// @param line where the line or comment begins that it stands in
  /// @param lineEnd where that ends
  /// @param start of what it says
  /// @param end behind that
  /// @param position of `start`
  private record Part(int line, int lineEnd, int start, int end, Position position) {}

  /// Reads a file in Liquibase's form.
  static ChangelogText read(SourceText text) {
    return new ChangelogReader(text, ChangelogForm.LIQUIBASE).read();
  }

  /// Reads a file in its form, and that of its rollback.
  static ChangelogText read(ChangelogFile file) {
    if (file.form() == ChangelogForm.LIQUIBASE) {
      return read(file.content());
    }
    ChangelogFile rollback = file.rollback();
    return new ChangelogReader(file)
        .readAnnotated(false)
        .of(file, rollback == null ? null : new ChangelogReader(rollback).readAnnotated(true));
  }

  /// The change in a file of another form than Liquibase's: its text without annotations, without
  /// `BEGIN` and `COMMIT` around it, and without the rollback.
  static String change(ChangelogFile file) {
    ChangelogReader reader = new ChangelogReader(file);
    reader.readAnnotated(false);
    StringBuilder change = new StringBuilder();
    reader.checked((start, end) -> change.append(reader.text.text(start, end)));
    return change.toString();
  }

  /// Reads a file whose changeset is identified by its name.
  ///
  /// @param isRollback whether it holds nothing but a rollback, which may be empty
  private ChangelogText readAnnotated(boolean isRollback) {
    List<SqlStatement> all = splitter.split();
    int end = downStart < 0 ? text.length() : downStart;
    List<SqlStatement> up =
        withoutFrame(all.stream().filter(statement -> statement.start() < end).toList());
    boolean isTransaction = isFramed;
    List<SqlStatement> down =
        withoutFrame(all.stream().filter(statement -> statement.start() >= end).toList());
    boolean saysNothing = isBlank(0, end);
    if (up.isEmpty() && saysNothing && !isRollback) {
      add(
          new ChangelogProblem(
              changesetPosition,
              "has no statement",
              "write what it changes, or a comment that says why it changes nothing"));
    }
    if ((form == ChangelogForm.GOOSE || form == ChangelogForm.DBMATE) && upStart < 0) {
      add(
          new ChangelogProblem(
              changesetPosition,
              "does not say where the change begins",
              form == ChangelogForm.GOOSE ? "write -- +goose Up" : "write -- migrate:up"));
    } else if (!up.isEmpty() && up.getFirst().firstToken() < upStart) {
      add(
          new ChangelogProblem(
              up.getFirst().position(), "has SQL before the annotation of the change", "move it"));
    }
    boolean hasRollback =
        isRollback
            ? !(up.isEmpty() && saysNothing)
            : downStart >= 0 && !(down.isEmpty() && isBlank(end, text.length()));
    if (downStart >= 0) {
      aside.removeIf(part -> part.line() >= downStart);
      aside.add(
          new Part(downStart, text.length(), downStart, text.length(), splitter.position(end)));
    }
    for (List<SqlStatement> statements : List.of(up, down)) {
      statements.forEach(this::refuseWhatIsNotRun);
      statements.forEach(this::refusePlaceholder);
    }
    if (isRollback && !down.isEmpty()) {
      add(
          new ChangelogProblem(
              down.getFirst().position(), "has a rollback of a rollback", "remove it"));
    }
    List<SqlStatement> undo = isRollback ? up : down;
    int undoStart = isRollback ? 0 : end;
    if (undo.isEmpty() && text.text(undoStart, text.length()).contains(INCOMPLETE)) {
      add(
          new ChangelogProblem(
              splitter.position(undoStart),
              "has a rollback that is to be completed",
              "write its statements"));
    }
    String checksum = checksum();
    refuseOtherEncodings();
    problems.sort(
        Comparator.comparingInt(ChangelogProblem::line).thenComparingInt(ChangelogProblem::column));
    return new ChangelogText(
        "",
        "",
        changesetPosition,
        "",
        isTransaction || !(withoutTransaction || runsOutsideTransactions(up)),
        checksum,
        isRollback ? List.of() : up,
        hasRollback ? undo : null,
        List.copyOf(directives),
        List.copyOf(problems));
  }

  /// A file of nothing but statements that PostgreSQL rejects in a transaction runs without one,
  /// where the form has no word for that.
  private boolean runsOutsideTransactions(List<SqlStatement> statements) {
    return switch (form) {
      case PAIR, PLAIN, FLYWAY ->
          statements.stream().anyMatch(Changeset::isOutsideTransactions)
              && statements.stream()
                  .allMatch(sql -> Changeset.isOutsideTransactions(sql) || sql.setsSession());
      case LIQUIBASE, GOOSE, DBMATE, REPEATABLE -> false;
    };
  }

  /// Without the `BEGIN` and `COMMIT` around all others, because the engine opens and ends the
  /// transaction. The same if only statements are outside of such frames that PostgreSQL rejects in
  /// a transaction, as Alembic writes them; then there is no transaction.
  private List<SqlStatement> withoutFrame(List<SqlStatement> statements) {
    List<SqlStatement> edges = new ArrayList<>();
    List<SqlStatement> framed = new ArrayList<>();
    List<SqlStatement> others = new ArrayList<>();
    for (SqlStatement statement : statements) {
      boolean isOpen = edges.size() % 2 == 1;
      if ((isOpen ? COMMIT : BEGIN).matcher(statement.beginning()).matches()) {
        edges.add(statement);
      } else {
        framed.add(statement);
        if (!isOpen) {
          others.add(statement);
        }
      }
    }
    boolean isOne = edges.size() == 2 && others.isEmpty();
    boolean isInterrupted = !others.isEmpty() && runsOutsideTransactions(others);
    if (edges.isEmpty() || edges.size() % 2 == 1 || !(isOne || isInterrupted)) {
      return statements;
    }
    isFramed = isOne;
    withoutTransaction |= isInterrupted;
    for (SqlStatement edge : edges) {
      aside.add(
          new Part(
              edge.firstToken(),
              edge.endWithSemicolon(),
              edge.firstToken(),
              edge.endWithSemicolon(),
              edge.position()));
    }
    return framed;
  }

  /// Whether there is nothing but white space and annotations from `start` to `end`.
  private boolean isBlank(int start, int end) {
    int next = text.skipSpace(start);
    while (next < end) {
      int here = next;
      Optional<Part> annotation = aside.stream().filter(part -> part.line() == here).findFirst();
      if (annotation.isEmpty()) {
        return false;
      }
      next = text.skipSpace(annotation.get().lineEnd());
    }
    return true;
  }

  private void refusePlaceholder(SqlStatement statement) {
    if ((form == ChangelogForm.FLYWAY || form == ChangelogForm.REPEATABLE)
        && !withoutPlaceholders) {
      Matcher placeholder = PLACEHOLDER.matcher(statement.sql());
      if (placeholder.find()) {
        add(
            new ChangelogProblem(
                statement.position(),
                "has " + placeholder.group() + ", which Flyway replaces and Sheaf does not",
                "write the value; if Flyway does not replace it either, write placeholderReplacement=false into the .conf file beside it"));
      }
    }
  }

  /// What Flyway can be told about one file, as far as it has a meaning here.
  private void flywayConfig(String fileName, SourceText config) {
    for (String line : config.toString().lines().toList()) {
      Matcher setting = SETTING.matcher(line);
      if (!setting.matches() || setting.group(1) == null || setting.group(1).isEmpty()) {
        continue;
      }
      String value = setting.group(2).toLowerCase(Locale.ROOT);
      switch (setting.group(1) + "=" + value) {
        case "executeInTransaction=false" -> withoutTransaction = true;
        case "placeholderReplacement=false" -> withoutPlaceholders = true;
        case "executeInTransaction=true",
            "placeholderReplacement=true",
            "shouldExecute=true",
            "encoding=utf-8",
            "encoding=utf8" -> {}
        default ->
            add(
                new ChangelogProblem(
                    changesetPosition,
                    "has %s in %s.conf, which is not supported".formatted(line.strip(), fileName),
                    "remove it; supported are executeInTransaction, placeholderReplacement and encoding=UTF-8"));
      }
    }
  }

  private ChangelogText read() {
    List<SqlStatement> up = splitter.split();
    useSpacedRollback(up);
    List<SqlStatement> down = rollback.isEmpty() ? null : rollback();
    String checksum = checksum();
    requireHeader();
    requireStatements(up);
    requireRollback(down);
    up.forEach(this::refuseWhatIsNotRun);
    refuseOtherEncodings();
    problems.sort(
        Comparator.comparingInt(ChangelogProblem::line).thenComparingInt(ChangelogProblem::column));
    return new ChangelogText(
        changeset == null ? "" : changeset.id(),
        changeset == null ? "" : changeset.author(),
        changesetPosition,
        comment,
        changeset == null || changeset.transactional(),
        checksum,
        up,
        down,
        List.copyOf(directives),
        List.copyOf(problems));
  }

  /// In another encoding nothing else is as it looks.
  private void refuseOtherEncodings() {
    int invalid = text.invalid();
    if (invalid >= 0) {
      Position position = new SourceText.Positions(text).of(invalid);
      String what =
          text.at(invalid) == 0
              ? "a NUL"
              : "byte 0x" + HEX.toHexDigits(text.at(invalid)) + ", which is not UTF-8";
      problems.clear();
      add(new ChangelogProblem(position, "contains " + what, "save the file as UTF-8"));
    }
  }

  private Meaning meaning(int start, int end, boolean block) {
    return block ? blockComment(start, end) : lineComment(start, end);
  }

  private Meaning blockComment(int start, int end) {
    int lineEnd = text.endOfLine(start, end);
    var matcher =
        ROLLBACK_BLOCK.matcher(text.text(start + 2, Math.min(lineEnd, start + 200)).strip());
    if (!matcher.matches()) {
      return Meaning.COMMENT;
    }
    if (lineEnd == end || !matcher.group(1).isBlank()) {
      problem(
          start,
          "the SQL of /* liquibase rollback is on its first line",
          "start it on the next line");
      return Meaning.COMMENT;
    }
    if (form != ChangelogForm.LIQUIBASE) {
      notOfThisForm(start, "/* liquibase rollback */");
      return Meaning.COMMENT;
    }
    aside.add(new Part(start, end, start, end, splitter.position(start)));
    int last = Math.max(end - 2, lineEnd + 1);
    for (int line = lineEnd + 1; line < last; line = text.endOfLine(line) + 1) {
      rollback.add(new Part(start, end, line, text.endOfLine(line, last), splitter.position(line)));
    }
    if (last == lineEnd + 1) {
      rollback.add(new Part(start, end, last, last, splitter.position(last)));
    }
    return Meaning.END;
  }

  /// An annotation of another tool.
  ///
  /// @return empty for a comment
  private Optional<Meaning> annotation(int start, int end) {
    if (end - start > 200) {
      return Optional.empty();
    }
    String line = text.text(start, end).strip();
    Matcher goose = GOOSE.matcher(line);
    Matcher dbmate = DBMATE.matcher(line);
    if (form == ChangelogForm.GOOSE && goose.matches()) {
      goose(goose.group(1).strip().toLowerCase(Locale.ROOT), line, start, end);
    } else if (form == ChangelogForm.DBMATE && dbmate.matches()) {
      dbmate(dbmate, line, start, end);
    } else if (form == ChangelogForm.PLAIN && TERN.matcher(line).matches()) {
      beginRollback(line, start, end);
    } else if (OTHER_TOOL.matcher(line).matches()) {
      notOfThisForm(start, line);
      return Optional.of(Meaning.COMMENT);
    } else {
      return Optional.empty();
    }
    return Optional.of(Meaning.END);
  }

  private void notOfThisForm(int start, String line) {
    problem(
        start,
        "has " + line + ", but the file is " + form.description(),
        "remove it, or write the whole module in the form of the tool that reads it");
  }

  private void goose(String command, String line, int start, int end) {
    switch (command) {
      case "up", "up notransaction" -> beginChange(line, start, end);
      case "down", "down notransaction" -> beginRollback(line, start, end);
      // Where a statement ends is known without them.
      case "statementbegin", "statementend", "no transaction" -> {}
      default ->
          problem(
              start, "uses " + line + ", which is not supported", "remove it, or write the value");
    }
    withoutTransaction |= command.equals("no transaction") || command.endsWith(" notransaction");
    if (!command.startsWith("down")) {
      aside.add(new Part(start, end, start, end, splitter.position(start)));
    }
  }

  private void dbmate(Matcher annotation, String line, int start, int end) {
    String options = annotation.group(2) == null ? "" : annotation.group(2).strip();
    if (options.equals("transaction:false")) {
      withoutTransaction = true;
    } else if (!options.isEmpty() && !options.equals("transaction:true")) {
      problem(start, "uses " + options + ", which is not supported", "remove it");
    }
    if (annotation.group(1).equals("up")) {
      beginChange(line, start, end);
      aside.add(new Part(start, end, start, end, splitter.position(start)));
    } else {
      beginRollback(line, start, end);
    }
  }

  private void beginChange(String line, int start, int end) {
    if (upStart >= 0 || downStart >= 0) {
      problem(start, "has " + line + " after another annotation", "a file has one change");
    } else {
      upStart = end;
    }
  }

  private void beginRollback(String line, int start, int end) {
    if (downStart >= 0) {
      problem(start, "has " + line + " twice", "a file has one rollback");
    } else {
      downStart = start;
      aside.add(new Part(start, end, start, end, splitter.position(start)));
    }
  }

  private Meaning lineComment(int start, int end) {
    if (form != ChangelogForm.LIQUIBASE) {
      Optional<Meaning> annotation = annotation(start, end);
      if (annotation.isPresent()) {
        return annotation.get();
      }
    }
    int wordStart = start + 2;
    while (wordStart < end && SqlLexer.isSpace(text.at(wordStart))) {
      wordStart++;
    }
    int wordEnd = wordStart;
    while (wordEnd < end && isWordCharacter(text.at(wordEnd))) {
      wordEnd++;
    }
    boolean isWord =
        wordEnd > wordStart
            && wordEnd - wordStart < 40
            && (wordEnd == end || SqlLexer.isSpace(text.at(wordEnd)) || text.at(wordEnd) == ':');
    if (!isWord) {
      return Meaning.COMMENT;
    }
    String written = text.text(wordStart, wordEnd);
    String word = written.toLowerCase(Locale.ROOT);
    boolean spaced = wordStart > start + 2;
    if (form != ChangelogForm.LIQUIBASE) {
      return spaced || !text.isStartOfLine(start)
          ? Meaning.COMMENT
          : directiveOfTheEngine(written, word, start, wordEnd, end);
    }
    return spaced || !text.isStartOfLine(start)
        ? lookalike(word, spaced, start, wordEnd, end)
        : directive(written, word, start, wordEnd, end);
  }

  private static boolean isWordCharacter(byte c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '_';
  }

  private Meaning directive(String written, String word, int start, int wordEnd, int end) {
    if (end < text.length() && text.at(end) == '\r' && isKnown(word)) {
      problem(
          end,
          "the line of --" + written + " ends in a carriage return alone",
          "end it with a line feed");
    }
    switch (word) {
      case "liquibase" -> header(start, wordEnd, end);
      case "changeset" -> changeset(start, wordEnd, end);
      case "rollback" -> {
        return rollbackLine(start, wordEnd, end);
      }
      case "comment" -> comment(start, wordEnd, end);
      default -> {
        if (DirectiveLine.OF_THE_ENGINE.contains(word) && word.equals(written)) {
          directives.add(new DirectiveLine(word, value(wordEnd, end), splitter.position(start)));
          return Meaning.DIRECTIVE;
        }
        return notOurs(written, word, start);
      }
    }
    return Meaning.DIRECTIVE;
  }

  /// What a file of another tool can say to the engine. What Liquibase would read is a mistake.
  private Meaning directiveOfTheEngine(
      String written, String word, int start, int wordEnd, int end) {
    if (DirectiveLine.OF_THE_ENGINE.contains(word) && word.equals(written)) {
      return directive(written, word, start, wordEnd, end);
    }
    switch (word) {
      case "liquibase", "changeset", "rollback" -> notOfThisForm(start, "--" + written);
      default ->
          DirectiveLine.meantBy(written)
              .filter(DirectiveLine.OF_THE_ENGINE::contains)
              .ifPresent(directive -> noDirective(written, directive, start));
    }
    return Meaning.COMMENT;
  }

  private static boolean isKnown(String word) {
    return switch (word) {
      case "liquibase", "changeset", "rollback", "comment" -> true;
      default -> DirectiveLine.OF_THE_ENGINE.contains(word);
    };
  }

  private Meaning notOurs(String written, String word, int start) {
    if (DirectiveLine.isUnsupported(word)) {
      problem(
          start,
          "uses --" + written + ", which is not supported",
          "remove it; if it is a comment, write a space after --");
      return Meaning.COMMENT;
    }
    DirectiveLine.meantBy(written).ifPresent(directive -> noDirective(written, directive, start));
    return Meaning.COMMENT;
  }

  private void noDirective(String written, String meant, int start) {
    problem(
        start,
        "--" + written + " is no directive",
        "write --" + meant + "; if it is a comment, write a space after --");
  }

  private void header(int start, int wordEnd, int end) {
    var matcher = HEADER.matcher(value(wordEnd, end));
    if (!matcher.matches()) {
      problem(start, "cannot read this line", "write --liquibase formatted sql");
      return;
    }
    if (matcher.group(1) != null) {
      problem(
          start,
          "uses " + matcher.group(1) + ", which is not supported",
          "write --liquibase formatted sql and nothing else in the first line");
    }
    hasHeader |= start == beginning;
  }

  private void changeset(int start, int wordEnd, int end) {
    if (changesetEnd > 0) {
      problem(start, "contains a second changeset", "give it a file of its own");
      return;
    }
    changesetStart = start;
    changesetEnd = end;
    changesetPosition = splitter.position(start);
    changeset =
        ChangesetLine.parse(value(wordEnd, end), (message, hint) -> problem(start, message, hint))
            .orElse(null);
    if (changeset == null) {
      problem(start, "cannot read this line", "write --changeset module:NNN");
    }
  }

  private void comment(int start, int wordEnd, int end) {
    if (changesetEnd == 0) {
      problem(start, "has its --comment before --changeset", "write it after --changeset");
    }
    aside.add(new Part(start, end, wordEnd, end, splitter.position(start)));
    comment = value(wordEnd, end);
  }

  private Meaning rollbackLine(int start, int wordEnd, int end) {
    if (wordEnd < end && text.at(wordEnd) == ':') {
      problem(start, "cannot read --rollback with a colon", "write --rollback <SQL>");
    }
    rollback.add(rollbackPart(start, wordEnd, end));
    if (wordEnd < end && text.at(wordEnd) == ' ') {
      // Otherwise it is a comment to Liquibase.
      aside.add(rollback.getLast());
    }
    return Meaning.END;
  }

  private Part rollbackPart(int start, int wordEnd, int end) {
    int value = Math.min(wordEnd + 1, end);
    return new Part(start, end, value, end, splitter.position(value));
  }

  /// What Liquibase would read as a directive though it is none by our rule.
  private Meaning lookalike(String word, boolean spaced, int start, int wordEnd, int end) {
    boolean atStart = spaced && text.isStartOfLine(start);
    switch (word) {
      case "liquibase" -> {
        if (atStart && start == beginning && HEADER.matcher(value(wordEnd, end)).matches()) {
          header(start, wordEnd, end);
          return Meaning.DIRECTIVE;
        }
      }
      case "changeset" -> {
        if (CHANGESET.matcher(value(wordEnd, end)).matches()) {
          if (atStart && changesetEnd == 0 && splitter.isBeforeFirstStatement()) {
            changeset(start, wordEnd, end);
            return Meaning.DIRECTIVE;
          }
          ambiguous(word, start);
        }
      }
      case "rollback" -> {
        String value = value(wordEnd, end);
        if (SQL.matcher(value).matches() || NOTHING_TO_UNDO.matcher(value).matches()) {
          if (atStart) {
            spacedRollback.add(rollbackPart(start, wordEnd, end));
            return Meaning.END;
          }
          ambiguous(word, start);
        }
      }
      default -> {}
    }
    return Meaning.COMMENT;
  }

  private void ambiguous(String word, int start) {
    add(ambiguous(word, splitter.position(start)));
  }

  private static ChangelogProblem ambiguous(String word, Position position) {
    return new ChangelogProblem(
        position,
        "a comment that reads like --" + word,
        "write --"
            + word
            + " at the start of a line of its own, without a space after --; if it is a comment, begin it with"
            + " another word");
  }

  private void useSpacedRollback(List<SqlStatement> up) {
    int last = up.isEmpty() ? 0 : up.getLast().end();
    boolean clear =
        rollback.isEmpty() && spacedRollback.stream().allMatch(part -> part.line() >= last);
    if (clear) {
      rollback.addAll(spacedRollback);
      aside.addAll(spacedRollback);
    } else {
      spacedRollback.forEach(part -> add(ambiguous("rollback", part.position())));
    }
  }

  private @Nullable List<SqlStatement> rollback() {
    SourceText.Builder lines = new SourceText.Builder();
    rollback.forEach(part -> lines.add(text, part.start(), part.end(), part.position()));
    SourceText sql = lines.build();
    if (sql.skipSpace(0) == sql.length()) {
      // `sheaf migrate create` leaves it to be filled in.
      return null;
    }
    Position position = rollback.getFirst().position();
    String first = sql.text(0, sql.endOfLine(0)).strip();
    if (sql.skipSpace(sql.endOfLine(0)) == sql.length()
        && NOTHING_TO_UNDO.matcher(first).matches()) {
      if (UNEXPLAINED.matcher(first).matches()) {
        add(
            ChangelogProblem.ofPending(
                position,
                "does not say why there is nothing to undo",
                "write --rollback empty because <WHY>"));
      }
      return List.of();
    }
    if (OTHER_CHANGESET.matcher(first).matches()) {
      add(
          new ChangelogProblem(
              position,
              "takes its rollback from another changeset, which is not supported",
              NO_ROLLBACK));
      return List.of();
    }
    List<SqlStatement> down =
        new SqlSplitter(sql, SqlSplitter.Comments.NO_DIRECTIVES, this::add).split();
    if (down.isEmpty()) {
      add(new ChangelogProblem(position, "has an empty rollback", NO_ROLLBACK));
    }
    down.forEach(this::refuseWhatIsNotRun);
    down.stream()
        .filter(statement -> statement.kind() == Kind.ORDINARY)
        .filter(statement -> !COMMAND.matcher(statement.beginning()).lookingAt())
        .forEach(statement ->
            add(
                new ChangelogProblem(
                    statement.position(),
                    "has a rollback that is no SQL: " + statement.firstLine(),
                    NO_ROLLBACK)));
    return down;
  }

  /// Of all that stands behind the line of `--changeset`, except what is set aside.
  private String checksum() {
    LiquibaseChecksum checksum = new LiquibaseChecksum(text);
    checked(checksum::add);
    return checksum.changeset();
  }

  /// Gives away the beginning and the end of each part of the text that counts.
  private void checked(Range parts) {
    aside.sort(Comparator.comparingInt(Part::line));
    int start = changesetEnd;
    for (Part part : aside) {
      if (part.line() >= start) {
        parts.accept(start, part.line());
        start = part.lineEnd();
      }
    }
    parts.accept(start, text.length());
  }

  private interface Range {
    void accept(int start, int end);
  }

  private void requireHeader() {
    if (!hasHeader) {
      add(
          new ChangelogProblem(
              new Position(1, 1),
              "does not begin with --liquibase formatted sql",
              "make that the first line"));
    }
  }

  private void requireStatements(List<SqlStatement> up) {
    if (changesetEnd == 0) {
      add(
          new ChangelogProblem(
              changesetPosition,
              "contains no changeset",
              "write --changeset module:NNN before the SQL"));
    } else if (up.isEmpty()) {
      add(new ChangelogProblem(changesetPosition, "has no statement", "write what it changes"));
    } else if (up.getFirst().start() < changesetStart) {
      add(
          new ChangelogProblem(
              up.getFirst().position(),
              "has SQL before --changeset",
              "write --changeset module:NNN before it"));
    }
    if (!rollback.isEmpty()) {
      int rollbackStart = rollback.getFirst().line();
      up.stream()
          .filter(statement -> statement.end() > rollbackStart)
          .findFirst()
          .ifPresent(statement ->
              add(
                  new ChangelogProblem(
                      statement.position(),
                      "has SQL after the rollback in line " + rollback.getFirst().position().line(),
                      "begin each line of the rollback with --rollback, after the last statement")));
    }
  }

  private void requireRollback(@Nullable List<SqlStatement> down) {
    if (down == null && changesetEnd > 0) {
      Position position = rollback.isEmpty() ? changesetPosition : rollback.getFirst().position();
      add(new ChangelogProblem(position, "has no rollback", NO_ROLLBACK));
    }
  }

  private void refuseWhatIsNotRun(SqlStatement statement) {
    if (statement.kind() == Kind.TRANSACTION_COMMAND) {
      add(
          new ChangelogProblem(
              statement.position(),
              "has a transaction command: " + statement.firstLine(),
              "delete it; the engine opens and ends the transaction"));
    } else if (statement.kind() == Kind.COPY_OUT) {
      add(
          new ChangelogProblem(
              statement.position(),
              "copies to STDOUT, which is not read: " + statement.firstLine(),
              "delete it"));
    }
  }

  /// What stands behind a directive's word, without the colon and the white space around it.
  private String value(int wordEnd, int end) {
    int start = wordEnd;
    while (start < end && (SqlLexer.isSpace(text.at(start)) || text.at(start) == ':')) {
      start++;
    }
    return text.text(start, end).strip();
  }

  private void problem(int offset, String message, String hint) {
    if (problems.size() < MOST_PROBLEMS) {
      add(new ChangelogProblem(splitter.position(offset), message, hint));
    }
  }

  private void add(ChangelogProblem problem) {
    if (problems.size() < MOST_PROBLEMS) {
      problems.add(problem);
    }
  }
}
