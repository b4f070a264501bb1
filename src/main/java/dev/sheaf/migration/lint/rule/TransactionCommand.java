package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a changeset that begins or ends a transaction itself.
final class TransactionCommand implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The transaction ends before the changeset is recorded: a crash leaves an unrecorded change.",
        "remove it; put what must be committed separately into a changeset of its own");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .filter(Step::commandsTransaction)
        .map(step ->
            observation.finding(this, step, null, "the statement begins or ends a transaction"));
  }
}
