package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a constraint that is validated while the transaction holds a stronger lock.
final class ValidationInSameTransaction implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "VALIDATE scans the whole table while the transaction holds a lock that blocks writes.",
        "validate in a changeset of its own");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.changed(Catalog::constraints)
                .filter(c -> !c.before().validated() && c.after().validated())
                .map(Step.Changed::before)
                .filter(c -> c.parent() == 0 && observation.existed(c.table()))
                .filter(c -> step.blocksWrites(c.table()) || step.blocksWrites(c.referenced()))
                .map(c -> {
                  Relation table = step.before().relation(c.table());
                  return observation.finding(
                      this,
                      step,
                      table,
                      table.qualified() + "." + c.name(),
                      table.qualified() + " is scanned under an earlier lock");
                }));
  }
}
