package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a trigger on an existing table.
final class TriggerOnExistingTable implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "Writers wait until the trigger is created, and each write executes it from then on.",
        "prefer application code, or keep the trigger to one short statement; drop it in the contract step");
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
                      "every write to " + table.qualified() + " executes a trigger from now on");
                }));
  }
}
