package dev.sheaf.migration.engine;

import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.SchemaStatus;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.NewerChangeset;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// The state of a database's schema, for its [SchemaStatus].
///
/// @param changesets this application's changesets
/// @param history the applied changesets
/// @param fullyApplied whether all changesets are applied and unmodified
/// @param plan the comparison of the two
/// @param waiting pending changesets that wait for a backfill, or for a changeset that does
/// @param repeatables repeatable changesets that are new or were modified
/// @param interrupted files of interrupted changesets, and their direction
/// @param tolerated labels of unknown changesets that are compatible with this application
record StatusReport(
    Changesets changesets,
    List<History.Applied> history,
    boolean fullyApplied,
    MigrationPlan plan,
    List<Changeset> waiting,
    List<Changeset> repeatables,
    Map<String, Direction> interrupted,
    List<String> tolerated) {

  static StatusReport read(
      Connection connection, Changesets changesets, Compatibility compatibility)
      throws SQLException {
    List<History.Applied> history = History.read(connection);
    boolean fullyApplied =
        History.awaited(connection, changesets.fingerprint()).filter(List::isEmpty).isPresent();
    // If everything is recorded as applied, no file has to be parsed.
    MigrationPlan plan =
        fullyApplied
            ? MigrationPlan.upToDate(history, changesets.modules())
            : compatibility.plan(history);
    return new StatusReport(
        changesets,
        history,
        fullyApplied,
        plan,
        compatibility.waitingForBackfills(plan.pending()),
        fullyApplied ? List.of() : changesets.pendingRepeatables(connection),
        History.interrupted(connection),
        NewerChangeset.of(connection, plan.unknown()).stream()
            .filter(newer -> newer.isToleratedBy(ProcessIdentity.VERSION))
            .map(NewerChangeset::label)
            .toList());
  }

  /// Whether nothing remains to be done. A newer application may have applied more.
  boolean isUpToDate() {
    return fullyApplied
        || (plan.pending().isEmpty()
            && repeatables.isEmpty()
            && plan.edited().isEmpty()
            && plan.unknown().size() == tolerated.size()
            && !interrupted.containsValue(Direction.DOWN));
  }

  /// Modules that this application has or that are applied, in migration order. Those that are off
  /// unless they are switched on are left out while they are off.
  List<SchemaStatus.Module> modules() {
    Set<String> names = new LinkedHashSet<>(changesets.modules().enabled());
    changesets.modules().known().stream()
        .filter(module -> !changesets.isOptIn(module))
        .forEach(names::add);
    history.forEach(row -> names.add(row.module()));
    return names.stream().map(this::module).toList();
  }

  private SchemaStatus.Module module(String name) {
    // The plan leaves out a module without changelogs: it does not concern this application.
    boolean known = !changesets.versions(name).isEmpty();
    List<String> unknown =
        (known ? plan.unknown() : history)
            .stream().filter(row -> row.module().equals(name)).map(History.Applied::label).toList();
    List<Changeset> pending = plan.pending().stream().filter(c -> c.module().equals(name)).toList();
    ChangesetVersion applied =
        history.stream()
            .filter(row -> row.module().equals(name))
            .map(History.Applied::version)
            .max(Comparator.naturalOrder())
            .orElse(ChangesetVersion.NONE);
    ChangesetVersion latest =
        changesets.versions(name).stream()
            .max(Comparator.naturalOrder())
            .orElse(ChangesetVersion.NONE);
    return new SchemaStatus.Module(
        name,
        changesets.modules().enabled().contains(name),
        applied.number(),
        latest.number(),
        applied.equals(ChangesetVersion.NONE) ? "" : applied.digits(),
        latest.equals(ChangesetVersion.NONE) ? "" : latest.digits(),
        Stream.concat(pending.stream(), repeatables.stream().filter(c -> c.module().equals(name)))
            .map(Changeset::label)
            .toList(),
        pending.stream().filter(waiting::contains).map(Changeset::label).toList(),
        plan.late().stream().filter(pending::contains).map(Changeset::label).toList(),
        interrupted.keySet().stream()
            .filter(path -> path.startsWith(Changelogs.LOCATION + "/" + name + "/"))
            .map(History::label)
            .sorted()
            .toList(),
        plan.edited().stream().filter(c -> c.module().equals(name)).map(Changeset::label).toList(),
        unknown,
        unknown.stream().filter(tolerated::contains).toList());
  }
}
