package dev.sheaf.migration.lint;

import java.util.Locale;
import java.util.stream.Stream;

/// A rule of the lint. It examines what PostgreSQL did when it ran a changeset, never the text of
/// the SQL.
///
/// The rule `TableRewrite` has the name `table-rewrite`, the page `docs/lint/table-rewrite.md` and
/// the test `TableRewriteIT`. What a changeset does to tables that it creates itself is not
/// reported.
public interface Rule {

  /// The description of a rule.
  ///
  /// @param severity the severity of its findings
  /// @param problem what happens and why it is harmful, in one sentence
  /// @param advice the safe way, in one line
  record About(Severity severity, String problem, String advice) {}

  About about();

  /// The findings about a changeset, in the order of its statements.
  Stream<Finding> judge(Observation observation);

  /// The rule's name. It is stable, because changelogs use it in `--allow`.
  default String name() {
    return getClass()
        .getSimpleName()
        .replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }

  /// The advice, and the page with details.
  default String hint() {
    return about().advice() + ": docs/lint/" + name() + ".md";
  }

  static About error(String problem, String advice) {
    return new About(Severity.ERROR, problem, advice);
  }

  static About warning(String problem, String advice) {
    return new About(Severity.WARNING, problem, advice);
  }
}
