package dev.sheaf.schema.check;

import java.util.stream.Stream;

/// Every row is read to see that a column holds no null.
final class SetNotNullScans implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "SET NOT NULL reads the whole table while nobody can read or write it.",
        "add CHECK (column IS NOT NULL) NOT VALID, validate it in a later changeset, then SET NOT NULL");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.changedColumns()
                .filter(
                    c -> observation.existed(c.table()) && !step.before().isPartition(c.table()))
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
