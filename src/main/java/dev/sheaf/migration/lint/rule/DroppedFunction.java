package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Function;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a dropped function.
final class DroppedFunction implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Every running version that still calls the function fails.",
        "drop it one release after the last one that calls it");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.dropped(Catalog::functions)
                .filter(f -> observation.before().functions().containsKey(f.oid()))
                .filter(f -> !isReplaced(f, observation.after()))
                .map(f ->
                    observation.finding(this, step, f.signature(), f.signature() + " is dropped")));
  }

  private static boolean isReplaced(Function dropped, Catalog after) {
    return after.functions().values().stream()
        .anyMatch(function -> function.signature().equals(dropped.signature()));
  }
}
