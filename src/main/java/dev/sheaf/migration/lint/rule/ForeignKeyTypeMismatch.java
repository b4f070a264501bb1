package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Constraint;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Reports a foreign key whose columns have another type than the referenced ones.
final class ForeignKeyTypeMismatch implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "The smaller type overflows before the larger one, and joins compare different types.",
        "give the referencing column the type of the referenced column");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    Catalog after = observation.after();
    return observation
        .created(Catalog::constraints)
        .filter(c -> c.value().mixesTypes() && c.value().parent() == 0)
        .map(c -> {
          Constraint key = c.value();
          Relation table = after.relation(key.table());
          String name = table.qualified() + "." + key.name();
          return observation.finding(
              this,
              c.step(),
              name,
              "%s: %s references %s"
                  .formatted(
                      name,
                      types(table, key.columns()),
                      types(after.relation(key.referenced()), key.referencedColumns())));
        });
  }

  private static String types(Relation table, List<Integer> numbers) {
    return table.columns().stream()
        .filter(column -> numbers.contains(column.number()))
        .map(Column::type)
        .collect(Collectors.joining(", "));
  }
}
