package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// A schema answers to another name.
final class RenamedSchema implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Every running version, and every search path, names the old schema and finds nothing there.",
        "make the new schema beside it, with views under the old names, and move the tables one by one");
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
