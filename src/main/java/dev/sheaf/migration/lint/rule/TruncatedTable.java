package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a TRUNCATE of an existing table.
final class TruncatedTable implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "TRUNCATE deletes every row, with CASCADE also of referencing tables, under a lock that blocks reads.",
        "delete in batches with a backfill, or drop the table when nothing uses it any more");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation.onTables(
        step ->
            step.rewrittenTables()
                .filter(changed -> changed.after().isDefinedAs(changed.before()))
                .filter(changed -> changed.after().bytes() == 0)
                .map(Step.Changed::before),
        (step, table) ->
            observation.finding(
                this, step, table, table.qualified(), table.qualified() + " is emptied"));
  }
}
