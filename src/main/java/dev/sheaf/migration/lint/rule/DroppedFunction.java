package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Function;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
                    observation.finding(
                        this, step, f.signature(), message(f, observation.after()))));
  }

  private static boolean isReplaced(Function dropped, Catalog after) {
    Function other = successor(dropped, after);
    return other != null && Objects.equals(other.result(), dropped.result());
  }

  private static @Nullable Function successor(Function dropped, Catalog after) {
    return after.functions().values().stream()
        .filter(function -> function.signature().equals(dropped.signature()))
        .findFirst()
        .orElse(null);
  }

  private static String message(Function dropped, Catalog after) {
    Function other = successor(dropped, after);
    return other == null
        ? dropped.signature() + " is dropped"
        : "%s is replaced by one that returns %s instead of %s"
            .formatted(dropped.signature(), other.result(), dropped.result());
  }
}
