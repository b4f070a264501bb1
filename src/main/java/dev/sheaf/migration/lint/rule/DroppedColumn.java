package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a dropped column.
final class DroppedColumn implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The values are lost, and every running version that still selects or inserts the column fails.",
        "stop using the column in one release; in a later one, move it to the trash, from which it can be restored");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.changed(Catalog::relations)
                .filter(
                    table -> table.before().kind().isTable() && observation.existed(table.before()))
                .filter(table -> !step.before().isPartition(table.before()))
                .flatMap(table ->
                    table.before().columns().stream()
                        .filter(column -> table.after().column(column.number()) == null)
                        .filter(column -> observation.existed(table.before(), column))
                        .map(column -> finding(observation, step, table.before(), column))));
  }

  private Finding finding(Observation observation, Step step, Relation table, Column column) {
    String name = table.qualified() + "." + column.name();
    return observation.finding(this, step, table, name, name + " and its values are dropped");
  }
}
