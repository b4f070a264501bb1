package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// All rules.
public final class Rules {

  /// All rules but one, ordered by name. `make new-rule` adds to them.
  private static final List<Rule> JUDGES =
      List.of(
          new AddedNotNullColumn(),
          new AutovacuumOff(),
          new ChangesetFails(),
          new CharType(),
          new ClusterWideStatement(),
          new ConcurrentlyInTransaction(),
          new ConstraintValidatedUnderLock(),
          new DroppedColumn(),
          new DroppedConstraint(),
          new DroppedFunction(),
          new DroppedNotNull(),
          new DroppedSchema(),
          new DroppedTable(),
          new DroppedView(),
          new EnumValueUsedInSameTransaction(),
          new ForeignKeyTypeMismatch(),
          new ForeignKeyValidatedUnderLock(),
          new ForeignKeyWithoutIndex(),
          new GraphExceedsMaintenanceMemory(),
          new IndexBuildBlocksWrites(),
          new IndexDropBlocks(),
          new IndexDroppedBeforeReplacement(),
          new IvfflatOnEmptyTable(),
          new JsonType(),
          new LockOrder(),
          new LongIdentifier(),
          new ManyHeavyLocks(),
          new MissingComment(),
          new NoLockTimeout(),
          new PartitionAttachBlocks(),
          new PartitionDetachBlocks(),
          new PgvectorTooOld(),
          new RedundantIndex(),
          new RefreshBlocks(),
          new ReindexBlocks(),
          new RenamedColumn(),
          new RenamedEnumValue(),
          new RenamedSchema(),
          new RenamedTable(),
          new ReplicaIdentityLost(),
          new RowsViolateConstraint(),
          new SetNotNullScans(),
          new SetWithoutLocal(),
          new SmallIntegerKey(),
          new TableRewrite(),
          new TimestampWithoutTimeZone(),
          new TransactionCommand(),
          new TriggerOnExistingTable(),
          new TruncatedTable(),
          new UniqueBuiltUnderLock(),
          new UnusedOperatorClass(),
          new VacuumFullOrCluster(),
          new ValidationInSameTransaction(),
          new VarcharLimit(),
          new VectorWidthDiffers(),
          new VectorWidthOverIndexLimit(),
          new WholeTableWrite());

  public static final List<Rule> ALL =
      Stream.concat(JUDGES.stream(), Stream.of(new UnusedAllowance(JUDGES))).toList();

  /// The rule whose warning is about the version of the server and not about the changeset.
  public static final String ABOUT_THE_SERVER = new PgvectorTooOld().name();

  private Rules() {}

  /// The findings of all rules that are not allowed, in the order of the statements.
  public static List<Finding> judge(Observation observation) {
    return ALL.stream()
        .flatMap(rule -> rule.judge(observation))
        .filter(finding -> observation.allowances().stream().noneMatch(a -> a.covers(finding)))
        .sorted(Comparator.comparing(Finding::file).thenComparingInt(Finding::line))
        .toList();
  }
}
