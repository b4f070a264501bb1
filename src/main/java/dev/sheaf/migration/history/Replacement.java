package dev.sheaf.migration.history;

import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.Directives.Replaced;
import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.OperatorException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A changeset that replaces the first ones of its module, as `sheaf migrate squash` writes it. A
/// database that has all of those needs nothing: its history stays as it is, and the changeset
/// counts as applied. A database that has none of them runs it.
///
/// @param changeset with [dev.sheaf.migration.changelog.Directives#replaces]
record Replacement(Changeset changeset) {

  private static final int NAMED = 3;

  /// The rows of changesets that it replaces.
  List<History.Applied> among(List<History.Applied> rows) {
    Set<String> labels =
        changeset.directives().replaces().stream().map(Replaced::label).collect(Collectors.toSet());
    return rows.stream().filter(row -> labels.contains(row.label())).toList();
  }

  /// Whether all of them are applied, with the content that it replaces.
  boolean isApplied(List<History.Applied> rows) {
    return missing(rows).isEmpty();
  }

  /// How the row of the changeset itself would look if it had run.
  History.Applied row() {
    return new History.Applied(changeset.file().path(), null, null);
  }

  /// Those that are not applied.
  private List<Replaced> missing(List<History.Applied> rows) {
    Map<String, History.Applied> byLabel =
        among(rows).stream().collect(Collectors.toMap(History.Applied::label, Function.identity()));
    List<Replaced> missing = new ArrayList<>();
    parts(null).forEach(one -> missing.addAll(missing(one, byLabel)));
    return missing;
  }

  private List<Replaced> missing(Replaced one, Map<String, History.Applied> rows) {
    History.Applied row = rows.get(one.label());
    if (row != null && (row.checksum() == null || row.checksum().equals(one.checksum()))) {
      return List.of();
    }
    List<Replaced> parts = parts(one.label());
    return row != null || parts.isEmpty()
        ? List.of(one)
        : parts.stream().flatMap(part -> missing(part, rows).stream()).toList();
  }

  private List<Replaced> parts(@Nullable String of) {
    return changeset.directives().replaces().stream()
        .filter(one -> Objects.equals(one.in(), of))
        .toList();
  }

  /// The failure if only some of them are applied.
  ///
  /// @param rows the history, with some of them
  OperatorException partly(List<History.Applied> rows) {
    List<String> applied = among(rows).stream().map(History.Applied::label).toList();
    List<String> missing = missing(rows).stream().map(Replaced::label).toList();
    List<String> others = missing.stream().filter(applied::contains).toList();
    if (!others.isEmpty()) {
      return new OperatorException(
          "%s replaces %s, which was applied with another content here"
              .formatted(changeset.label(), Abbreviation.of(others, NAMED)),
          "run sheaf migrate up with the last version that has these files; it accepts what earlier versions recorded,"
              + " or says what was modified");
    }
    return new OperatorException(
        "%s replaces changesets of which only some are applied: %s; not applied: %s"
            .formatted(
                changeset.label(),
                Abbreviation.of(applied, NAMED),
                Abbreviation.of(missing, NAMED)),
        "apply the others with the last version that has their files: sheaf migrate up --module %1$s --to %2$s; or roll these back: sheaf migrate goto 0 --module %1$s"
            .formatted(changeset.module(), changeset.version()));
  }

  /// The failure if a rollback would leave only some of them.
  ///
  /// @param rows the rows of those that it replaces
  OperatorException inPart(List<History.Applied> rows) {
    return new OperatorException(
        "%s replaces %s, which can only be rolled back together"
            .formatted(
                changeset.label(),
                Abbreviation.of(rows.stream().map(History.Applied::label).toList(), NAMED)),
        "roll all of them back: sheaf migrate goto 0 --module %s; or use the last version that has their files"
            .formatted(changeset.module()));
  }
}
