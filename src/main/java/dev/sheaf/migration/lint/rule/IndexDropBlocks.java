package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.LockMode;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports an index drop that blocks reads and writes.
final class IndexDropBlocks implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "DROP INDEX waits for every transaction that uses the table, and all later ones wait behind it.",
        "DROP INDEX CONCURRENTLY, in a changeset of its own with runInTransaction:false");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.dropped(Catalog::indexes)
                .filter(index -> !index.constrained() && observation.existed(index.table()))
                .filter(index -> step.isTopmost(step.before(), step.after(), index.oid()))
                .filter(index -> step.lock(index.table()) == LockMode.ACCESS_EXCLUSIVE)
                .filter(index -> step.keepsColumns(index.table()) && !step.isRebuilt(index))
                .map(index -> {
                  Relation table = step.before().relation(index.table());
                  return observation.finding(
                      this,
                      step,
                      table,
                      step.before().relation(index.oid()).qualified(),
                      table.qualified() + " is locked to drop an index");
                }));
  }
}
