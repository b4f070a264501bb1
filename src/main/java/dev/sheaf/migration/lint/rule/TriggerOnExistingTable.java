package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// A trigger is put on a table that is in use.
final class TriggerOnExistingTable implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "Writers wait for the trigger to be created, and each of their writes runs it from then on.",
        "prefer the application, or keep what it does in one short statement; drop it with the contract step");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.created(Catalog::triggers)
                .filter(trigger -> trigger.parent() == 0 && observation.existed(trigger.table()))
                .map(trigger -> {
                  Relation table = step.before().relation(trigger.table());
                  return observation.finding(
                      this,
                      step,
                      table,
                      table.qualified() + "." + trigger.name(),
                      "every write to " + table.qualified() + " runs a trigger from now on");
                }));
  }
}
