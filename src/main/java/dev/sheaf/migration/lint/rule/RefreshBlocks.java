package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.Kind;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// A materialized view is computed anew while its readers wait.
final class RefreshBlocks implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Nobody can read the materialized view until all of it is computed.",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY, which wants a unique index on it");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation.onTables(
        step ->
            step.rewritten()
                .map(Step.Changed::before)
                .filter(view -> view.kind() == Kind.MATERIALIZED_VIEW),
        (step, view) ->
            observation.finding(
                this,
                step,
                view,
                view.qualified(),
                view.qualified() + " is computed anew while nobody can read it"));
  }
}
