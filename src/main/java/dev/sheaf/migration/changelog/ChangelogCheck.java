package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Looks whether a directory of changelogs is well-formed, without a database: for the hook before
/// a commit, and for CI.
public final class ChangelogCheck {

  /// What may be a migration that is not written in SQL.
  private static final Pattern NUMBERED = Pattern.compile("[VUR]?\\d+(?:[._]\\d+)*_|R__");

  private final List<Finding> findings = new ArrayList<>();
  private final Changelogs.Reading reading = new Changelogs.Reading();

  /// Whether the root is itself the module core.
  private final boolean isModule;

  private int files;

  private ChangelogCheck(boolean isModule) {
    this.isModule = isModule;
  }

  /// What is wrong with a file, or with a directory.
  ///
  /// @param path `module/NNN_name.sql`, or `module/`
  /// @param line where in the file, from 1; 0 when it is about the file as a whole
  /// @param column where in the line, in characters, from 1; 0 likewise
  /// @param message what is wrong, and what to do about it
  public record Finding(String path, int line, int column, String message) {

    /// In one line, as compilers write it.
    @Override
    public String toString() {
      return line == 0 ? path + ": " + message : path + ":" + line + ":" + column + ": " + message;
    }
  }

  /// Everything that is wrong below `root`, in the order of the files; empty when nothing is.
  ///
  /// @throws OperatorException when there is no such directory, or no changelog in it
  public static List<Finding> of(Path root) {
    if (!Files.isDirectory(root)) {
      throw new OperatorException(
          "no directory of changelogs: " + root, "give the directory that holds core/");
    }
    try {
      return of(root, new ChangelogCheck(Changelogs.isModule(root)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Finding> of(Path root, ChangelogCheck check) throws IOException {
    if (check.isModule) {
      check.module(root, Modules.CORE, List.of(Modules.CORE));
    } else {
      List<Path> modules = list(root).stream().filter(Files::isDirectory).toList();
      List<String> names = modules.stream().map(path -> path.getFileName().toString()).toList();
      for (Path module : modules) {
        String name = module.getFileName().toString();
        if (!name.equals(Changelogs.TEMPLATES)) {
          check.module(module, name, names);
        }
      }
    }
    if (check.files == 0) {
      throw new OperatorException(
          "no changelogs in " + root,
          "give the directory that holds core/, with files called NNN_name.sql");
    }
    return List.copyOf(check.findings);
  }

  private void module(Path directory, String module, List<String> modules) throws IOException {
    List<ChangelogFile> read = new ArrayList<>();
    Map<String, byte[]> tests = new TreeMap<>();
    List<String> names =
        list(directory).stream().map(path -> path.getFileName().toString()).toList();
    List<String> others = new ArrayList<>();
    Map<String, Runnable> ofFiles = new TreeMap<>();
    for (Path path : list(directory)) {
      String name = path.getFileName().toString();
      if (name.equals(Changelogs.ALLOWANCES)
          || name.startsWith("README")
          || (isModule && Files.isDirectory(path))) {
        continue;
      }
      if (name.endsWith(Changelogs.CONFIG)
          && names.contains(name.substring(0, name.lastIndexOf('.')))) {
        continue;
      }
      if (!name.endsWith(".sql")) {
        others.add(name);
        continue;
      }
      files++;
      if (name.endsWith(DataTest.SUFFIX)) {
        tests.put(name, reading.file(path));
        continue;
      }
      try {
        byte[] config =
            names.contains(name + ".conf")
                ? reading.file(path.resolveSibling(name + ".conf"))
                : null;
        read.add(ChangelogFile.of(module, name, reading.file(path), config));
      } catch (OperatorException e) {
        ofFiles.put(name, () -> find(module + "/" + name, e));
      }
    }
    Map<Boolean, List<ChangelogFile>> isBackfill =
        read.stream()
            .sorted(Comparator.comparing(ChangelogFile::version))
            .collect(Collectors.partitioningBy(ChangelogFile::isBackfill));
    List<ChangelogFile> changesets =
        Changelogs.joined(
            isBackfill.getOrDefault(false, List.of()).stream()
                .filter(ChangelogFile::isNumbered)
                .toList(),
            (file, problem) ->
                ofFiles.putIfAbsent(file.fileName(), () -> find(file.shortPath(), problem)));
    // Beside the files of other tools there may be code that embeds them.
    boolean isOfAnotherTool =
        !changesets.isEmpty() && changesets.getFirst().form() != ChangelogForm.LIQUIBASE;
    others.stream()
        .filter(name -> !isOfAnotherTool || NUMBERED.matcher(name).lookingAt())
        .forEach(name ->
            ofFiles.put(
                name,
                () -> find(module + "/" + name, "is no changelog; only NNN_name.sql is read")));
    tests.forEach(
        (name, content) -> ofFiles.put(name, () -> test(module, name, content, changesets)));
    for (ChangelogFile file : isBackfill.getOrDefault(true, List.of())) {
      ofFiles.put(file.fileName(), () -> backfill(file, changesets));
    }
    for (ChangelogFile file : read) {
      if (file.isRepeatable()) {
        ofFiles.put(
            file.fileName(), () -> changeset(Changeset.of(file, false), modules, directory));
      }
    }
    TreeMap<ChangesetVersion, ChangelogFile> versions = new TreeMap<>();
    for (ChangelogFile file : changesets) {
      ChangelogFile other = versions.putIfAbsent(file.version(), file);
      ofFiles.merge(
          file.fileName(),
          () ->
              changeset(
                  file, other, file.version().equals(versions.firstKey()), modules, directory),
          (one, another) ->
              () -> {
                one.run();
                another.run();
              });
    }
    ofFiles.values().forEach(Runnable::run);
    ChangesetVersion expected = ChangesetVersion.of(1);
    for (ChangelogFile file : versions.values()) {
      if (file.version().isAfter(expected)
          && !(file.equals(versions.firstEntry().getValue()) && replacesOthers(file))
          && file.form() == ChangelogForm.LIQUIBASE
          && !hasGaps(file.version())) {
        find(file.shortPath(), "number " + expected.digits() + " is missing before it");
      }
      expected = file.version().next();
    }
  }

  private static boolean replacesOthers(ChangelogFile file) {
    return !Changeset.of(file).directives().replaces().isEmpty();
  }

  private void test(String module, String name, byte[] content, List<ChangelogFile> changesets) {
    String path = module + "/" + name;
    try {
      DataTest.of(path, SourceText.of(content));
      if (changesets.stream()
          .noneMatch(changeset -> path.equals(changeset.label() + DataTest.SUFFIX))) {
        find(path, "has no changeset beside it; it is named after the one that it tests");
      }
    } catch (OperatorException e) {
      find(path, e);
    }
  }

  private void backfill(ChangelogFile file, List<ChangelogFile> changesets) {
    try {
      String name = BackfillDeclaration.of(file).name();
      if (changesets.stream().noneMatch(changeset -> changeset.label().equals(name))) {
        find(
            file.shortPath(),
            "has no changeset beside it; it is named after the one that needs it");
      }
    } catch (OperatorException e) {
      find(file.shortPath(), e);
    }
  }

  private void changeset(
      ChangelogFile file,
      @Nullable ChangelogFile other,
      boolean first,
      List<String> modules,
      Path directory) {
    if (other != null) {
      find(
          file.shortPath(),
          "has the same number as " + other.shortPath() + "; give it the next free one");
    }
    changeset(Changeset.of(file, first), modules, directory);
  }

  /// Numbers that are dates, `20261128` and longer, have gaps, and so have versions of several
  /// numbers.
  private static boolean hasGaps(ChangesetVersion version) {
    return version.number() >= 10_000_000 || !version.isNumber();
  }

  private void changeset(Changeset changeset, List<String> modules, Path directory) {
    String path = changeset.file().shortPath();
    for (ChangelogProblem problem : changeset.problems()) {
      findings.add(
          new Finding(
              Objects.requireNonNullElse(problem.rollbackFile(), path),
              problem.line(),
              problem.column(),
              problem.message() + "; " + problem.hint()));
    }
    for (String required : changeset.directives().requires()) {
      if (!modules.contains(required)) {
        find(path, "requires module " + required + ", which does not exist");
      }
    }
    for (String backfill : changeset.directives().requiresBackfill()) {
      String file = backfill + BackfillDeclaration.SUFFIX;
      if (!Files.exists(
          isModule
              ? directory.resolve(file.substring(file.indexOf('/') + 1))
              : directory.resolveSibling(file))) {
        find(path, "requires the backfill " + backfill + ", which does not exist");
      }
    }
  }

  private void find(String path, String message) {
    findings.add(new Finding(path, 0, 0, message));
  }

  private void find(String path, OperatorException e) {
    String problem = e.problem().replaceFirst("^" + Pattern.quote(path) + ":? ?", "");
    find(path, problem + "; " + e.hint());
  }

  /// Without hidden entries, among them those in which Kubernetes keeps the files of a ConfigMap.
  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(path -> !path.getFileName().toString().startsWith("."))
          .sorted(Comparator.comparing(path -> path.getFileName().toString()))
          .toList();
    }
  }
}
