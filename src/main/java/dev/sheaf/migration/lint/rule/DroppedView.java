package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a dropped view.
final class DroppedView implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Every running version, report or dashboard that still reads the view fails.",
        "drop it one release after the last one that reads it");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.dropped(Catalog::relations)
                .filter(view -> view.kind().isView() && observation.existed(view))
                .filter(view -> observation.after().relation(view.qualified()) == null)
                .map(view ->
                    observation.finding(
                        this, step, view.qualified(), view.qualified() + " is dropped")));
  }
}
