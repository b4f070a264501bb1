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
/// @param object its name before the changeset, or its first name
/// @param outcome what becomes of it
/// @param lock the strongest lock that blocks other sessions; `null` if there is none
/// @param rowAccess what PostgreSQL does with its rows while they are blocked
/// @param size its size in the target database; `null` if it is new, or if the size is unknown
/// @param changes changes to its columns, constraints and indexes
public record TableImpact(
    String object,
    @JsonProperty("fate") Outcome outcome,
    @Nullable LockMode lock,
    @JsonProperty("work") RowAccess rowAccess,
    @Nullable Size size,
    List<String> changes) {

  /// Assumed throughput of a slow disk in use. The resulting durations are orders of magnitude.
  private static final long BYTES_READ_PER_SECOND = 400L << 20;

  private static final long BYTES_REWRITTEN_PER_SECOND = 50L << 20;

  private static final String TRASH = "sheaf_trash";

  /// What becomes of a table or view.
  public enum Outcome {
    @JsonProperty("created")
    CREATED,
    @JsonProperty("changed")
    CHANGED,
    /// Unchanged, but locked.
    @JsonProperty("locked")
    LOCKED,
    /// Moved to the trash; it can be restored.
    @JsonProperty("put in the trash")
    TRASHED,
    @JsonProperty("dropped")
    DROPPED
  }

  /// What PostgreSQL does with the rows of a table while other sessions wait.
  public enum RowAccess {
    /// It does not read them.
    @JsonProperty("none")
    NONE,
    /// It reads all of them, to validate a constraint or build an index.
    @JsonProperty("read")
    READ,
    /// It rewrites all of them.
    @JsonProperty("rewritten")
    REWRITTEN
  }

  public TableImpact {
    changes = List.copyOf(changes);
  }

  /// A rough estimate of how long other sessions wait; empty if they do not wait, or if the size is
  /// unknown.
  public Optional<Duration> blockingTime() {
    if (lock == null) {
      return Optional.empty();
    }
    return switch (rowAccess) {
      case NONE -> Optional.of(Duration.ZERO);
      case READ -> duration(BYTES_READ_PER_SECOND);
      case REWRITTEN -> duration(BYTES_REWRITTEN_PER_SECOND);
    };
  }

  private Optional<Duration> duration(long bytesPerSecond) {
    return Optional.ofNullable(size).map(all -> Duration.ofSeconds(all.bytes() / bytesPerSecond));
  }

  /// The impact on an existing relation; empty if there is none.
  public static Optional<TableImpact> of(Observation observation, Relation before) {
    Catalog after = observation.after();
    Relation now = after.relations().get(before.oid());
    LockMode lock = null;
    RowAccess rowAccess = RowAccess.NONE;
    for (Step step : observation.all()) {
      LockMode held = step.lock(before.oid());
      if (held != null && held.blocksWrites() && (lock == null || held.compareTo(lock) > 0)) {
        lock = held;
      }
      if (step.isRewritten(before.oid())) {
        rowAccess = RowAccess.REWRITTEN;
      } else if (rowAccess == RowAccess.NONE
          && step.scanned(before.oid())
          && step.blocksWrites(before.oid())) {
        rowAccess = RowAccess.READ;
      }
    }
    List<String> changes =
        now == null ? List.of() : changes(observation.before(), after, before, now);
    Outcome outcome =
        now == null
            ? Outcome.DROPPED
            : isTrash(now) && !isTrash(before)
                ? Outcome.TRASHED
                : changes.isEmpty() && now.isDefinedAs(before) && rowAccess != RowAccess.REWRITTEN
                    ? Outcome.LOCKED
                    : Outcome.CHANGED;
    return outcome == Outcome.LOCKED && lock == null
        ? Optional.empty()
        : Optional.of(
            new TableImpact(
                before.qualified(),
                outcome,
                lock,
                rowAccess,
                observation.target().size(before.qualified()),
                outcome == Outcome.TRASHED ? List.of() : changes));
  }

  public static TableImpact created(Relation relation) {
    return new TableImpact(
        relation.qualified(), Outcome.CREATED, null, RowAccess.NONE, null, List.of());
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
                    ? " moved to the trash"
                    : " renamed to " + changed.name()));
      } else if (!changed.type().equals(column.type())) {
        changes.add(
            "column %s: %s becomes %s".formatted(column.name(), column.type(), changed.type()));
      } else if (changed.notNull() != column.notNull()) {
        changes.add(
            "column "
                + column.name()
                + (changed.notNull() ? " becomes NOT NULL" : " becomes nullable"));
      } else if (!Objects.equals(changed.defaultValue(), column.defaultValue())) {
        changes.add("column " + column.name() + " gets another default");
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

  /// The objects that are only in `there`.
  private static <T> Stream<T> differing(Map<Long, T> there, Map<Long, T> notThere) {
    return there.entrySet().stream()
        .filter(entry -> !notThere.containsKey(entry.getKey()))
        .map(Map.Entry::getValue);
  }
}
