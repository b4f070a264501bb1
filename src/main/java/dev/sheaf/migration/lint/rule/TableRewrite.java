package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
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
    return observation.onTables(
        step ->
            step.rewrittenTables()
                .filter(changed ->
                    !changed.after().isDefinedAs(changed.before())
                        || (changed.after().bytes() > 0
                            && step.scanned(changed.before().oid())
                            && !step.after().isClustered(changed.after())))
                .map(Step.Changed::before),
        (step, table) ->
            observation.finding(
                this, step, table, table.qualified(), table.qualified() + " is rewritten"));
  }
}
