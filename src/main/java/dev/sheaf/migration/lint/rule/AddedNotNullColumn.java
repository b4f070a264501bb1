package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reports a new NOT NULL column without a default.
final class AddedNotNullColumn implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "Existing rows have no value for the column, and every running version that does not know it fails to insert rows.",
        "give it a constant default, which is instant; or add it nullable, run a backfill, and SET NOT NULL later");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation.steps().flatMap(step -> demanding(observation, step));
  }

  private Stream<Finding> demanding(Observation observation, Step step) {
    return step.changed(Catalog::relations)
        .filter(table -> table.before().kind().isTable() && observation.existed(table.before()))
        .filter(table -> !step.before().isPartition(table.before()))
        .flatMap(table ->
            table.after().columns().stream()
                .filter(column -> !observation.existed(table.after(), column))
                .filter(column ->
                    demandsValue(column) && !demandsValue(table.before().column(column.number())))
                .filter(column ->
                    demandsValue(observation.after().column(table.after().oid(), column.number())))
                .map(column -> finding(observation, step, table.after(), column)));
  }

  private Finding finding(Observation observation, Step step, Relation table, Column column) {
    String name = table.qualified() + "." + column.name();
    return observation.finding(
        this, step, table, name, name + " is new, NOT NULL and without a default");
  }

  private static boolean demandsValue(@Nullable Column column) {
    return column != null
        && column.notNull()
        && column.defaultValue() == null
        && !column.identity();
  }
}
