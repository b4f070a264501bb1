package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a VACUUM FULL or CLUSTER.
final class VacuumFullOrCluster implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "VACUUM FULL and CLUSTER rewrite the whole table under a lock that blocks reads and writes.",
        "rely on autovacuum; compact a bloated table with pg_repack, outside of migrations");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation.onTables(
        step ->
            step.rewrittenTables()
                .filter(changed -> changed.after().isDefinedAs(changed.before()))
                .filter(changed -> changed.after().bytes() > 0)
                .filter(changed ->
                    !step.scanned(changed.before().oid())
                        || step.after().isClustered(changed.after()))
                .map(Step.Changed::before),
        (step, table) ->
            observation.finding(
                this,
                step,
                table,
                table.qualified(),
                table.qualified() + " is rewritten without a change"));
  }
}
