package dev.sheaf.migration.engine;

import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.history.History;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What stands between a database and the enabled changelogs.
///
/// @param applied changesets that are applied and unchanged, in changelog order
/// @param pending changesets that are not, in the order they will be applied
/// @param late those of `pending` that arrive after higher-numbered ones of their module
/// @param edited changesets that were applied and whose file says something else now
/// @param unknown what is applied, in an enabled module, and has no file here: the database is
///   newer
/// @param disabled modules that are applied, wholly or in part, and not enabled
record MigrationPlan(
    List<Changeset> applied,
    List<Changeset> pending,
    List<Changeset> late,
    List<Changeset> edited,
    List<History.Applied> unknown,
    List<String> disabled) {

  /// @param changesets of the enabled modules, modules in order of what they require
  static MigrationPlan of(List<Changeset> changesets, List<History.Applied> history) {
    Map<String, History.Applied> byPath = new HashMap<>();
    Map<String, Integer> highest = new HashMap<>();
    for (History.Applied row : history) {
      byPath.put(row.path(), row);
      highest.merge(row.module(), row.number(), Math::max);
    }
    List<Changeset> applied = new ArrayList<>();
    List<Changeset> pending = new ArrayList<>();
    List<Changeset> late = new ArrayList<>();
    List<Changeset> edited = new ArrayList<>();
    Set<String> modules = new HashSet<>();
    for (Changeset changeset : changesets) {
      modules.add(changeset.module());
      History.Applied row = byPath.remove(changeset.file().path());
      if (row == null) {
        pending.add(changeset);
        if (changeset.number() < highest.getOrDefault(changeset.module(), 0)) {
          late.add(changeset);
        }
      } else if (row.accepts(changeset)) {
        applied.add(changeset);
      } else {
        edited.add(changeset);
      }
    }
    List<History.Applied> unknown =
        history.stream()
            .filter(row -> byPath.containsKey(row.path()) && modules.contains(row.module()))
            .toList();
    List<String> disabled =
        history.stream()
            .map(History.Applied::module)
            .filter(module -> !modules.contains(module))
            .distinct()
            .toList();
    return new MigrationPlan(
        List.copyOf(applied),
        List.copyOf(pending),
        List.copyOf(late),
        List.copyOf(edited),
        unknown,
        disabled);
  }

  /// At head, where no file has to be looked at: nothing is pending, edited or unknown.
  static MigrationPlan settled(List<History.Applied> history, Modules modules) {
    List<String> disabled =
        history.stream()
            .map(History.Applied::module)
            .filter(module -> !modules.enabled().contains(module))
            .distinct()
            .toList();
    return new MigrationPlan(List.of(), List.of(), List.of(), List.of(), List.of(), disabled);
  }
}
