package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Constraint;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.Set;
import java.util.stream.Stream;

/// Reports a foreign key without an index on its columns.
final class ForeignKeyWithoutIndex implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "Each DELETE of a referenced row, and each change of its key, scans the whole referencing table.",
        "create an index that begins with the referencing columns, CONCURRENTLY if the table is in use");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    Catalog after = observation.after();
    return observation
        .created(Catalog::constraints)
        .filter(c -> c.value().kind() == ConstraintKind.FOREIGN_KEY && c.value().parent() == 0)
        .filter(c -> !after.isPartition(after.relation(c.value().table())))
        .filter(c -> after.indexes().values().stream().noneMatch(index -> finds(index, c.value())))
        .map(c -> {
          Relation table = after.relation(c.value().table());
          String name = table.qualified() + "." + c.value().name();
          return observation
              .finding(this, c.step(), name, "no index begins with the columns of " + name)
              .withSize(observation.target().size(table.qualified()));
        });
  }

  /// Whether an index can find the referencing rows of a foreign key.
  private static boolean finds(Index index, Constraint key) {
    int length = key.columns().size();
    return index.table() == key.table()
        && index.valid()
        && (index.accessMethod().equals("btree") || index.accessMethod().equals("hash"))
        && index.columns().size() >= length
        && Set.copyOf(index.columns().subList(0, length)).equals(Set.copyOf(key.columns()))
        && (index.predicate() == null || index.predicate().endsWith(" IS NOT NULL)"));
  }
}
