package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Allowances;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.List;
import java.util.stream.Stream;

/// A file accepts a finding that there is not, or of a rule that there is not.
final class UnusedAllowance implements Rule {

  private final List<Rule> rules;

  /// @param rules whose findings may be accepted
  UnusedAllowance(List<Rule> rules) {
    this.rules = rules;
  }

  @Override
  public About about() {
    return Rule.error(
        "An allowance covers nothing; it would hide what a later edit brings.",
        "remove the allowance, or correct its rule and object");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    // What was not run was not judged either.
    if (observation.allowances().isEmpty() || observation.failure() != null) {
      return Stream.empty();
    }
    List<Finding> findings = rules.stream().flatMap(rule -> rule.judge(observation)).toList();
    return observation.allowances().stream()
        .filter(entry -> findings.stream().noneMatch(entry::covers))
        .map(this::unused);
  }

  private Finding unused(Allowances.Entry entry) {
    String rule = entry.allowance().rule();
    boolean known = rules.stream().anyMatch(candidate -> candidate.name().equals(rule));
    return new Finding(
        name(),
        about().severity(),
        entry.file(),
        entry.allowance().line(),
        null,
        entry.allowance().object(),
        null,
        known ? "there is no finding of " + rule + " to allow" : "there is no rule " + rule,
        hint(),
        null);
  }
}
