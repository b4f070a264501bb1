package dev.sheaf.migration.engine;

import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.SchemaStatus;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.NewerChangeset;
import dev.sheaf.runtime.ProcessIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Where one database stands, as far as its [SchemaStatus] tells.
///
/// @param changesets what it is measured by
/// @param atHead whether everything is applied as it stands, and no backfill awaited
/// @param behind pending ones that wait for a backfill, or stand behind one that does
/// @param interrupted the files of changesets that began and did not end, and which way they went
/// @param tolerated labels of unknown ones that this version of the application works with
record StatusReport(
    Changesets changesets,
    List<History.Applied> history,
    boolean atHead,
    MigrationPlan plan,
    List<Changeset> behind,
    Map<String, Direction> interrupted,
    List<String> tolerated) {

  static StatusReport read(Connection connection, Changesets changesets, Compatibility fit)
      throws SQLException {
    List<History.Applied> history = History.read(connection);
    boolean atHead =
        History.awaited(connection, changesets.fingerprint()).filter(List::isEmpty).isPresent();
    // At head nothing has to be parsed to know that every file is applied as it stands.
    MigrationPlan plan =
        atHead
            ? MigrationPlan.settled(history, changesets.modules())
            : MigrationPlan.of(changesets.enabled(), history);
    return new StatusReport(
        changesets,
        history,
        atHead,
        plan,
        fit.behindBackfills(plan.pending()),
        History.interrupted(connection),
        NewerChangeset.of(connection, plan.unknown()).stream()
            .filter(newer -> newer.isToleratedBy(ProcessIdentity.VERSION))
            .map(NewerChangeset::label)
            .toList());
  }

  /// Whether nothing is left to do, though a newer application may have gone further.
  boolean isSettled() {
    return atHead
        || (plan.pending().isEmpty()
            && plan.edited().isEmpty()
            && plan.unknown().size() == tolerated.size()
            && !interrupted.containsValue(Direction.DOWN));
  }

  /// Those that are known here or applied there, in the order they are migrated.
  List<SchemaStatus.Module> modules() {
    Set<String> names = new LinkedHashSet<>(changesets.modules().enabled());
    names.addAll(changesets.modules().known());
    history.forEach(row -> names.add(row.module()));
    return names.stream().map(this::module).toList();
  }

  private SchemaStatus.Module module(String name) {
    List<String> unknown =
        plan.unknown().stream()
            .filter(row -> row.module().equals(name))
            .map(History.Applied::label)
            .toList();
    List<Changeset> pending = plan.pending().stream().filter(c -> c.module().equals(name)).toList();
    return new SchemaStatus.Module(
        name,
        changesets.modules().enabled().contains(name),
        history.stream()
            .filter(row -> row.module().equals(name))
            .mapToInt(History.Applied::number)
            .max()
            .orElse(0),
        changesets.numbers(name).stream().mapToInt(Integer::intValue).max().orElse(0),
        pending.stream().map(Changeset::label).toList(),
        pending.stream().filter(behind::contains).map(Changeset::label).toList(),
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
