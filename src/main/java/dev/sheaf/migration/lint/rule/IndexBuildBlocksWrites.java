package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports an index build that blocks writes.
final class IndexBuildBlocksWrites implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The index build scans the whole table under a lock that blocks writes.",
        "CREATE INDEX CONCURRENTLY, in a changeset of its own with runInTransaction:false");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.created(Catalog::indexes)
                .filter(index -> !index.constrained() && observation.existed(index.table()))
                .filter(index -> step.isTopmost(step.after(), step.before(), index.oid()))
                .filter(index -> step.blocksWrites(index.table()) && step.scanned(index.table()))
                .filter(index -> !step.isRewritten(index.table()))
                .map(index -> {
                  Relation table = step.before().relation(index.table());
                  return observation.finding(
                      this,
                      step,
                      table,
                      step.after().relation(index.oid()).qualified(),
                      table.qualified() + " is locked against writes while the index is built");
                }));
  }
}
