package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a dropped schema.
final class DroppedSchema implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Everything in the schema is lost, and every running version that uses it fails.",
        "remove its objects one by one, each one release after the last one that uses it");
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
