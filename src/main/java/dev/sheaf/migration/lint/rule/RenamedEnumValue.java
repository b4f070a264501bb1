package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reports a renamed enum value.
final class RenamedEnumValue implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Every running version writes the old value and does not know the new one.",
        "add the new value in one changeset, write it from the next release on, and update the old rows with a backfill");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.changed(Catalog::enums)
                .filter(e -> observation.before().enums().containsKey(e.before().oid()))
                .flatMap(e ->
                    e.before().labels().entrySet().stream()
                        .filter(label ->
                            isRenamed(label.getValue(), e.after().labels().get(label.getKey())))
                        .map(label ->
                            observation.finding(
                                this,
                                step,
                                e.before().qualified() + "." + label.getValue(),
                                "value %s of %s is renamed to %s"
                                    .formatted(
                                        label.getValue(),
                                        e.before().qualified(),
                                        e.after().labels().get(label.getKey()))))));
  }

  private static boolean isRenamed(String before, @Nullable String after) {
    return after != null && !after.equals(before);
  }
}
