package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.LockMode;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.stream.Stream;

/// Reports a partition that is added under a blocking lock.
final class PartitionAttachBlocks implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "To add a partition, the partitioned table is locked, or rows are scanned under a lock.",
        "CREATE TABLE (LIKE parent), add a valid CHECK of the bounds, then ATTACH PARTITION");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.after().relations().values().stream()
                .filter(relation -> relation.kind().isTable())
                .filter(partition -> observation.existed(partition.parent()))
                .filter(partition -> !step.before().isPartitionOf(partition))
                .flatMap(partition -> blocked(observation, step, partition)));
  }

  private Stream<Finding> blocked(Observation observation, Step step, Relation partition) {
    Relation parent = step.before().relation(partition.parent());
    if (!step.before().relations().containsKey(partition.oid())) {
      return step.lock(parent.oid()) == LockMode.ACCESS_EXCLUSIVE
          ? Stream.of(finding(observation, step, parent, parent, "is locked to create a partition"))
          : Stream.empty();
    }
    Stream<Relation> attached = Stream.of(step.before().relation(partition.oid()));
    Stream<Relation> defaults =
        step.before().relations().values().stream()
            .filter(relation -> relation.parent() == parent.oid() && relation.isDefaultPartition())
            .filter(relation -> !step.before().isSamplePartition(relation));
    return Stream.concat(attached, defaults)
        .filter(table -> observation.existed(table) && step.scanned(table.oid()))
        .map(
            table -> finding(observation, step, table, parent, "is scanned to attach a partition"));
  }

  private Finding finding(
      Observation observation, Step step, Relation table, Relation parent, String message) {
    return observation.finding(
        this, step, table, parent.qualified(), table.qualified() + " " + message);
  }
}
