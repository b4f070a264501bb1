package dev.sheaf.migration.lint;

import dev.sheaf.migration.Difference;
import dev.sheaf.migration.changelog.ChangelogCheck;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A problem that the lint reports about a changeset.
///
/// @param rule the rule's name, such as `table-rewrite`
/// @param severity whether it fails the check
/// @param file `module/NNN_name.sql`
/// @param line line of the statement, from 1
/// @param statement the statement's first line; `null` if the finding is about the file
/// @param object the object, such as `public.document.title`; `null` if there is none
/// @param lock the lock that blocks other sessions; `null` if it does not matter
/// @param message what the statement does
/// @param hint the safe way, in one line
/// @param size size of the table in the database of `--against`; `null` without one
public record Finding(
    String rule,
    Severity severity,
    String file,
    int line,
    @Nullable String statement,
    @Nullable String object,
    @Nullable LockMode lock,
    String message,
    String hint,
    @Nullable Size size) {

  /// The name of the rule for a file's form, which needs no database.
  private static final String FORM = "form";

  /// The name of the rule for the file of the schema.
  private static final String SNAPSHOT = "schema-snapshot";

  /// A finding about the form of a file.
  public static Finding ofForm(ChangelogCheck.Finding finding) {
    return new Finding(
        FORM,
        Severity.ERROR,
        finding.path(),
        Math.max(1, finding.line()),
        null,
        null,
        null,
        finding.message(),
        "docs/migrations.md describes the format of changelogs",
        null);
  }

  /// A finding about the file of the schema.
  ///
  /// @param difference of what it makes from what the changelogs make
  public static Finding ofSnapshot(Path file, Difference difference) {
    return new Finding(
        SNAPSHOT,
        Severity.ERROR,
        file.toString(),
        1,
        null,
        difference.object(),
        null,
        switch (difference.kind()) {
          case MISSING -> "does not make " + difference.object() + ", which the changelogs make";
          case EXTRA -> "makes " + difference.object() + ", which the changelogs do not make";
          case CHANGED ->
              "makes %s as %s, and the changelogs make it as %s"
                  .formatted(difference.object(), difference.actual(), difference.expected());
        },
        "write it again: sheaf migrate snapshot",
        null);
  }

  /// Whether it is about the file of the schema, and not about one of the changelogs.
  boolean isOfSnapshot() {
    return rule.equals(SNAPSHOT);
  }

  Finding withLock(@Nullable LockMode lock) {
    return new Finding(rule, severity, file, line, statement, object, lock, message, hint, size);
  }

  public Finding withSeverity(Severity severity) {
    return new Finding(rule, severity, file, line, statement, object, lock, message, hint, size);
  }

  public Finding withSize(@Nullable Size size) {
    return new Finding(rule, severity, file, line, statement, object, lock, message, hint, size);
  }

  /// `core/007_x.sql:12: error: table-rewrite: public.document is rewritten: ACCESS EXCLUSIVE, 48
  /// GB, about 12000000 rows`, then the statement, then the hint.
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s:%s: %s: %s: %s"
            .formatted(file, line, severity.name().toLowerCase(Locale.ROOT), rule, summary()));
    if (statement != null) {
      text.append("\n    ").append(statement);
    }
    return text.append("\n    ").append(hint).toString();
  }

  /// The message, with the lock and the size.
  String summary() {
    StringBuilder text = new StringBuilder(message);
    String separator = " (";
    if (lock != null) {
      text.append(separator).append(lock);
      separator = ", ";
    }
    if (size != null) {
      text.append(separator).append(size);
      separator = ", ";
    }
    return separator.equals(", ") ? text.append(')').toString() : text.toString();
  }
}
