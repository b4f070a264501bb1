package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a column that becomes nullable.
final class DroppedNotNull implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "Running versions do not expect null in this column, and fail on the first row that has it.",
        "release a version that handles null first, then drop the constraint");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.changedColumns()
                .filter(
                    c -> c.table().kind().isTable() && observation.existed(c.table(), c.before()))
                .filter(c -> !step.before().isPartition(c.table()))
                .filter(c -> c.before().notNull() && !c.after().notNull())
                .filter(c -> !isInTrash(observation, c))
                .map(c ->
                    observation.finding(
                        this,
                        step,
                        c.table(),
                        c.qualified(),
                        c.qualified() + " becomes nullable")));
  }

  private static boolean isInTrash(Observation observation, Step.ChangedColumn column) {
    Catalog.Column inTheEnd =
        observation.after().column(column.table().oid(), column.before().number());
    return inTheEnd != null && inTheEnd.isInTrash();
  }
}
