package dev.sheaf.migration.lint;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.catalog.Catalog.Constraint;
import dev.sheaf.migration.catalog.Catalog.Index;
import dev.sheaf.migration.catalog.Catalog.Relation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a changeset does to one table or view.
///
/// @param object its name before, or its first name
/// @param fate whether it is still there afterwards
/// @param lock the strongest that makes others wait; `null` when nobody has to
/// @param work what PostgreSQL does with its rows meanwhile
/// @param size in the database that is migrated; `null` when it is new, or not known
/// @param changes to its columns, constraints and indexes
public record TableImpact(
    String object,
    Fate fate,
    @Nullable LockMode lock,
    Work work,
    @Nullable Size size,
    List<String> changes) {

  /// Bytes per second, of one disk that is not the fastest and not idle. They tell an instant from
  /// a minute and a minute from an hour, and nothing finer.
  private static final long READING = 400L << 20;

  private static final long REWRITING = 50L << 20;

  private static final String TRASH = "sheaf_trash";

  /// Whether it is still there afterwards.
  public enum Fate {
    @JsonProperty("created")
    CREATED,
    @JsonProperty("changed")
    CHANGED,
    /// As it was, but others wait for it.
    @JsonProperty("locked")
    LOCKED,
    /// It can come back.
    @JsonProperty("put in the trash")
    TRASHED,
    @JsonProperty("dropped")
    DROPPED
  }

  /// What PostgreSQL does with the rows of a table while others wait for it.
  public enum Work {
    /// It doesn't look at them.
    @JsonProperty("none")
    NONE,
    /// It reads all of them, to validate a constraint or to build an index.
    @JsonProperty("read")
    READ,
    /// It writes all of them anew.
    @JsonProperty("rewritten")
    REWRITTEN
  }

  public TableImpact {
    changes = List.copyOf(changes);
  }

  /// How long others wait, very roughly; empty when they don't, or when it depends on a size that
  /// is not known.
  public Optional<Duration> waiting() {
    if (lock == null) {
      return Optional.empty();
    }
    return switch (work) {
      case NONE -> Optional.of(Duration.ZERO);
      case READ -> at(READING);
      case REWRITTEN -> at(REWRITING);
    };
  }

  private Optional<Duration> at(long bytesPerSecond) {
    return Optional.ofNullable(size).map(all -> Duration.ofSeconds(all.bytes() / bytesPerSecond));
  }

  /// What `observation` saw of a relation that was there before; empty when nothing.
  public static Optional<TableImpact> of(Observation observation, Relation before) {
    Catalog after = observation.after();
    Relation now = after.relations().get(before.oid());
    LockMode lock = null;
    Work work = Work.NONE;
    for (Step step : observation.all()) {
      LockMode held = step.lock(before.oid());
      if (held != null && held.blocksWrites() && (lock == null || held.compareTo(lock) > 0)) {
        lock = held;
      }
      if (step.isRewritten(before.oid())) {
        work = Work.REWRITTEN;
      } else if (work == Work.NONE
          && step.scanned(before.oid())
          && step.blocksWrites(before.oid())) {
        work = Work.READ;
      }
    }
    List<String> changes =
        now == null ? List.of() : changes(observation.before(), after, before, now);
    Fate fate =
        now == null
            ? Fate.DROPPED
            : isTrash(now) && !isTrash(before)
                ? Fate.TRASHED
                : changes.isEmpty() && now.isDefinedAs(before) && work != Work.REWRITTEN
                    ? Fate.LOCKED
                    : Fate.CHANGED;
    return fate == Fate.LOCKED && lock == null
        ? Optional.empty()
        : Optional.of(
            new TableImpact(
                before.qualified(),
                fate,
                lock,
                work,
                observation.live().size(before.qualified()),
                fate == Fate.TRASHED ? List.of() : changes));
  }

  public static TableImpact created(Relation relation) {
    return new TableImpact(relation.qualified(), Fate.CREATED, null, Work.NONE, null, List.of());
  }

  private static boolean isTrash(Relation relation) {
    return relation.schema().equals(TRASH);
  }

  private static List<String> changes(Catalog before, Catalog after, Relation old, Relation now) {
    List<String> changes = new ArrayList<>();
    if (!old.qualified().equals(now.qualified())) {
      changes.add("renamed to " + now.qualified());
    }
    for (Column column : old.columns()) {
      Column changed = now.column(column.number());
      if (changed == null) {
        changes.add("column " + column.name() + " dropped");
      } else if (!changed.name().equals(column.name())) {
        changes.add(
            "column "
                + column.name()
                + (changed.name().startsWith(TRASH)
                    ? " put in the trash"
                    : " renamed to " + changed.name()));
      } else if (!changed.type().equals(column.type())) {
        changes.add(
            "column %s: %s becomes %s".formatted(column.name(), column.type(), changed.type()));
      } else if (changed.notNull() != column.notNull()) {
        changes.add("column " + column.name() + (changed.notNull() ? " NOT NULL" : " may be null"));
      } else if (!Objects.equals(changed.defaultValue(), column.defaultValue())) {
        changes.add("column " + column.name() + " has another default");
      }
    }
    now.columns().stream()
        .filter(column -> old.column(column.number()) == null)
        .forEach(column -> changes.add("column " + column.name() + " added"));
    differing(before.constraints(), after.constraints())
        .filter(constraint -> constraint.table() == old.oid())
        .map(Constraint::name)
        .forEach(name -> changes.add("constraint " + name + " dropped"));
    differing(after.constraints(), before.constraints())
        .filter(constraint -> constraint.table() == old.oid())
        .map(Constraint::name)
        .forEach(name -> changes.add("constraint " + name + " added"));
    differing(before.indexes(), after.indexes())
        .filter(index -> index.table() == old.oid() && !index.constrained())
        .map(Index::oid)
        .forEach(index -> changes.add("index " + before.relation(index).name() + " dropped"));
    differing(after.indexes(), before.indexes())
        .filter(index -> index.table() == old.oid() && !index.constrained())
        .map(Index::oid)
        .forEach(index -> changes.add("index " + after.relation(index).name() + " built"));
    return changes;
  }

  /// What is in `there` alone.
  private static <T> Stream<T> differing(Map<Long, T> there, Map<Long, T> notThere) {
    return there.entrySet().stream()
        .filter(entry -> !notThere.containsKey(entry.getKey()))
        .map(Map.Entry::getValue);
  }
}
