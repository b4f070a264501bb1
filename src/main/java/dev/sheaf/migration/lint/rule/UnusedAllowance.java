package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Allowances;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.List;
import java.util.stream.Stream;

/// Reports an allowance that matches no finding or no rule.
final class UnusedAllowance implements Rule {

  private final List<Rule> rules;

  /// @param rules whose findings may be accepted
  UnusedAllowance(List<Rule> rules) {
    this.rules = rules;
  }

  @Override
  public About about() {
    return Rule.error(
        "An allowance matches no finding; it would hide a finding of a later edit.",
        "remove the allowance, or correct its rule and object");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    // If a statement failed, the later ones did not run, and their findings are unknown.
    if (observation.allowances().isEmpty() || observation.failure() != null) {
      return Stream.empty();
    }
    List<Finding> findings = rules.stream().flatMap(rule -> rule.judge(observation)).toList();
    return observation.allowances().stream()
        .filter(entry -> findings.stream().noneMatch(entry::covers))
        .map(this::unused);
  }

  private Finding unused(Allowances.DeclaredAllowance entry) {
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
