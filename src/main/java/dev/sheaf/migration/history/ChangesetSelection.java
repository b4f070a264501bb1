package dev.sheaf.migration.history;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A selection of changesets, and the changesets to apply before them.
///
/// @param before the changesets before the first selected one, in order
/// @param chosen the selected changesets, in order
public record ChangesetSelection(List<Changeset> before, List<Changeset> chosen) {

  public ChangesetSelection {
    before = List.copyOf(before);
    chosen = List.copyOf(chosen);
  }

  /// Every changeset of every module.
  public static ChangesetSelection all(Changelogs changelogs) {
    return new ChangesetSelection(List.of(), everything(changelogs));
  }

  /// One changeset, and before it all earlier ones.
  ///
  /// @param file its file, or its label `module/NNN_name`
  /// @throws OperatorException if there is no such changeset
  public static ChangesetSelection of(Changelogs changelogs, Path file) {
    List<Changeset> all = everything(changelogs);
    Optional<ChangelogFile> found = changelogs.at(file);
    for (int i = 0; i < all.size(); i++) {
      if (found.isPresent() && all.get(i).file().path().equals(found.get().path())) {
        return new ChangesetSelection(all.subList(0, i), List.of(all.get(i)));
      }
    }
    throw new OperatorException(
        "there is no changeset " + file + " in " + changelogs.origin(),
        "give the path of its file, such as core/007_add_author.sql");
  }

  /// The pending changesets of `database`, and before them the applied ones. All changesets if none
  /// is applied.
  public static ChangesetSelection pending(
      Changelogs changelogs, ModulesConfig modules, DatabaseAddress database) {
    List<History.Applied> history;
    try (Connection connection = database.open("sheaf " + ProcessIdentity.NAME)) {
      history = History.read(connection);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(database, "reading what is applied", e);
    }
    if (history.isEmpty()) {
      return all(changelogs);
    }
    Changesets changesets = new Changesets(changelogs, Modules.of(changelogs, modules));
    List<String> enabled = changesets.modules().enabled();
    List<Changeset> all = everything(changelogs);
    Map<String, Changeset> byPath =
        all.stream()
            .collect(Collectors.toMap(changeset -> changeset.file().path(), Function.identity()));
    List<Changeset> applied =
        changesets.current(history).stream()
            .map(row -> byPath.get(row.path()))
            .filter(Objects::nonNull)
            .toList();
    return new ChangesetSelection(
        applied,
        all.stream()
            .filter(changeset -> enabled.contains(changeset.module()))
            .filter(changeset -> !applied.contains(changeset))
            .toList());
  }

  /// Everything that makes the schema: every changeset of every module, also the repeatable ones.
  public static List<Changeset> schema(Changelogs changelogs) {
    return Stream.concat(
            everything(changelogs).stream(),
            Modules.everything(changelogs).enabled().stream()
                .flatMap(
                    module -> changelogs.repeatables().getOrDefault(module, List.of()).stream())
                .map(changelogs::changeset))
        .toList();
  }

  private static List<Changeset> everything(Changelogs changelogs) {
    return Modules.everything(changelogs).enabled().stream()
        .flatMap(module -> changelogs.files().getOrDefault(module, List.of()).stream())
        .map(changelogs::changeset)
        .toList();
  }
}
