package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// A changeset begins or ends a transaction.
final class TransactionCommand implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The transaction ends before its record is written: a crash leaves a change that nobody knows of.",
        "remove it; what has to be committed apart is a changeset apart");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .filter(Step::commandsTransaction)
        .map(step -> observation.finding(this, step, null, "a transaction is begun or ended here"));
  }
}
