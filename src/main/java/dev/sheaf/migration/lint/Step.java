package dev.sheaf.migration.lint;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Kind;
import dev.sheaf.migration.catalog.Catalog.Relation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What PostgreSQL did when it ran one statement.
///
/// @param statement where it stands and what it says
/// @param lockTimeout how long it would have waited for a lock; zero is forever
/// @param before the catalog before it
/// @param after the catalog after it; as before when it failed
/// @param heldBefore the strongest lock that the transaction held on each relation, by oid
/// @param held the same after it
/// @param activities what was done to the rows of each table, by oid
/// @param notices what PostgreSQL said to it
/// @param settings of the session before it, those that rules ask for, by name
/// @param failure why it was not done; `null` when it was
/// @param commandsTransaction whether it began or ended a transaction
public record Step(
    SourceStatement statement,
    Duration lockTimeout,
    Catalog before,
    Catalog after,
    Map<Long, LockMode> heldBefore,
    Map<Long, LockMode> held,
    Map<Long, Activity> activities,
    List<Notice> notices,
    Map<String, Setting> settings,
    @Nullable Failure failure,
    boolean commandsTransaction) {

  public Step {
    heldBefore = Map.copyOf(heldBefore);
    held = Map.copyOf(held);
    activities = Map.copyOf(activities);
    notices = List.copyOf(notices);
    settings = Map.copyOf(settings);
  }

  /// @param value in the setting's own unit
  /// @param chosen whether the changeset chose it
  record Setting(String value, boolean chosen) {}

  /// The same, but in the end it was not done.
  Step failedWith(Failure reason) {
    return new Step(
        statement,
        lockTimeout,
        before,
        after,
        heldBefore,
        held,
        activities,
        notices,
        settings,
        reason,
        commandsTransaction);
  }

  /// The identifier of the statement that a notice is about; `null` when it does not stand there.
  public @Nullable String longIdentifier(Notice notice) {
    return statement.longIdentifiers().stream()
        .filter(notice.message()::contains)
        .max(Comparator.comparingInt(String::length))
        .orElse(null);
  }

  /// Something that has another definition than before.
  public record Changed<T>(T before, T after) {}

  /// What is there now and was not before, of one kind: `step.created(Catalog::indexes)`.
  public <T> Stream<T> created(Function<Catalog, Map<Long, T>> kind) {
    Map<Long, T> old = kind.apply(before);
    return kind.apply(after).entrySet().stream()
        .filter(entry -> !old.containsKey(entry.getKey()))
        .map(Map.Entry::getValue);
  }

  /// What was there before and is not now, of one kind.
  public <T> Stream<T> dropped(Function<Catalog, Map<Long, T>> kind) {
    Map<Long, T> kept = kind.apply(after);
    return kind.apply(before).entrySet().stream()
        .filter(entry -> !kept.containsKey(entry.getKey()))
        .map(Map.Entry::getValue);
  }

  /// What is another than before, of one kind.
  public <T> Stream<Changed<T>> changed(Function<Catalog, Map<Long, T>> kind) {
    Map<Long, T> now = kind.apply(after);
    return kind.apply(before).entrySet().stream()
        .flatMap(entry -> {
          T value = now.get(entry.getKey());
          return value == null || value.equals(entry.getValue())
              ? Stream.empty()
              : Stream.of(new Changed<>(entry.getValue(), value));
        });
  }

  /// Relations that have another file than before: rewritten, emptied, or rebuilt.
  public Stream<Changed<Relation>> rewritten() {
    return changed(Catalog::relations)
        .filter(relation -> relation.before().fileNode() != relation.after().fileNode());
  }

  /// Tables among them.
  public Stream<Changed<Relation>> rewrittenTables() {
    return rewritten().filter(relation -> relation.before().kind() == Kind.TABLE);
  }

  /// Whether a table, or a partition of it, has another file than before.
  public boolean isRewritten(long table) {
    Set<Long> family = before.family(table);
    return rewritten().anyMatch(relation -> family.contains(relation.before().oid()));
  }

  /// Whether a new index, or a dropped one, is no mere part of one that goes the same way.
  public boolean isTopmost(Catalog there, Catalog notThere, long index) {
    long parent = there.relation(index).parent();
    return parent == 0 || notThere.relations().containsKey(parent);
  }

  /// Whether a table has lost no column.
  public boolean keepsColumns(long table) {
    Relation now = after.relations().get(table);
    return now != null
        && before.relation(table).columns().stream().allMatch(c -> now.column(c.number()) != null);
  }

  /// Whether an index that is gone has a successor of its name.
  public boolean isRebuilt(Catalog.Index index) {
    String name = before.relation(index.oid()).qualified();
    return created(Catalog::indexes)
        .anyMatch(other -> after.relation(other.oid()).qualified().equals(name));
  }

  /// Whether a new constraint is an old one that came back with the table that was rewritten.
  public boolean isRecreated(Catalog.Constraint constraint) {
    return isRewritten(constraint.table())
        && dropped(Catalog::constraints)
            .anyMatch(
                old -> old.table() == constraint.table() && old.name().equals(constraint.name()));
  }

  /// A column that has another definition than before, and is still the same column.
  public record ChangedColumn(Relation table, Column before, Column after) {

    public String qualified() {
      return table.qualified() + "." + before.name();
    }
  }

  /// Columns that changed; those of partitions only where the table above has not changed as well.
  public Stream<ChangedColumn> changedColumns() {
    List<ChangedColumn> columns = new ArrayList<>();
    changed(Catalog::relations)
        .forEach(relation -> {
          for (Column column : relation.before().columns()) {
            Column now = relation.after().column(column.number());
            if (now != null && !now.equals(column)) {
              columns.add(new ChangedColumn(relation.before(), column, now));
            }
          }
        });
    return columns.stream()
        .filter(c ->
            columns.stream()
                .noneMatch(above ->
                    above.table().oid() == c.table().parent()
                        && above.before().name().equals(c.before().name())));
  }

  /// The strongest lock on a relation, or on the partitioned table above it, once this had run.
  public @Nullable LockMode lock(long oid) {
    Relation relation = before.relations().get(oid);
    LockMode above = relation == null || relation.parent() == 0 ? null : lock(relation.parent());
    LockMode own = held.get(oid);
    return own == null || (above != null && above.compareTo(own) > 0) ? above : own;
  }

  /// Whether writers wait for this transaction, once this had run.
  public boolean blocksWrites(long oid) {
    LockMode lock = lock(oid);
    return lock != null && lock.blocksWrites();
  }

  /// What was done to the rows of a table and of its partitions.
  public Activity activity(long oid) {
    return before.family(oid).stream()
        .map(relation -> activities.getOrDefault(relation, Activity.NONE))
        .reduce(Activity.NONE, Activity::plus);
  }

  /// Whether a table, or a partition of it, was read from its first row to its last.
  public boolean scanned(long oid) {
    return activity(oid).scans() > 0;
  }
}
