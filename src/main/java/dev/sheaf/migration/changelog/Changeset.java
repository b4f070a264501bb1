package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One step of the schema, as its file says it.
///
/// @param file where it stands
/// @param id Liquibase's id, the number with at least three digits: `003`
/// @param author Liquibase's author, which is the module
/// @param checksum Liquibase's checksum of the changeset
/// @param comment what it is for, in one line
/// @param transactional whether its statements and its record are one transaction
/// @param up its statements in order
/// @param down the statements that undo it; `null` when the file has no rollback, empty when it
///   says that there is nothing to undo
/// @param directives what the file says to the engine
/// @param problems why it must not be run, in the order of their lines; what is applied already is
///   left as it is
/// @param requiredBackfills the statements of the backfills that it requires, each for every row at
///   once
/// @param backfillFile the file beside it that declares its backfill; `null` when there is none
public record Changeset(
    ChangelogFile file,
    String id,
    String author,
    String checksum,
    String comment,
    boolean transactional,
    List<SqlStatement> up,
    @Nullable List<SqlStatement> down,
    Directives directives,
    List<ChangelogProblem> problems,
    List<String> requiredBackfills,
    @Nullable ChangelogFile backfillFile) {

  /// More changesets are not listed in a message.
  private static final int LISTED = 5;

  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{[^}]+}");

  private static final Pattern MODULE_NAME = Pattern.compile("[a-z][a-z0-9_]*");

  /// What PostgreSQL does in several transactions of its own.
  private static final Pattern CONCURRENTLY =
      Pattern.compile(
          "(?:CREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+CONCURRENTLY|DROP\\s+INDEX\\s+CONCURRENTLY"
              + "|REINDEX\\s*(?:\\([^)]*\\bCONCURRENTLY|(?:\\([^)]*\\)\\s*)?\\w+\\s+CONCURRENTLY)"
              + "|ALTER\\s+TABLE\\s[^';]*\\sDETACH\\s+PARTITION\\s[^';]*\\sCONCURRENTLY)\\b",
          Pattern.CASE_INSENSITIVE);

  /// What else PostgreSQL rejects in a transaction.
  private static final Pattern OUTSIDE_TRANSACTIONS =
      Pattern.compile(
          "(?:VACUUM|(?:CREATE|DROP)\\s+(?:DATABASE|TABLESPACE)|ALTER\\s+SYSTEM|REINDEX\\s+(?:DATABASE|SYSTEM)"
              + "|CLUSTER\\s*$)\\b",
          Pattern.CASE_INSENSITIVE);

  private static final String SET = "SET\\s+(?:(?:SESSION|LOCAL)\\s+)?";

  /// The file is split as strings are read with this setting.
  private static final Pattern STRINGS =
      Pattern.compile(
          SET
              + "standard_conforming_strings\\s*(?:=|\\bTO\\b)\\s*+(?!'?(?:on|true|yes|1)\\b)"
              + "|SELECT\\s.*\\bset_config\\s*\\(\\s*'standard_conforming_strings'\\s*,\\s*+(?!'(?:on|true|yes|1)')",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern ENCODING =
      Pattern.compile(
          SET
              + "(?:client_encoding\\s*(?:=|\\bTO\\b)|NAMES\\b)\\s*+(?!'?(?:utf-?8|unicode)\\b)"
              + "|SELECT\\s.*\\bset_config\\s*\\(\\s*'client_encoding'\\s*,\\s*+(?!'(?:utf-?8|unicode)')",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /// The driver ends the connection when dates are not in ISO 8601.
  private static final Pattern DATE_STYLE =
      Pattern.compile(
          SET
              + "DateStyle\\s*(?:=|\\bTO\\b)\\s*+(?!'?\\s*(?:ISO|DEFAULT|DMY|MDY|YMD)\\b)"
              + "|SELECT\\s.*\\bset_config\\s*\\(\\s*'DateStyle'\\s*,\\s*+(?!'\\s*(?:ISO|DMY|MDY|YMD)\\b)",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final String IDENTIFIER = "(?:\"(?:[^\"]|\"\")+\"|[\\w$\\x{80}-\\x{10FFFF}]+)";

  private static final Pattern UNNAMED_INDEX =
      Pattern.compile(
          "CREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+CONCURRENTLY\\s+ON(?![\\w$\\x{80}-\\x{10FFFF}])\\s*(?:ONLY\\s+)?("
              + IDENTIFIER
              + "(?:\\s*\\.\\s*"
              + IDENTIFIER
              + ")?)",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern ESCAPED_NAME = Pattern.compile("\\bU&\"", Pattern.CASE_INSENSITIVE);

  /// What empties or drops something, unless nothing of its own is stored in what is dropped.
  private static final Pattern LOSS =
      Pattern.compile(
          "\\b(?:TRUNCATE\\b|DELETE\\s+FROM\\b|DROP\\s++(?!(?:CONSTRAINT|DEFAULT|EXPRESSION|FUNCTION|IDENTITY"
              + "|INDEX|MATERIALIZED|NOT|POLICY|PROCEDURE|RULE|STATISTICS|TRIGGER|VIEW)\\b))[^;\\n]*",
          Pattern.CASE_INSENSITIVE);

  /// A statement that drops or empties a table or a column.
  private static final Pattern DESTRUCTIVE =
      Pattern.compile(
          "TRUNCATE\\b.*|DROP\\s+(?:TABLE|SCHEMA|OWNED)\\b.*|DROP\\b.*\\bCASCADE"
              + "|ALTER\\s+(?:FOREIGN\\s+)?TABLE\\b.*?\\bDROP\\s++(?!(?:CONSTRAINT|DEFAULT|EXPRESSION|IDENTITY|NOT)\\b).*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /// A line of a `DO` block that drops or empties a table or a column.
  private static final Pattern DESTRUCTIVE_LINE =
      Pattern.compile(
          "^(?:(?!--).)*?\\b(TRUNCATE\\b|DROP\\s+(?:TABLE|SCHEMA|OWNED|COLUMN)\\b).*$",
          Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);

  private static final Pattern DROPPED_TABLE =
      Pattern.compile(
          "DROP\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?([^\\s,;]+)\\s*(?:CASCADE|RESTRICT)?",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern CREATED =
      Pattern.compile(
          "CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:(?:UNLOGGED|FOREIGN|MATERIALIZED|RECURSIVE)\\s+)*"
              + "(TABLE|VIEW|SEQUENCE|TYPE|DOMAIN|FUNCTION|PROCEDURE|SCHEMA)\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?"
              + "(?!AUTHORIZATION\\b)("
              + IDENTIFIER
              + "(?:\\s*\\.\\s*"
              + IDENTIFIER
              + ")?).*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern RENAMED =
      Pattern.compile(
          "ALTER\\s+(?:(?:FOREIGN|MATERIALIZED)\\s+)?(TABLE|VIEW|SEQUENCE|TYPE|DOMAIN|SCHEMA)\\s+(?:IF\\s+EXISTS\\s+)?"
              + "(?:ONLY\\s+)?((?:"
              + IDENTIFIER
              + "\\s*\\.\\s*)?)"
              + IDENTIFIER
              + "\\s+RENAME\\s+TO\\s+("
              + IDENTIFIER
              + ")",
          Pattern.CASE_INSENSITIVE);

  /// What is gone when the object is dropped that it is said of, and what is dropped first.
  private static final Pattern INCIDENTAL =
      Pattern.compile(
          "(?:ALTER|COMMENT|CREATE\\s+(?:UNIQUE\\s+)?INDEX|DROP|GRANT|REFRESH|RESET|REVOKE|SELECT|SET)\\b.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern REPLACEABLE =
      Pattern.compile(
          "CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:RECURSIVE\\s+)?"
              + "((?:MATERIALIZED\\s+)?VIEW|FUNCTION|PROCEDURE)\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?("
              + IDENTIFIER
              + "(?:\\s*\\.\\s*"
              + IDENTIFIER
              + ")?).*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern TRIGGER =
      Pattern.compile(
          "CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:CONSTRAINT\\s+)?TRIGGER\\s+("
              + IDENTIFIER
              + ")\\s.*?\\sON\\s+("
              + IDENTIFIER
              + "(?:\\s*\\.\\s*"
              + IDENTIFIER
              + ")?)\\s.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern CREATED_TABLE =
      Pattern.compile(
          "CREATE\\s+(?:(?:TEMP|TEMPORARY|UNLOGGED)\\s+)?TABLE\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?([^\\s(;]+).*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /// An object that a statement creates or renames, as far as the text tells.
  ///
  /// @param kind `TABLE`, which stands for every relation, `TYPE`, `FUNCTION` or `SCHEMA`
  /// @param name as the statement says it
  public record Created(String kind, String name) {

    private static Created of(String kind, String name) {
      return new Created(
          switch (kind.toUpperCase(Locale.ROOT)) {
            case "VIEW", "SEQUENCE" -> "TABLE";
            case "DOMAIN" -> "TYPE";
            case "PROCEDURE" -> "FUNCTION";
            default -> kind.toUpperCase(Locale.ROOT);
          },
          name);
    }
  }

  /// What it creates, under all names that it gives it.
  public List<Created> creates() {
    List<Created> created = new ArrayList<>();
    for (SqlStatement statement : up) {
      String beginning = statement.beginning();
      Matcher creates = CREATED.matcher(beginning);
      Matcher renames = RENAMED.matcher(beginning);
      if (creates.matches()) {
        created.add(Created.of(creates.group(1), creates.group(2)));
      } else if (renames.lookingAt()) {
        created.add(Created.of(renames.group(1), renames.group(2) + renames.group(3)));
      }
    }
    return created;
  }

  /// What it destroys: what its file declares, or else its first statement that drops or empties a
  /// table or a column; `null` if it destroys nothing. A table that the changeset itself creates
  /// does not count.
  ///
  /// A `DO` block counts by its lines, except for what it drops in a transaction: there it is known
  /// before the commit what was dropped.
  public @Nullable String destroys() {
    if (directives.destructive() != null) {
      return directives.destructive();
    }
    Set<String> created = new HashSet<>();
    for (SqlStatement statement : up) {
      String beginning = statement.beginning();
      Matcher creates = CREATED_TABLE.matcher(beginning);
      Matcher drops = DROPPED_TABLE.matcher(beginning);
      if (creates.matches()) {
        created.add(creates.group(1));
      } else if (DESTRUCTIVE.matcher(beginning).matches()
          && !(drops.matches() && created.contains(drops.group(1)))) {
        return statement.firstLine();
      } else if (statement.isBlock()) {
        Optional<String> line =
            DESTRUCTIVE_LINE
                .matcher(statement.sql())
                .results()
                .filter(found -> !transactional || found.group(1).equalsIgnoreCase("TRUNCATE"))
                .map(found -> found.group().strip())
                .findFirst();
        if (line.isPresent()) {
          return line.get();
        }
      }
    }
    return null;
  }

  /// What its rollback destroys: what its file says, or else what the first such statement drops;
  /// `null` when it destroys nothing.
  ///
  /// It is read from the text, because it has to be known before anything runs. Where the text
  /// misleads, a backup is taken that was not needed.
  public @Nullable String rollbackLoses() {
    if (directives.lossyRollback() != null || down == null) {
      return directives.lossyRollback();
    }
    return down.stream()
        .map(statement -> LOSS.matcher(statement.sql()))
        .filter(Matcher::find)
        .map(Matcher::group)
        .findFirst()
        .orElse(null);
  }

  /// Reads a changeset from its file. What is wrong with the file is kept in [#problems], so that
  /// what was applied before anybody noticed can still be taken back.
  public static Changeset of(ChangelogFile file) {
    return of(file, true);
  }

  /// The same for a file that need not be the first of its module.
  ///
  /// @param first whether it is
  static Changeset of(ChangelogFile file, boolean first) {
    ChangelogText text = ChangelogReader.read(file);
    List<ChangelogProblem> problems = new ArrayList<>(text.problems());
    text.directives().stream()
        .filter(line -> line.word().equals("requires"))
        .filter(_ -> !first || file.module().equals(Modules.CORE))
        .forEach(line -> problems.add(notRequired(line, first)));
    text.directives().stream()
        .filter(line -> line.word().equals("replaces") && !first)
        .forEach(line -> problems.add(notFirst(line)));
    Directives directives = Directives.of(text.directives(), problems::add);
    Changeset changeset =
        new Changeset(
            file,
            text.id(),
            text.author(),
            text.checksum(),
            text.comment(),
            text.transactional(),
            text.up(),
            file.isRepeatable() ? drops(text.up()) : text.down(),
            directives,
            List.of(),
            List.of(),
            null);
    changeset.refuseOtherNames(text.position(), problems);
    text.up().forEach(statement -> changeset.refuseStatement(statement, problems));
    if (text.down() != null) {
      List<ChangelogProblem> ofRollback = new ArrayList<>();
      text.down().forEach(statement -> changeset.refuseStatement(statement, ofRollback));
      ChangelogFile rollback = file.rollback();
      ofRollback.forEach(
          problem -> problems.add(rollback == null ? problem : problem.in(rollback)));
    }
    return changeset.with(
        problems.stream()
            .sorted(
                Comparator.comparing((ChangelogProblem problem) -> problem.rollbackFile() != null)
                    .thenComparingInt(ChangelogProblem::line)
                    .thenComparingInt(ChangelogProblem::column))
            .toList(),
        List.of(),
        null);
  }

  /// What drops the objects of a repeatable file, the last one first; `null` if it has statements
  /// whose effect cannot be told from their text.
  private static @Nullable List<SqlStatement> drops(List<SqlStatement> up) {
    List<SqlStatement> drops = new ArrayList<>();
    for (SqlStatement statement : up.reversed()) {
      String beginning = statement.beginning();
      Matcher creates = REPLACEABLE.matcher(beginning);
      Matcher trigger = TRIGGER.matcher(beginning);
      if (creates.matches()) {
        drops.addAll(
            SqlStatement.of("DROP %s IF EXISTS %s".formatted(creates.group(1), creates.group(2))));
      } else if (trigger.matches()) {
        drops.addAll(
            SqlStatement.of(
                "DROP TRIGGER IF EXISTS %s ON %s".formatted(trigger.group(1), trigger.group(2))));
      } else if (!INCIDENTAL.matcher(beginning).matches()) {
        return null;
      }
    }
    return drops;
  }

  private static ChangelogProblem notRequired(DirectiveLine line, boolean first) {
    return first
        ? new ChangelogProblem(
            line.position(),
            "requires a module, but every module requires core",
            "remove " + line.text())
        : notFirst(line);
  }

  private static ChangelogProblem notFirst(DirectiveLine line) {
    return new ChangelogProblem(
        line.position(),
        "has --%s, which only the first file of a module can have".formatted(line.word()),
        line.word().equals("requires")
            ? "move it there"
            : "give the files before it numbers after it");
  }

  private void refuseOtherNames(SourceText.Position position, List<ChangelogProblem> problems) {
    if (file.isTemplate() || author.isEmpty()) {
      return;
    }
    if (!MODULE_NAME.matcher(file.module()).matches()) {
      problems.add(
          new ChangelogProblem(
              position,
              "is in " + file.module() + "/, which is not a module name",
              "a module name has lower-case letters, digits and _, and begins with a letter"));
    } else if (file.version().equals(ChangesetVersion.NONE) && !file.isRepeatable()) {
      problems.add(
          new ChangelogProblem(
              position, "has number 000, which means that nothing is applied", "begin with 001"));
    } else if (!author.equals(file.module()) || !id.equals(file.id())) {
      problems.add(
          new ChangelogProblem(
              position,
              "calls itself " + author + ":" + id,
              "it is --changeset " + file.module() + ":" + file.id()));
    }
  }

  /// Whether PostgreSQL rejects a statement in a transaction.
  static boolean isOutsideTransactions(SqlStatement statement) {
    String sql = statement.beginning();
    return CONCURRENTLY.matcher(sql).lookingAt() || OUTSIDE_TRANSACTIONS.matcher(sql).lookingAt();
  }

  private void refuseStatement(SqlStatement statement, List<ChangelogProblem> problems) {
    String sql = statement.beginning();
    if (transactional && CONCURRENTLY.matcher(sql).lookingAt()) {
      problems.add(
          new ChangelogProblem(
              statement.position(),
              "uses CONCURRENTLY in a transaction",
              file.form().withoutTransactionHint(file)));
    }
    if (transactional && OUTSIDE_TRANSACTIONS.matcher(sql).lookingAt()) {
      problems.add(
          new ChangelogProblem(
              statement.position(),
              "cannot run in a transaction: " + statement.firstLine(),
              file.form().withoutTransactionHint(file)));
    }
    if (STRINGS.matcher(sql).lookingAt()) {
      problems.add(
          new ChangelogProblem(
              statement.position(),
              "changes what a backslash in a string means: " + statement.firstLine(),
              "remove it, and write E'...' for a string with escapes"));
    }
    if (ENCODING.matcher(sql).lookingAt()) {
      problems.add(
          new ChangelogProblem(
              statement.position(),
              "changes the encoding of the connection: " + statement.firstLine(),
              "remove it; a changelog is UTF-8"));
    }
    if (DATE_STYLE.matcher(sql).lookingAt()) {
      problems.add(
          new ChangelogProblem(
              statement.position(),
              "changes the format of dates of the connection: " + statement.firstLine(),
              "remove it; write dates as 2026-11-28, or use to_date"));
    }
    if (CONCURRENTLY.matcher(sql).lookingAt() && ESCAPED_NAME.matcher(sql).find()) {
      problems.add(
          new ChangelogProblem(
              statement.position(),
              "has a name with Unicode escapes in a statement with CONCURRENTLY",
              "write the name without U&; a changelog is UTF-8"));
    }
    Matcher unnamed = UNNAMED_INDEX.matcher(sql);
    if (unnamed.lookingAt()) {
      // After a crash, nobody could tell it from another index.
      problems.add(
          new ChangelogProblem(
              statement.position(),
              "creates an index on %s concurrently without naming it".formatted(unnamed.group(1)),
              "give it a name: CREATE INDEX CONCURRENTLY name ON " + unnamed.group(1)));
    }
  }

  /// @param required the statements of the backfills that it requires
  /// @param own the file that declares its own; `null` when there is none
  Changeset withBackfills(List<String> required, @Nullable ChangelogFile own) {
    return with(problems, required, own);
  }

  private Changeset with(
      List<ChangelogProblem> found, List<String> backfills, @Nullable ChangelogFile own) {
    return new Changeset(
        file,
        id,
        author,
        checksum,
        comment,
        transactional,
        up,
        down,
        directives,
        found,
        backfills,
        own);
  }

  /// The backfill that is declared beside it; empty when there is none.
  ///
  /// @throws OperatorException when the file beside it declares none
  public Optional<BackfillDeclaration> backfill() {
    return Optional.ofNullable(backfillFile).map(BackfillDeclaration::of);
  }

  /// Refuses to run a changeset whose file could be understood in another way.
  ///
  /// @throws OperatorException naming the file, the line, what is wrong and what to do
  public void requireRunnable() {
    refuse(problems);
  }

  /// Refuses to roll an applied changeset back whose file could be understood in another way.
  ///
  /// @throws OperatorException as above
  public void requireRollback() {
    if (down == null && file.form() != ChangelogForm.LIQUIBASE) {
      throw noRollback();
    }
    refuse(problems.stream().filter(problem -> !problem.onlyPending()).toList());
  }

  /// What to say about those of `changesets` that have no rollback; empty if all have one.
  public static String withoutRollback(List<Changeset> changesets) {
    List<String> labels =
        changesets.stream()
            .filter(changeset -> changeset.down() == null)
            .map(Changeset::label)
            .toList();
    return labels.isEmpty()
        ? ""
        : "without a rollback: "
            + Abbreviation.of(labels, LISTED)
            + "; sheaf migrate derive-rollback FILE writes one";
  }

  /// The failure of a rollback that does not exist.
  public OperatorException noRollback() {
    return new OperatorException(label() + " has no rollback", file.form().rollbackHint(file));
  }

  private void refuse(List<ChangelogProblem> found) {
    if (found.isEmpty()) {
      return;
    }
    ChangelogProblem first = found.getFirst();
    int others = found.size() - 1;
    throw new OperatorException(
        Objects.requireNonNullElse(first.rollbackFile(), file.shortPath())
            + ":"
            + first.located()
            + (others == 0 ? "" : " (and " + others + " more: sheaf migrate check)"),
        first.hint());
  }

  /// Whether this is what was applied.
  ///
  /// Earlier versions of the engine put the environment in the place of `${...}`, so the checksums
  /// that they recorded of files with such text cannot be computed again on another host. Those are
  /// believed once, until [#seal] is recorded beside them.
  ///
  /// @param recordedChecksum the checksum of that time
  /// @param recordedSeal what [#seal] was then; `null` when an earlier version applied it
  public boolean isWhatWasApplied(String recordedChecksum, @Nullable String recordedSeal) {
    if (recordedSeal != null && recordedSeal.startsWith(recordedChecksum + " ")) {
      return recordedSeal.equals(seal());
    }
    return recordedChecksum.equals(checksum)
        || (file.form() == ChangelogForm.LIQUIBASE
            && LiquibaseReading.checksum(file.content())
                .filter(recordedChecksum::equals)
                .isPresent())
        || up.stream().anyMatch(statement -> PLACEHOLDER.matcher(statement.sql()).find());
  }

  /// The checksum, a space, and SHA-256 of what the server is told on the way up. The checksum
  /// alone says nothing of white space in strings and in bodies of functions.
  public String seal() {
    return checksum + " " + SqlStatement.digest(up);
  }

  /// Works off what this requires, in a scratch database, where nobody else is at work and nobody
  /// would do it.
  public void workOffRequiredBackfills(Connection scratch) throws SQLException {
    try (Statement statement = scratch.createStatement()) {
      statement.setEscapeProcessing(false);
      for (String backfill : requiredBackfills) {
        statement.execute(backfill);
      }
    }
  }

  public String module() {
    return file.module();
  }

  public ChangesetVersion version() {
    return file.version();
  }

  /// `module/NNN_name`, as people say it.
  public String label() {
    return file.label();
  }
}
