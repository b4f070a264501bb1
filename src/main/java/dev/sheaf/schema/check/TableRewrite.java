package dev.sheaf.schema.check;

import dev.sheaf.schema.check.Catalog.Relation;
import java.util.stream.Stream;

/// A table is written anew, row by row, because its definition changed.
final class TableRewrite implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The whole table and its indexes are written anew while nobody can read it.",
        "add a new column without a default, fill it with a backfill, then swap the two");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.rewritten()
                .filter(changed -> !changed.after().isDefinedAs(changed.before()))
                .map(changed -> step.before().root(changed.before()))
                .distinct()
                .filter(observation::existed)
                .map(table -> finding(observation, step, table)));
  }

  private Finding finding(Observation observation, Step step, Relation table) {
    return observation.finding(
        this, step, table, table.qualified(), table.qualified() + " is rewritten");
  }
}
