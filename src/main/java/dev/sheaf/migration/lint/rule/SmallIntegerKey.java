package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// Reports a key of type integer or smallint.
final class SmallIntegerKey implements Rule {

  private static final Set<String> SMALL = Set.of("int2", "int4");

  @Override
  public About about() {
    return Rule.warning(
        "An integer ends at 2,147,483,647 and a smallint at 32,767; a larger type later rewrites the table and all tables that reference it.",
        "use bigint GENERATED ALWAYS AS IDENTITY, or uuid");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    Catalog after = observation.after();
    return NewColumn.of(observation)
        .filter(c -> SMALL.contains(c.column().typeName()))
        .filter(c -> isKey(after, c) || isNumbered(c.column()))
        .map(c -> c.finding(this, c.name() + " is " + c.column().type() + " and a key"));
  }

  /// Whether the column is the whole primary key. A part of a larger key may be small.
  private static boolean isKey(Catalog after, NewColumn column) {
    return after.constraints().values().stream()
        .anyMatch(c ->
            c.kind() == ConstraintKind.PRIMARY_KEY
                && c.table() == column.table().oid()
                && c.columns().equals(List.of(column.column().number())));
  }

  private static boolean isNumbered(Column column) {
    String value = column.defaultValue();
    return column.identity() || (value != null && value.startsWith("nextval("));
  }
}
