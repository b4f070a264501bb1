package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a renamed schema.
final class RenamedSchema implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Every running version and every search path uses the old name and fails.",
        "create the new schema, move the tables one by one, and keep views under the old names");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.changed(Catalog::schemas)
                .filter(s -> observation.before().schemas().containsKey(s.before().oid()))
                .map(s ->
                    observation.finding(
                        this,
                        step,
                        s.before().name(),
                        "schema %s is renamed to %s"
                            .formatted(s.before().name(), s.after().name()))));
  }
}
