package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a renamed table or view.
final class RenamedTable implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Every running version uses the old name and fails until it is replaced.",
        "create an updatable view with the old name in the same changeset, and drop it in a later release");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.changed(Catalog::relations)
                .filter(r -> r.before().kind().isTable() || r.before().kind().isView())
                .filter(
                    r -> observation.existed(r.before()) && isMoved(step, r.before(), r.after()))
                .filter(r -> observation.after().relation(r.before().qualified()) == null)
                .map(r ->
                    observation.finding(
                        this,
                        step,
                        r.before(),
                        r.before().qualified(),
                        "%s is renamed to %s"
                            .formatted(r.before().qualified(), r.after().qualified()))));
  }

  /// Whether the table itself was renamed or moved: not if only its schema was renamed, and not if
  /// it was moved to the trash.
  private static boolean isMoved(Step step, Relation before, Relation after) {
    boolean schemaRenamed =
        step.changed(Catalog::schemas)
            .anyMatch(schema -> schema.before().name().equals(before.schema()));
    return !after.isInTrash()
        && (!before.name().equals(after.name())
            || (!before.schema().equals(after.schema()) && !schemaRenamed));
  }
}
