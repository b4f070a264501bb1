package dev.sheaf.migration.history;

import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.runtime.OperatorException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The changesets of this application: those of the enabled modules, parsed on first use, and the
/// one of any row of the history.
public final class Changesets {

  private final Changelogs changelogs;
  private final Modules modules;
  private final String fingerprint;
  private final Map<String, Optional<Replacement>> replacements = new ConcurrentHashMap<>();
  private volatile @Nullable List<Changeset> enabled;

  public Changesets(Changelogs changelogs, Modules modules) {
    this.changelogs = changelogs;
    this.modules = modules;
    this.fingerprint = changelogs.fingerprint(modules.enabled());
  }

  public Changelogs changelogs() {
    return changelogs;
  }

  public Modules modules() {
    return modules;
  }

  /// SHA-256 of the enabled changelogs. Nothing has to be parsed.
  public String fingerprint() {
    return fingerprint;
  }

  /// The changesets of the enabled modules, in the order in which they are applied.
  public List<Changeset> enabled() {
    if (enabled == null) {
      enabled = modules.enabled().stream().flatMap(module -> of(module).stream()).toList();
    }
    return enabled;
  }

  /// The changesets of one module, in order.
  ///
  /// @throws OperatorException if two have the same number
  public List<Changeset> of(String module) {
    Map<ChangesetVersion, ChangelogFile> versions = new LinkedHashMap<>();
    for (ChangelogFile file : files(module)) {
      ChangelogFile other = versions.put(file.version(), file);
      if (other != null) {
        throw new OperatorException(
            other.shortPath() + " and " + file.shortPath() + " have the same number",
            "give the one that was not released yet the next free number");
      }
    }
    return versions.values().stream().map(changelogs::changeset).toList();
  }

  /// The history in terms of the files: in the place of all changesets that one replaces, that one,
  /// as if it had been applied. Then the rows are in the order of modules, in which it can be
  /// applied.
  ///
  /// @param rows of the history, in order
  public List<History.Applied> current(List<History.Applied> rows) {
    List<History.Applied> current = new ArrayList<>(rows);
    for (Replacement replacement : replacements(rows)) {
      List<History.Applied> replaced = replacement.among(rows);
      if (!replaced.isEmpty() && replacement.isApplied(rows)) {
        current.set(current.indexOf(replaced.getFirst()), replacement.row());
        current.removeAll(replaced);
      }
    }
    if (current.size() < rows.size()) {
      List<String> order = Modules.inOrder(changelogs);
      current.sort(Comparator.comparingInt(row -> order.indexOf(row.module())));
    }
    return current;
  }

  /// Whether `module` is off unless it is switched on.
  public boolean isOptIn(String module) {
    return Modules.isOptIn(changelogs, module);
  }

  /// The rows of changesets that one replaces that cannot be applied because of them: others that
  /// it replaces are not applied.
  public List<History.Applied> replacedInPart(List<History.Applied> rows) {
    return replacements(rows).stream()
        .filter(replacement -> !replacement.isApplied(rows))
        .flatMap(replacement -> replacement.among(rows).stream())
        .toList();
  }

  /// Requires that of changesets that one replaces all are applied, or none.
  ///
  /// @throws OperatorException if only some are
  public void requireNoneReplacedInPart(List<History.Applied> rows) {
    for (Replacement replacement : replacements(rows)) {
      if (!replacement.among(rows).isEmpty() && !replacement.isApplied(rows)) {
        throw replacement.partly(rows);
      }
    }
  }

  /// Requires that of changesets that one replaces all are rolled back, or none.
  ///
  /// @param history the rows of all applied changesets
  /// @param rows those that are rolled back
  /// @throws OperatorException if only some are
  void requireWhole(List<History.Applied> history, List<History.Applied> rows) {
    for (Replacement replacement : replacements(rows)) {
      List<History.Applied> all = replacement.among(history);
      int rolledBack = replacement.among(rows).size();
      if (rolledBack > 0 && rolledBack < all.size() && replacement.isApplied(history)) {
        throw replacement.inPart(all);
      }
    }
  }

  private List<Replacement> replacements(List<History.Applied> rows) {
    return rows.stream()
        .map(History.Applied::module)
        .distinct()
        .flatMap(module -> replacements.computeIfAbsent(module, this::replacement).stream())
        .toList();
  }

  /// Only the first file of a module can replace others.
  private Optional<Replacement> replacement(String module) {
    return files(module).stream()
        .limit(1)
        .map(changelogs::changeset)
        .filter(changeset -> !changeset.directives().replaces().isEmpty())
        .map(Replacement::new)
        .findFirst();
  }

  /// The repeatable changesets of the enabled modules, in the order of modules and names.
  public List<Changeset> repeatables() {
    return modules.enabled().stream()
        .flatMap(module -> changelogs.repeatables().getOrDefault(module, List.of()).stream())
        .map(changelogs::changeset)
        .toList();
  }

  /// Those that are not applied as they are now.
  public List<Changeset> pendingRepeatables(Connection connection) throws SQLException {
    List<Changeset> all = repeatables();
    if (all.isEmpty()) {
      return all;
    }
    Map<String, History.Applied> applied =
        History.repeatables(connection).stream()
            .collect(Collectors.toMap(History.Applied::path, Function.identity()));
    return all.stream()
        .filter(changeset -> {
          History.Applied row = applied.get(changeset.file().path());
          return row == null || !row.accepts(changeset);
        })
        .toList();
  }

  /// The versions of a module's files, in order. Nothing is parsed.
  public List<ChangesetVersion> versions(String module) {
    return files(module).stream().map(ChangelogFile::version).toList();
  }

  /// The enabled changeset of a file.
  ///
  /// @param file its path, whose last two parts are `module/NNN_name.sql`
  /// @throws OperatorException if there is none
  public Changeset at(Path file) {
    Optional<ChangelogFile> found = changelogs.at(file);
    return enabled().stream()
        .filter(
            changeset -> found.isPresent() && changeset.file().path().equals(found.get().path()))
        .findFirst()
        .orElseThrow(() ->
            new OperatorException(
                "no enabled module has the changelog " + file,
                "give its path in " + changelogs.origin() + ", and enable its module"));
  }

  /// The changeset of a row of the history; empty if this application has no such file.
  ///
  /// @throws OperatorException if the file was modified after it was applied
  public Optional<Changeset> find(History.Applied row) {
    Optional<Changeset> found =
        files(row.module()).stream()
            .filter(file -> file.path().equals(row.path()))
            .findFirst()
            .map(changelogs::changeset);
    if (found.isPresent() && !row.accepts(found.get())) {
      throw modified(found.get());
    }
    return found;
  }

  /// The changeset of a row of the history.
  ///
  /// @throws OperatorException if the file was modified after it was applied, or does not exist
  public Changeset get(History.Applied row) {
    return find(row).orElseThrow(() -> missingFile(row));
  }

  /// The failure if a row of the history has no file.
  OperatorException missingFile(History.Applied row) {
    return new OperatorException(
        files(row.module()).isEmpty()
            ? "module %s is applied, but has no changelogs in %s"
                .formatted(row.module(), changelogs.origin())
            : row.shortPath() + " is applied, but there is no such file in " + changelogs.origin(),
        "use the version of the application that contains it");
  }

  /// Whether a module requires another one, directly or through others. Every module requires
  /// `core`; one without files here could require any.
  public boolean requires(String module, String required) {
    return required.equals(Modules.CORE)
        || !changelogs.files().containsKey(module)
        || Modules.requires(changelogs, module).stream()
            .anyMatch(direct -> direct.equals(required) || requires(direct, required));
  }

  /// Requires that a module is enabled and has this version.
  public void requireVersion(String module, ChangesetVersion version) {
    modules.requireEnabled(module);
    List<ChangesetVersion> versions = versions(module);
    if (!version.equals(ChangesetVersion.NONE) && !versions.contains(version)) {
      throw new OperatorException(
          "module " + module + " has no version " + version,
          "its versions are 0 to " + (versions.isEmpty() ? 0 : versions.getLast()));
    }
  }

  private List<ChangelogFile> files(String module) {
    return changelogs.files().getOrDefault(module, List.of());
  }

  /// The failure if the file of an applied changeset was modified.
  public static OperatorException modified(Changeset changeset) {
    return new OperatorException(
        changeset.file().shortPath() + " was modified after it was applied (checksum mismatch)",
        "restore the file, and write the change as a new changeset");
  }
}
