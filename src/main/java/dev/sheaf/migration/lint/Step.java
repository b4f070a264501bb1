package dev.sheaf.migration.lint;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Kind;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.changelog.SqlStatement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What PostgreSQL did when it ran a statement.
///
/// @param statement the statement
/// @param lockTimeout `lock_timeout` before it; zero means no limit
/// @param before the catalog before it
/// @param after the catalog after it; the same as before if it failed
/// @param heldBefore the strongest lock of the transaction on each relation before it, by oid
/// @param held the same after it
/// @param activities accesses to the rows of each table, by oid
/// @param notices its notices
/// @param settings the session's settings before it that rules use, by name
/// @param failure why it failed; `null` if it succeeded
/// @param commandsTransaction whether it began or ended a transaction
public record Step(
    SqlStatement statement,
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

  /// A setting of the session.
  ///
  /// @param value value in the setting's own unit
  /// @param chosen whether the changeset set it
  record Setting(String value, boolean chosen) {}

  /// This step with a failure.
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

  /// Whether the catalog was not read again, because nothing in it can have changed.
  @SuppressWarnings("ReferenceEquality")
  private boolean hasSameCatalog() {
    return before == after;
  }

  /// The objects of one kind that the statement created: `step.created(Catalog::indexes)`.
  public <T> Stream<T> created(Function<Catalog, Map<Long, T>> kind) {
    if (hasSameCatalog()) {
      return Stream.empty();
    }
    Map<Long, T> old = kind.apply(before);
    return kind.apply(after).entrySet().stream()
        .filter(entry -> !old.containsKey(entry.getKey()))
        .map(Map.Entry::getValue);
  }

  /// The objects of one kind that the statement dropped.
  public <T> Stream<T> dropped(Function<Catalog, Map<Long, T>> kind) {
    if (hasSameCatalog()) {
      return Stream.empty();
    }
    Map<Long, T> kept = kind.apply(after);
    return kind.apply(before).entrySet().stream()
        .filter(entry -> !kept.containsKey(entry.getKey()))
        .map(Map.Entry::getValue);
  }

  /// The objects of one kind that the statement changed.
  public <T> Stream<Changed<T>> changed(Function<Catalog, Map<Long, T>> kind) {
    if (hasSameCatalog()) {
      return Stream.empty();
    }
    Map<Long, T> now = kind.apply(after);
    return kind.apply(before).entrySet().stream()
        .flatMap(entry -> {
          T value = now.get(entry.getKey());
          return value == null || value.equals(entry.getValue())
              ? Stream.empty()
              : Stream.of(new Changed<>(entry.getValue(), value));
        });
  }

  /// Relations that have a new file: rewritten, truncated or rebuilt.
  public Stream<Changed<Relation>> rewritten() {
    return changed(Catalog::relations)
        .filter(relation -> relation.before().fileNode() != relation.after().fileNode());
  }

  /// The tables that have a new file.
  public Stream<Changed<Relation>> rewrittenTables() {
    return rewritten().filter(relation -> relation.before().kind() == Kind.TABLE);
  }

  /// Whether a table or one of its partitions has a new file.
  public boolean isRewritten(long table) {
    Set<Long> family = before.family(table);
    return rewritten().anyMatch(relation -> family.contains(relation.before().oid()));
  }

  /// Whether a created or dropped index is not merely a part of a partitioned index that is created
  /// or dropped too.
  public boolean isTopmost(Catalog there, Catalog notThere, long index) {
    long parent = there.relation(index).parent();
    return parent == 0 || notThere.relations().containsKey(parent);
  }

  /// Whether a table still exists with all its columns.
  public boolean keepsColumns(long table) {
    Relation now = after.relations().get(table);
    return now != null
        && before.relation(table).columns().stream().allMatch(c -> now.column(c.number()) != null);
  }

  /// Whether a dropped index has a successor with the same name.
  public boolean isRebuilt(Catalog.Index index) {
    String name = before.relation(index.oid()).qualified();
    return created(Catalog::indexes)
        .anyMatch(other -> after.relation(other.oid()).qualified().equals(name));
  }

  /// Whether a new constraint was only recreated because its table was rewritten.
  public boolean isRecreated(Catalog.Constraint constraint) {
    return isRewritten(constraint.table())
        && dropped(Catalog::constraints)
            .anyMatch(
                old -> old.table() == constraint.table() && old.name().equals(constraint.name()));
  }

  /// A column whose definition has changed.
  public record ChangedColumn(Relation table, Column before, Column after) {

    public String qualified() {
      return table.qualified() + "." + before.name();
    }
  }

  /// Changed columns. Columns of partitions are omitted if the partitioned table's column has
  /// changed too.
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

  /// The strongest lock on a relation or its partitioned table after the statement.
  public @Nullable LockMode lock(long oid) {
    Relation relation = before.relations().get(oid);
    LockMode above = relation == null || relation.parent() == 0 ? null : lock(relation.parent());
    LockMode own = held.get(oid);
    return own == null || (above != null && above.compareTo(own) > 0) ? above : own;
  }

  /// Whether writers are blocked after the statement.
  public boolean blocksWrites(long oid) {
    LockMode lock = lock(oid);
    return lock != null && lock.blocksWrites();
  }

  /// The accesses to the rows of a table and its partitions.
  public Activity activity(long oid) {
    return before.family(oid).stream()
        .map(relation -> activities.getOrDefault(relation, Activity.NONE))
        .reduce(Activity.NONE, Activity::plus);
  }

  /// Whether the statement may change rows of a table, of which the scratch database may have none.
  public boolean mayWrite(long oid) {
    return activity(oid).written() > 0 || (statement.changesOnlyRows() && lock(oid) != null);
  }

  /// Whether a table or one of its partitions was scanned.
  public boolean scanned(long oid) {
    return activity(oid).scans() > 0;
  }
}
