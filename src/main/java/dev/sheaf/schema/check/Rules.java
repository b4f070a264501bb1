package dev.sheaf.schema.check;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// Every rule there is.
final class Rules {

  /// In the order of their names; `make new-rule` adds to them.
  private static final List<Rule> JUDGES =
      List.of(
          new ChangesetFails(),
          new ConcurrentlyInTransaction(),
          new ConstraintValidatedUnderLock(),
          new EnumValueUsedInSameTransaction(),
          new ForeignKeyValidatedUnderLock(),
          new IndexBuildBlocksWrites(),
          new IndexDropBlocks(),
          new LockOrder(),
          new ManyHeavyLocks(),
          new NoLockTimeout(),
          new PartitionAttachBlocks(),
          new PartitionDetachBlocks(),
          new ReindexBlocks(),
          new SetNotNullScans(),
          new TableRewrite(),
          new TransactionCommand(),
          new TriggerOnExistingTable(),
          new TruncatedTable(),
          new UniqueBuiltUnderLock(),
          new VacuumFullOrCluster(),
          new ValidationInSameTransaction(),
          new WholeTableWrite());

  static final List<Rule> ALL =
      Stream.concat(JUDGES.stream(), Stream.of(new UnusedAllowance(JUDGES))).toList();

  private Rules() {}

  /// What every rule finds, in the order of the statements, less what is accepted.
  static List<Finding> judge(Observation observation) {
    return ALL.stream()
        .flatMap(rule -> rule.judge(observation))
        .filter(finding -> observation.allowances().stream().noneMatch(a -> a.covers(finding)))
        .sorted(Comparator.comparing(Finding::file).thenComparingInt(Finding::line))
        .toList();
  }
}
