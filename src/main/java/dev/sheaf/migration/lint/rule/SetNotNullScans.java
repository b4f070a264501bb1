package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Every row is read to see that a column holds no null.
final class SetNotNullScans implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "SET NOT NULL reads the whole table while nobody can read or write it.",
        "validate CHECK (column IS NOT NULL) first, in changesets of its own, then SET NOT NULL");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.changedColumns()
                .filter(c -> observation.existed(c.table()))
                .filter(c -> !c.before().notNull() && c.after().notNull())
                .filter(c -> step.scanned(c.table().oid()))
                .map(c ->
                    observation.finding(
                        this,
                        step,
                        c.table(),
                        c.qualified(),
                        c.table().qualified() + " is read in full for SET NOT NULL")));
  }
}
