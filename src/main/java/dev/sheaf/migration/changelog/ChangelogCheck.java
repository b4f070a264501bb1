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

  private static final Pattern MODULE_NAME = Pattern.compile("[a-z][a-z0-9_]*");
  private static final Pattern TRANSACTION_COMMAND =
      Pattern.compile(
          "^(BEGIN|START\\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE\\s+TRANSACTION)\\b.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final Pattern CONCURRENTLY =
      Pattern.compile(
          "^(CREATE|DROP|REINDEX|ALTER)\\b[^']*\\bCONCURRENTLY\\b.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final Pattern UNNAMED_INDEX =
      Pattern.compile(
          "^CREATE\\s+(UNIQUE\\s+)?INDEX\\s+CONCURRENTLY\\s+ON\\b.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private static final Pattern SQL_AFTER_ROLLBACK =
      Pattern.compile("(?m)^--rollback .*\\R(?:\\s*(?:--.*)?\\R)*\\s*(?!--|/\\*)\\S");

  private final List<Finding> findings = new ArrayList<>();

  private ChangelogCheck() {}

  /// What is wrong with a file, or with a directory.
  ///
  /// @param path `module/NNN_name.sql`, or `module/`
  /// @param message what is wrong, and what to do about it
  public record Finding(String path, String message) {}

  /// Everything that is wrong below `root`, in the order of the files; empty when nothing is.
  ///
  /// @throws OperatorException when there is no such directory
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
    return List.copyOf(check.findings);
  }

  private void module(Path directory, List<String> modules) throws IOException {
    String module = directory.getFileName().toString();
    if (!MODULE_NAME.matcher(module).matches()) {
      find(module + "/", "a module's name is lower-case letters, digits and _");
    }
    TreeMap<Integer, ChangelogFile> numbers = new TreeMap<>();
    for (Path path : list(directory)) {
      String name = path.getFileName().toString();
      if (name.equals(Changelogs.ALLOWANCES)) {
        continue;
      }
      if (!name.endsWith(".sql")) {
        find(module + "/" + name, "is no changelog; only NNN_name.sql is read");
        continue;
      }
      try {
        ChangelogFile file = ChangelogFile.of(module, name, Files.readAllBytes(path));
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
        changeset(ChangesetParser.parse(file), modules);
        requiredBackfills(file, directory);
      } catch (OperatorException e) {
        String problem =
            e.problem().replaceFirst("^" + Pattern.quote(module + "/" + name) + ":? ?", "");
        find(module + "/" + name, problem + "; " + e.hint());
      }
    }
    int expected = 1;
    for (ChangelogFile file : numbers.values()) {
      if (file.number() > expected) {
        find(
            file.shortPath(),
            "number %s is missing before it".formatted(ChangelogFile.digits(expected)));
      }
      expected = file.number() + 1;
    }
  }

  private void requiredBackfills(ChangelogFile file, Path directory) {
    for (String backfill : Directives.of(file).requiresBackfill()) {
      if (!Files.exists(directory.resolveSibling(backfill + BackfillDeclaration.SUFFIX))) {
        find(file.shortPath(), "requires the backfill " + backfill + ", which does not exist");
      }
    }
  }

  private void changeset(Changeset changeset, List<String> modules) {
    String path = changeset.file().shortPath();
    String wanted = changeset.module() + ":" + ChangelogFile.digits(changeset.number());
    if (!wanted.equals(changeset.author() + ":" + changeset.id())) {
      find(
          path,
          "calls itself "
              + changeset.author()
              + ":"
              + changeset.id()
              + "; it is --changeset "
              + wanted);
    }
    if (SQL_AFTER_ROLLBACK.matcher(changeset.file().content()).find()) {
      find(
          path,
          "has SQL after its rollback, which would run on the way up; begin each line with --rollback");
    }
    if (changeset.up().isEmpty()) {
      find(path, "has no statement");
    }
    if (changeset.down() == null) {
      find(
          path,
          "has no rollback; write --rollback <SQL>, or --rollback empty when there is nothing to undo");
    }
    for (String required : changeset.directives().requires()) {
      if (!modules.contains(required)) {
        find(path, "requires module " + required + ", which does not exist");
      }
    }
    List<String> statements = new ArrayList<>(changeset.up());
    if (changeset.down() != null) {
      statements.addAll(changeset.down());
    }
    statements.stream()
        .map(SqlScript::withoutLeadingComments)
        .forEach(sql -> statement(changeset, path, sql));
  }

  private void statement(Changeset changeset, String path, String sql) {
    if (TRANSACTION_COMMAND.matcher(sql).matches()) {
      find(
          path,
          "has a transaction command: "
              + sql.lines().findFirst().orElse("")
              + "; the engine opens and ends the transaction");
    }
    if (changeset.transactional() && CONCURRENTLY.matcher(sql).matches()) {
      find(
          path,
          "uses CONCURRENTLY in a transaction; write --changeset %s:%s runInTransaction:false"
              .formatted(changeset.author(), changeset.id()));
    }
    if (UNNAMED_INDEX.matcher(sql).matches()) {
      find(path, "builds an index without a name, which nobody can find again after a crash");
    }
  }

  private void find(String path, String message) {
    findings.add(new Finding(path, message));
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted(Comparator.comparing(path -> path.getFileName().toString())).toList();
    }
  }
}
