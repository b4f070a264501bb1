package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.Objects;
import java.util.stream.Stream;

/// Reports a REINDEX that blocks writes.
final class ReindexBlocks implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "REINDEX blocks writes to the table, and reads that would use the index.",
        "REINDEX CONCURRENTLY, in a changeset of its own with runInTransaction:false");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.rewritten()
                .map(changed -> step.before().indexes().get(changed.before().oid()))
                .filter(Objects::nonNull)
                .filter(index -> observation.existed(index.table()))
                .filter(index -> !step.isRewritten(index.table()))
                .map(index -> {
                  Relation table = step.before().relation(index.table());
                  return observation.finding(
                      this,
                      step,
                      table,
                      step.before().relation(index.oid()).qualified(),
                      table.qualified() + " is locked against writes while the index is rebuilt");
                }));
  }
}
