package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.Set;
import java.util.stream.Stream;

/// Reports a new key whose index is built under a blocking lock.
final class UniqueBuiltUnderLock implements Rule {

  private static final Set<ConstraintKind> KEYS =
      Set.of(ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUSION);

  @Override
  public About about() {
    return Rule.error(
        "A new key builds its index under a lock that blocks reads and writes.",
        "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT ... USING INDEX");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.created(Catalog::constraints)
                .filter(c -> KEYS.contains(c.kind()) && c.parent() == 0)
                .filter(c -> observation.existed(c.table()) && step.scanned(c.table()))
                .filter(c -> !step.isRecreated(c))
                .filter(c -> !step.before().indexes().containsKey(c.index()))
                .map(c -> {
                  Relation table = step.before().relation(c.table());
                  return observation.finding(
                      this,
                      step,
                      table,
                      table.qualified() + "." + c.name(),
                      table.qualified() + " is locked while the index of the key is built");
                }));
  }
}
