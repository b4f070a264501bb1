package dev.sheaf.migration.history;

import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.runtime.OperatorException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The changesets that this application has: those of the enabled modules, parsed when somebody
/// first asks, and the one behind any row of a history.
public final class Changesets {

  private final Changelogs changelogs;
  private final Modules modules;
  private final String fingerprint;
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

  /// SHA-256 of the enabled changelogs, for which nothing has to be parsed.
  public String fingerprint() {
    return fingerprint;
  }

  /// The enabled ones, in the order they are applied.
  public List<Changeset> enabled() {
    if (enabled == null) {
      enabled = modules.enabled().stream().flatMap(module -> of(module).stream()).toList();
    }
    return enabled;
  }

  /// Those of one module, in order.
  ///
  /// @throws OperatorException when two have the same number
  public List<Changeset> of(String module) {
    Map<Integer, ChangelogFile> numbers = new LinkedHashMap<>();
    for (ChangelogFile file : files(module)) {
      ChangelogFile other = numbers.put(file.number(), file);
      if (other != null) {
        throw new OperatorException(
            other.shortPath() + " and " + file.shortPath() + " have the same number",
            "give the one that was not released yet the next free number");
      }
    }
    return numbers.values().stream().map(changelogs::changeset).toList();
  }

  /// The numbers of a module's files, in order; nothing is parsed.
  public List<Integer> numbers(String module) {
    return files(module).stream().map(ChangelogFile::number).toList();
  }

  /// The enabled one that is read from `file`.
  ///
  /// @param file its path; the last two parts of it, `module/NNN_name.sql`, say which
  /// @throws OperatorException when there is none
  public Changeset at(Path file) {
    return enabled().stream()
        .filter(changeset -> file.toAbsolutePath().endsWith(changeset.file().shortPath()))
        .findFirst()
        .orElseThrow(() ->
            new OperatorException(
                "no enabled module has the changelog " + file,
                "give its path in " + changelogs.origin() + ", and enable its module"));
  }

  /// What a row of the history applied; empty when this application has no such file.
  ///
  /// @throws OperatorException when the file no longer says what was applied
  Optional<Changeset> find(History.Applied row) {
    Optional<Changeset> found =
        files(row.module()).stream()
            .filter(file -> file.path().equals(row.path()))
            .findFirst()
            .map(changelogs::changeset);
    if (found.isPresent() && !row.accepts(found.get())) {
      throw edited(found.get());
    }
    return found;
  }

  /// What a row of the history applied.
  ///
  /// @throws OperatorException as there, and when there is no such file
  public Changeset behind(History.Applied row) {
    return find(row).orElseThrow(() -> missing(row));
  }

  /// A row of the history without its file.
  OperatorException missing(History.Applied row) {
    return new OperatorException(
        row.shortPath() + " is applied, and there is no such file in " + changelogs.origin(),
        "use the version of the application that has it");
  }

  /// Refuses a module that is not enabled, and a number that it does not have.
  ///
  /// @param version a number; 0 is none
  public void requireVersion(String module, int version) {
    modules.requireEnabled(module);
    List<Integer> numbers = numbers(module);
    if (version != 0 && !numbers.contains(version)) {
      throw new OperatorException(
          "module " + module + " has no version " + version, "it has 0 to " + numbers.getLast());
    }
  }

  private List<ChangelogFile> files(String module) {
    return changelogs.files().getOrDefault(module, List.of());
  }

  public static OperatorException edited(Changeset changeset) {
    return new OperatorException(
        changeset.file().shortPath() + " was applied already and says something else now",
        "put it back as it was, and write the change as a new changeset");
  }
}
