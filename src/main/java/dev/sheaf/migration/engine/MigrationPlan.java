package dev.sheaf.migration.engine;

import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.history.History;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BinaryOperator;

/// Compares the history of a database with the enabled changelogs.
///
/// @param applied applied and unmodified changesets, in changelog order
/// @param pending changesets that are not applied, in the order in which they will be
/// @param late pending changesets with a lower number than an applied one of their module
/// @param edited applied changesets whose files were modified since
/// @param unknown applied changesets of enabled modules without a file in this application: the
///   database is newer
/// @param disabled modules with applied changesets that are not enabled
record MigrationPlan(
    List<Changeset> applied,
    List<Changeset> pending,
    List<Changeset> late,
    List<Changeset> edited,
    List<History.Applied> unknown,
    List<String> disabled) {

  /// @param changesets the changesets of the enabled modules, ordered by the modules' requirements
  static MigrationPlan of(List<Changeset> changesets, List<History.Applied> history) {
    Map<String, History.Applied> byPath = new HashMap<>();
    Map<String, ChangesetVersion> highest = new HashMap<>();
    for (History.Applied row : history) {
      byPath.put(row.path(), row);
      highest.merge(row.module(), row.version(), BinaryOperator.maxBy(Comparator.naturalOrder()));
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
        if (highest
            .getOrDefault(changeset.module(), ChangesetVersion.NONE)
            .isAfter(changeset.version())) {
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

  /// The plan for an up-to-date database. No file has to be read, because nothing is pending,
  /// edited or unknown.
  static MigrationPlan upToDate(List<History.Applied> history, Modules modules) {
    List<String> disabled =
        history.stream()
            .map(History.Applied::module)
            .filter(module -> !modules.enabled().contains(module))
            .distinct()
            .toList();
    return new MigrationPlan(List.of(), List.of(), List.of(), List.of(), List.of(), disabled);
  }
}
