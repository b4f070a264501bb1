package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a dropped table.
final class DroppedTable implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The rows are lost, and every running version that still reads or writes the table fails.",
        "stop using the table in one release; in a later one, move it to the trash, from which it can be restored");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.dropped(Catalog::relations)
                .filter(table -> table.kind().isTable() && observation.existed(table))
                .filter(table -> !step.before().isSamplePartition(table))
                .map(table ->
                    observation.finding(
                        this,
                        step,
                        table,
                        table.qualified(),
                        table.qualified() + " and its rows are dropped")));
  }
}
