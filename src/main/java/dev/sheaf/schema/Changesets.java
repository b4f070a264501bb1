package dev.sheaf.schema;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The changesets that this application has: those of the enabled modules, parsed when somebody
/// first asks, and the one behind any row of a history.
final class Changesets {

  private final Changelogs changelogs;
  private final Modules modules;
  private final String fingerprint;
  private volatile @Nullable List<Changeset> enabled;

  Changesets(Changelogs changelogs, Modules modules) {
    this.changelogs = changelogs;
    this.modules = modules;
    this.fingerprint = changelogs.fingerprint(modules.enabled());
  }

  Changelogs changelogs() {
    return changelogs;
  }

  Modules modules() {
    return modules;
  }

  /// SHA-256 of the enabled changelogs, for which nothing has to be parsed.
  String fingerprint() {
    return fingerprint;
  }

  /// The enabled ones, in the order they are applied.
  List<Changeset> enabled() {
    if (enabled == null) {
      enabled = modules.enabled().stream().flatMap(module -> of(module).stream()).toList();
    }
    return enabled;
  }

  /// Those of one module, in order.
  ///
  /// @throws SchemaException when two have the same number
  List<Changeset> of(String module) {
    Map<Integer, ChangelogFile> numbers = new LinkedHashMap<>();
    for (ChangelogFile file : files(module)) {
      ChangelogFile other = numbers.put(file.number(), file);
      if (other != null) {
        throw new SchemaException(
            other.shortPath() + " and " + file.shortPath() + " have the same number",
            "give the one that was not released yet the next free number");
      }
    }
    return numbers.values().stream().map(changelogs::changeset).toList();
  }

  /// The numbers of a module's files, in order; nothing is parsed.
  List<Integer> numbers(String module) {
    return files(module).stream().map(ChangelogFile::number).toList();
  }

  /// The enabled one that is read from `file`.
  ///
  /// @param file its path; the last two parts of it, `module/NNN_name.sql`, say which
  /// @throws SchemaException when there is none
  Changeset at(Path file) {
    return enabled().stream()
        .filter(changeset -> file.toAbsolutePath().endsWith(changeset.file().shortPath()))
        .findFirst()
        .orElseThrow(() ->
            new SchemaException(
                "no enabled module has the changelog " + file,
                "give its path in " + changelogs.origin() + ", and enable its module"));
  }

  /// What a row of the history applied; empty when this application has no such file.
  ///
  /// @throws SchemaException when the file no longer says what was applied
  Optional<Changeset> find(History.Applied row) {
    Optional<Changeset> found =
        files(row.module()).stream()
            .filter(file -> file.path().equals(row.path()))
            .findFirst()
            .map(changelogs::changeset);
    if (found.isPresent() && !row.accepts(found.get())) {
      throw Fit.edited(found.get());
    }
    return found;
  }

  /// What a row of the history applied.
  ///
  /// @throws SchemaException as there, and when there is no such file
  Changeset behind(History.Applied row) {
    return find(row).orElseThrow(() -> missing(row));
  }

  /// A row of the history without its file.
  SchemaException missing(History.Applied row) {
    return new SchemaException(
        row.shortPath() + " is applied, and there is no such file in " + changelogs.origin(),
        "use the version of the application that has it");
  }

  /// Refuses a module that is not enabled, and a number that it does not have.
  ///
  /// @param version a number; 0 is none
  void requireVersion(String module, int version) {
    modules.requireEnabled(module);
    List<Integer> numbers = numbers(module);
    if (version != 0 && !numbers.contains(version)) {
      throw new SchemaException(
          "module " + module + " has no version " + version, "it has 0 to " + numbers.getLast());
    }
  }

  private List<ChangelogFile> files(String module) {
    return changelogs.files().getOrDefault(module, List.of());
  }
}
