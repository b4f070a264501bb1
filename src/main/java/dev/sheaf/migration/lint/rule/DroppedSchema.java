package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// A schema goes, and everything in it.
final class DroppedSchema implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Everything in the schema is gone, and every running version that names it fails.",
        "empty it object by object, each in the release after the one that stopped using it");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.dropped(Catalog::schemas)
                .filter(schema -> observation.before().schemas().containsKey(schema.oid()))
                .map(schema ->
                    observation.finding(
                        this, step, schema.name(), "schema " + schema.name() + " is dropped")));
  }
}
