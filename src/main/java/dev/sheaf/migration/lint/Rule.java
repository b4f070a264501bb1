package dev.sheaf.migration.lint;

import java.util.Locale;
import java.util.stream.Stream;

/// Judges what PostgreSQL did when it ran a changeset; never the SQL's text.
///
/// A rule `TableRewrite` is called `table-rewrite`, is explained in `docs/lint/table-rewrite.md`,
/// and is tested in `TableRewriteIT`. What a changeset does to tables that it created itself is
/// nobody's concern.
public interface Rule {

  /// What is said about a rule.
  ///
  /// @param severity of its findings
  /// @param problem what happens and whom it hurts, in one sentence
  /// @param advice the safe way, in one line
  record About(Severity severity, String problem, String advice) {}

  About about();

  /// What is wrong with a changeset, in the order of its statements; empty when nothing is.
  Stream<Finding> judge(Observation observation);

  /// Stable: changelogs name it in `--allow`.
  default String name() {
    return getClass()
        .getSimpleName()
        .replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }

  /// The advice, and where to read more.
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
