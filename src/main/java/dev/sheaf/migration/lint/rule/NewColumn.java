package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// A column that a changeset adds, or whose type it changes. A different precision or length is not
/// another type.
///
/// @param step the statement that adds or changes it
/// @param table the table after the changeset
/// @param column the column after the changeset
record NewColumn(Observation observation, Step step, Relation table, Column column) {

  /// The new columns of a changeset. Partitions are omitted, because their parent is included;
  /// temporary tables too.
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
        .withSize(observation.target().size(table.qualified()));
  }
}
