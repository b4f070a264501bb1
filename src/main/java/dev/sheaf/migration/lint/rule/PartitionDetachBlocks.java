package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.LockMode;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports a partition that is removed under a blocking lock.
final class PartitionDetachBlocks implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "To detach a partition, the partitioned table is locked with all its partitions.",
        "DETACH PARTITION ... CONCURRENTLY, in a changeset of its own with runInTransaction:false");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.before().relations().values().stream()
                .filter(relation -> relation.kind().isTable())
                .filter(partition -> observation.existed(partition.parent()))
                .filter(partition -> step.after().relations().containsKey(partition.parent()))
                .filter(partition -> !step.after().isPartitionOf(partition))
                .filter(
                    partition -> step.held().get(partition.parent()) == LockMode.ACCESS_EXCLUSIVE)
                .map(partition -> {
                  Relation parent = step.before().relation(partition.parent());
                  return observation.finding(
                      this,
                      step,
                      parent,
                      partition.qualified(),
                      parent.qualified() + " is locked to detach a partition");
                }));
  }
}
