package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Looks whether a directory of changelogs is well-formed, without a database: for the hook before
/// a commit, and for CI.
public final class ChangelogCheck {

  private final List<Finding> findings = new ArrayList<>();
  private final Changelogs.Reading reading = new Changelogs.Reading();
  private int files;

  private ChangelogCheck() {}

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
    ChangelogCheck check = new ChangelogCheck();
    try {
      List<Path> modules = list(root).stream().filter(Files::isDirectory).toList();
      for (Path module : modules) {
        if (!module.getFileName().toString().equals("template")) {
          check.module(
              module, modules.stream().map(path -> path.getFileName().toString()).toList());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (check.files == 0) {
      throw new OperatorException(
          "no changelogs in " + root,
          "give the directory that holds core/, with files called NNN_name.sql");
    }
    return List.copyOf(check.findings);
  }

  private void module(Path directory, List<String> modules) throws IOException {
    String module = directory.getFileName().toString();
    TreeMap<Long, ChangelogFile> numbers = new TreeMap<>();
    for (Path path : list(directory)) {
      String name = path.getFileName().toString();
      if (name.equals(Changelogs.ALLOWANCES) || name.startsWith("README")) {
        continue;
      }
      if (!name.endsWith(".sql")) {
        find(module + "/" + name, "is no changelog; only NNN_name.sql is read");
        continue;
      }
      files++;
      try {
        ChangelogFile file = ChangelogFile.of(module, name, reading.file(path));
        if (file.isBackfill()) {
          if (!Files.exists(
              directory.resolveSibling(BackfillDeclaration.of(file).name() + ".sql"))) {
            find(
                file.shortPath(),
                "has no changeset beside it; it is named after the one that needs it");
          }
          continue;
        }
        ChangelogFile other = numbers.put(file.number(), file);
        if (other != null) {
          find(
              file.shortPath(),
              "has the same number as " + other.shortPath() + "; give it the next free one");
        }
        changeset(Changeset.of(file, file.number() == numbers.firstKey()), modules, directory);
      } catch (OperatorException e) {
        String problem =
            e.problem().replaceFirst("^" + Pattern.quote(module + "/" + name) + ":? ?", "");
        find(module + "/" + name, problem + "; " + e.hint());
      }
    }
    long expected = 1;
    for (ChangelogFile file : numbers.values()) {
      if (file.number() > expected && !isTimestamp(file.number())) {
        find(
            file.shortPath(), "number " + ChangelogFile.digits(expected) + " is missing before it");
      }
      expected = file.number() + 1;
    }
  }

  /// Numbers that are dates, `20261128` and longer, have gaps.
  private static boolean isTimestamp(long number) {
    return number >= 10_000_000;
  }

  private void changeset(Changeset changeset, List<String> modules, Path directory) {
    String path = changeset.file().shortPath();
    for (ChangelogProblem problem : changeset.problems()) {
      findings.add(
          new Finding(
              path, problem.line(), problem.column(), problem.message() + "; " + problem.hint()));
    }
    for (String required : changeset.directives().requires()) {
      if (!modules.contains(required)) {
        find(path, "requires module " + required + ", which does not exist");
      }
    }
    for (String backfill : changeset.directives().requiresBackfill()) {
      if (!Files.exists(directory.resolveSibling(backfill + BackfillDeclaration.SUFFIX))) {
        find(path, "requires the backfill " + backfill + ", which does not exist");
      }
    }
  }

  private void find(String path, String message) {
    findings.add(new Finding(path, 0, 0, message));
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
