package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.Kind;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a refresh of a materialized view that blocks reads.
final class RefreshBlocks implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The refresh blocks reads of the materialized view until it is complete.",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY, which requires a unique index on it");
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
                view.qualified() + " is refreshed under a lock that blocks reads"));
  }
}
