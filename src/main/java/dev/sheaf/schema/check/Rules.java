package dev.sheaf.schema.check;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// Every rule there is.
final class Rules {

  /// In the order of their names; `make new-rule` adds to them.
  private static final List<Rule> JUDGES =
      List.of(
          new ChangesetFails(),
          new ConstraintValidatedUnderLock(),
          new SetNotNullScans(),
          new TableRewrite());

  static final List<Rule> ALL =
      Stream.concat(JUDGES.stream(), Stream.of(new UnusedAllowance(JUDGES))).toList();

  private Rules() {}

  /// What every rule finds, in the order of the statements, less what is accepted.
  static List<Finding> judge(Observation observation) {
    return ALL.stream()
        .flatMap(rule -> rule.judge(observation))
        .filter(finding -> observation.allowances().stream().noneMatch(a -> a.covers(finding)))
        .sorted(Comparator.comparing(Finding::file).thenComparingInt(Finding::line))
        .toList();
  }
}
