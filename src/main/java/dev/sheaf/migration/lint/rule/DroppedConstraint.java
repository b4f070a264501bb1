package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Constraint;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reports a dropped constraint without a replacement.
final class DroppedConstraint implements Rule {

  /// The text of a CHECK that one column is not null, as PostgreSQL prints it.
  private static final Pattern NOT_NULL =
      Pattern.compile("CHECK \\(\\((\"[^\"]+\"|\\w+) IS NOT NULL\\)\\)");

  @Override
  public About about() {
    return Rule.error(
        "New rows may violate the rule that the application relies on, and then the constraint cannot be added again.",
        "add its successor first, as NOT VALID, validate it, and drop the old one in the same changeset or later");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.dropped(Catalog::constraints)
                .filter(c -> observation.before().constraints().containsKey(c.oid()))
                .filter(c -> c.parent() == 0 && isMissed(c, observation.after()))
                .map(c -> finding(observation, step, step.before().relation(c.table()), c)));
  }

  private Finding finding(Observation observation, Step step, Relation table, Constraint dropped) {
    String name = table.qualified() + "." + dropped.name();
    return observation.finding(
        this, step, table, name, name + " is dropped: " + dropped.definition());
  }

  /// Whether the constraint is reported. It is not if its table or one of its columns is dropped
  /// too (other rules report that), if a constraint of the same name replaces it, or if the column
  /// is NOT NULL and the constraint required no more.
  private static boolean isMissed(Constraint dropped, Catalog after) {
    Relation table = after.relations().get(dropped.table());
    return table != null
        && !table.isInTrash()
        && (dropped.referenced() == 0 || after.relations().containsKey(dropped.referenced()))
        && dropped.columns().stream().allMatch(number -> isInUse(table.column(number)))
        && after.constraints().values().stream()
            .noneMatch(c -> c.table() == dropped.table() && c.name().equals(dropped.name()))
        && !(NOT_NULL.matcher(dropped.definition()).lookingAt()
            && dropped.columns().stream().allMatch(number -> isNotNull(table, number)));
  }

  private static boolean isInUse(@Nullable Column column) {
    return column != null && !column.isInTrash();
  }

  private static boolean isNotNull(Relation table, int number) {
    Column column = table.column(number);
    return column != null && column.notNull();
  }
}
