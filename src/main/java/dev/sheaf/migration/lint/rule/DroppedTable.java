package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// A table goes, and its rows with it.
final class DroppedTable implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The rows are gone, and every running version that still reads or writes the table fails.",
        "stop using the table in a release first; put it in the trash in a later one, which can be taken back");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.dropped(Catalog::relations)
                .filter(table -> table.kind().isTable() && observation.existed(table))
                .filter(table -> !step.before().isCanary(table))
                .map(table ->
                    observation.finding(
                        this,
                        step,
                        table,
                        table.qualified(),
                        table.qualified() + " is dropped, and its rows with it")));
  }
}
