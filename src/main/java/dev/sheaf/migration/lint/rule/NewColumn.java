package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// A column of a table that a changeset added, or gave another type. More digits or a longer limit
/// are the same type.
///
/// @param step that did it
/// @param table as it is in the end
/// @param column as it is in the end
record NewColumn(Observation observation, Step step, Relation table, Column column) {

  /// Of a partition its parent decides, and a temporary table is nobody's.
  static Stream<NewColumn> of(Observation observation) {
    Catalog after = observation.after();
    return after.relations().values().stream()
        .filter(table -> table.kind().isTable() && !after.isPartition(table))
        .filter(table -> !table.persistence().equals("t"))
        .flatMap(table ->
            table.columns().stream()
                .filter(column -> !isTyped(observation.before(), table, column))
                .map(column ->
                    new NewColumn(
                        observation,
                        observation.first(step -> isTyped(step.after(), table, column)),
                        table,
                        column)));
  }

  private static boolean isTyped(Catalog catalog, Relation table, Column column) {
    Column there = catalog.column(table.oid(), column.number());
    return there != null && there.typeOid() == column.typeOid();
  }

  /// `public.document.title`
  String name() {
    return table.qualified() + "." + column.name();
  }

  Finding finding(Rule rule, String message) {
    return observation
        .finding(rule, step, name(), message)
        .withSize(observation.live().size(table.qualified()));
  }
}
