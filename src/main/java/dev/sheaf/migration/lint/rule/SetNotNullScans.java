package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a SET NOT NULL that scans the table.
final class SetNotNullScans implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "SET NOT NULL scans the whole table under a lock that blocks reads and writes.",
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
                        c.table().qualified() + " is scanned for SET NOT NULL")));
  }
}
