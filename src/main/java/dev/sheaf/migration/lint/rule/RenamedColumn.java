package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a renamed column.
final class RenamedColumn implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Every running version uses the old name and fails until it is replaced.",
        "add a column with the new name, write both, run a backfill, read the new one, and drop the old one in a later release");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.changedColumns()
                .filter(c -> c.table().kind().isTable() || c.table().kind().isView())
                .filter(c -> observation.existed(c.table(), c.before()))
                .filter(c -> !step.before().isPartition(c.table()))
                .filter(c -> !c.before().name().equals(c.after().name()) && !c.after().isInTrash())
                .map(c ->
                    observation.finding(
                        this,
                        step,
                        c.table(),
                        c.qualified(),
                        c.qualified() + " is renamed to " + c.after().name())));
  }
}
