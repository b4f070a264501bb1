package dev.sheaf.migration.changelog;

import java.util.regex.Pattern;

/// The form in which the files of a module are written. A module has one form.
///
/// | form | file | rollback |
/// |---|---|---|
/// | [#LIQUIBASE] | `NNN_name.sql` | `--rollback` lines |
/// | [#PAIR] | `NNN_name.up.sql` | `NNN_name.down.sql` |
/// | [#PLAIN] | `NNN_name.sql` | `NNN_name_down.sql`, or what follows `---- create above / drop below ----` |
/// | [#GOOSE] | `NNN_name.sql` with `-- +goose Up` | what follows `-- +goose Down` |
/// | [#DBMATE] | `NNN_name.sql` with `-- migrate:up` | what follows `-- migrate:down` |
/// | [#FLYWAY] | `VN__name.sql` | `UN__name.sql` |
/// | [#REPEATABLE] | `R__name.sql` | drops what it creates |
///
/// Repeatable files stand beside those of any form.
public enum ChangelogForm {
  /// SQL with Liquibase's header and `--changeset`.
  LIQUIBASE("formatted SQL of Liquibase"),
  /// The pairs of golang-migrate.
  PAIR("a file of a pair, NNN_name.up.sql"),
  /// SQL and nothing else.
  PLAIN("plain SQL"),
  /// The annotations of goose, and of sql-migrate, which says `+migrate`.
  GOOSE("SQL with annotations of goose"),
  /// The annotations of dbmate.
  DBMATE("SQL with annotations of dbmate"),
  /// Flyway's versioned migrations and their undo files.
  FLYWAY("a file of Flyway, VN__name.sql"),
  /// What is run again when it changes, as Flyway does.
  REPEATABLE("a repeatable file, R__name.sql");

  private static final Pattern HEADER =
      Pattern.compile("\\s*--\\s*liquibase\\s+formatted\\b", Pattern.CASE_INSENSITIVE);

  /// What a line of a file says about its form. The space after `--` makes a comment of what
  /// Liquibase would take for a rollback, so such a line decides nothing.
  private static final Pattern GOOSE_LINE =
      Pattern.compile("\\s*--\\s*\\+(?:goose|migrate)\\s.*", Pattern.CASE_INSENSITIVE);

  private static final Pattern DBMATE_LINE = Pattern.compile("--\\s*migrate:(?:up|down)\\b.*");

  private static final Pattern LIQUIBASE_LINE =
      Pattern.compile(
          "--(?:liquibase|rollback)\\b.*|--\\s*changeset\\s*:?\\s*[^\\s:]+:\\S.*",
          Pattern.CASE_INSENSITIVE);

  /// As many bytes of a line as a form is recognized by.
  private static final int LINE = 200;

  private final String description;

  ChangelogForm(String description) {
    this.description = description;
  }

  /// What a file of this form is, for messages.
  String description() {
    return description;
  }

  /// The form of a file that its name leaves open.
  static ChangelogForm of(SourceText text) {
    int beginning = text.skipSpace(0);
    if (HEADER.matcher(line(text, beginning)).lookingAt()) {
      return LIQUIBASE;
    }
    ChangelogForm form = PLAIN;
    int first = beginning;
    while (first < text.length()) {
      if (text.at(first) == '-') {
        String line = line(text, first);
        if (GOOSE_LINE.matcher(line).matches()) {
          return GOOSE;
        } else if (DBMATE_LINE.matcher(line).matches()) {
          return DBMATE;
        } else if (text.isStartOfLine(first) && LIQUIBASE_LINE.matcher(line).matches()) {
          form = LIQUIBASE;
        }
      }
      first = text.skipSpace(text.endOfLine(first));
    }
    return form;
  }

  private static String line(SourceText text, int start) {
    return text.text(start, text.endOfLine(start, Math.min(text.length(), start + LINE)));
  }

  /// What to do about a changeset of this form without a rollback.
  String rollbackHint(ChangelogFile file) {
    return switch (this) {
      case LIQUIBASE -> "write one at the end of the file: --rollback <SQL>";
      case GOOSE, DBMATE ->
          "write it after -- %s, or let sheaf migrate derive-rollback write it"
              .formatted(this == GOOSE ? "+goose Down" : "migrate:down");
      case PAIR, PLAIN, FLYWAY ->
          "write it into %s, or let sheaf migrate derive-rollback write it"
              .formatted(file.module() + "/" + file.rollbackName());
      case REPEATABLE ->
          "create nothing but views, functions, procedures and triggers in it, or drop its objects by hand";
    };
  }

  /// What to write so that a changeset does not run in a transaction.
  String withoutTransactionHint(ChangelogFile file) {
    return switch (this) {
      case LIQUIBASE ->
          "write --changeset %s:%s runInTransaction:false"
              .formatted(file.module(), file.version().digits());
      case GOOSE -> "write -- +goose NO TRANSACTION at the beginning of the file";
      case DBMATE -> "write -- migrate:up transaction:false";
      case PAIR, PLAIN, FLYWAY ->
          "give such statements a file of their own; a file of nothing else runs without a transaction";
      case REPEATABLE -> "write it as a changeset with a number";
    };
  }
}
