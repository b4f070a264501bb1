package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a statement that rewrites a table because its definition changes.
final class TableRewrite implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "PostgreSQL rewrites the whole table and its indexes under a lock that blocks reads and writes.",
        "add a new column without a default, fill it with a backfill, then swap the columns");
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
