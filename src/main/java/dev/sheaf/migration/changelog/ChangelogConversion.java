package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The files of a module that is written for another tool, written again as formatted SQL, with the
/// same versions, statements and checksums, or those of a [LiquibaseChangelog], which are so
/// already. They stand in a temporary directory until they are published, and disappear with it if
/// they are not.
public final class ChangelogConversion implements AutoCloseable {

  /// More files are not listed in a message.
  private static final int LISTED = 5;

  private final Path target;
  private final Path directory;

  /// Whether the directory of both was created here.
  private final boolean isNew;

  /// The converted changesets by the path of what they were.
  private final Map<String, Changeset> converted = new HashMap<>();

  private ChangelogConversion(Path target, Path directory, boolean isNew) {
    this.target = target;
    this.directory = directory;
    this.isNew = isNew;
  }

  /// Converts all files of a module.
  ///
  /// @param root the directory into which they are published, as `<root>/<module>/`
  /// @throws OperatorException if a file cannot be converted, or if there are files in this
  ///   directory; nothing is left of what was written
  public static ChangelogConversion of(Changelogs changelogs, String module, Path root) {
    List<ChangelogFile> files = changelogs.files().getOrDefault(module, List.of());
    requireConvertible(changelogs, module, files);
    return of(changelogs, root, module, conversion -> conversion.write(changelogs, module, files));
  }

  /// Takes files that were split from a changelog of Liquibase as they are.
  ///
  /// @param root as above
  /// @throws OperatorException if there are files in this directory
  public static ChangelogConversion split(Changelogs changelogs, String module, Path root) {
    return of(
        changelogs,
        root,
        module,
        conversion -> {
          for (ChangelogFile file : changelogs.files().getOrDefault(module, List.of())) {
            Files.writeString(
                conversion.directory.resolve(file.fileName()), file.content().toString());
          }
        });
  }

  private interface Writing {
    void write(ChangelogConversion conversion) throws IOException;
  }

  private static ChangelogConversion of(
      Changelogs changelogs, Path root, String module, Writing writing) {
    Path absolute = root.toAbsolutePath().normalize();
    Path target = absolute.resolve(module);
    requireOther(absolute, Path.of(changelogs.origin()).toAbsolutePath().normalize());
    try {
      if (Files.exists(target) && (!Files.isDirectory(target) || !isEmpty(target))) {
        throw new OperatorException(
            target + " exists already, and nothing is overwritten",
            "delete it, or give another directory");
      }
      boolean isNew = !Files.exists(absolute);
      Files.createDirectories(absolute);
      ChangelogConversion conversion =
          new ChangelogConversion(target, absolute.resolve("." + module + ".converting"), isNew);
      try {
        // An earlier run can have been killed.
        delete(conversion.directory);
        Files.createDirectory(conversion.directory);
        writing.write(conversion);
        return conversion;
      } catch (IOException | RuntimeException e) {
        try (conversion) {
          throw e;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void requireConvertible(
      Changelogs changelogs, String module, List<ChangelogFile> files) {
    if (files.isEmpty() || files.getFirst().form() == ChangelogForm.LIQUIBASE) {
      throw new OperatorException(
          files.isEmpty()
              ? "module " + module + " has no files"
              : files.getFirst().shortPath() + " is formatted SQL already",
          files.isEmpty() ? "give the directory of the files" : "leave out --convert");
    }
    Stream.concat(
            changelogs.tests().keySet().stream().filter(path -> path.startsWith(module + "/")),
            changelogs.backfills().getOrDefault(module, List.of()).stream()
                .map(ChangelogFile::shortPath))
        .findFirst()
        .ifPresent(path -> {
          throw new OperatorException(
              path + " has the name of a file that gets another one",
              "move it away, and put it beside the converted file afterwards");
        });
    List<String> missing =
        files.stream()
            .map(changelogs::changeset)
            .filter(changeset -> changeset.down() == null)
            .map(changeset -> changeset.file().shortPath())
            .toList();
    if (!missing.isEmpty()) {
      throw new OperatorException(
          "formatted SQL needs a rollback in each file, and these have none: "
              + Abbreviation.of(missing, LISTED),
          "write it beside each of them: sheaf migrate derive-rollback FILE");
    }
  }

  /// The files would be read as one more module.
  private static void requireOther(Path root, Path origin) {
    if (root.startsWith(origin) || origin.startsWith(root)) {
      throw new OperatorException(
          "%s and %s are in each other".formatted(root, origin),
          "give a directory beside that of the files");
    }
  }

  private void write(Changelogs changelogs, String module, List<ChangelogFile> files)
      throws IOException {
    for (ChangelogFile file : files) {
      Changeset changeset = changelogs.changeset(file);
      byte[] text = text(changeset).getBytes(StandardCharsets.UTF_8);
      Changeset made =
          Changeset.of(ChangelogFile.of(module, name(file), text), isFirst(changeset, files));
      requireSame(changeset, made);
      converted.put(file.path(), made);
      Files.write(directory.resolve(made.file().fileName()), text);
    }
    for (ChangelogFile file : changelogs.repeatables().getOrDefault(module, List.of())) {
      Changeset changeset = changelogs.changeset(file);
      changeset.requireRunnable();
      converted.put(file.path(), changeset);
      Files.writeString(directory.resolve(file.fileName()), file.content().toString());
    }
    String allowances = changelogs.allowances().get(module);
    if (allowances != null) {
      Files.writeString(directory.resolve(Changelogs.ALLOWANCES), allowances);
    }
  }

  private static boolean isFirst(Changeset changeset, List<ChangelogFile> files) {
    return changeset.version().equals(files.getFirst().version());
  }

  private static String name(ChangelogFile file) {
    String words = file.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_");
    return file.version().digits() + "_" + words.replaceAll("^_(?=.)", "") + ".sql";
  }

  private static String text(Changeset changeset) {
    ChangelogFile file = changeset.file();
    String change = ChangelogReader.change(file).strip();
    Set<String> inChange = words(ChangelogReader.read(SourceText.of(change)).directives());
    StringBuilder text = new StringBuilder("--liquibase formatted sql\n\n--changeset ");
    text.append(file.module()).append(':').append(file.id());
    text.append(changeset.transactional() ? "\n" : " runInTransaction:false\n");
    text.append("--comment ").append(changeset.comment()).append('\n');
    for (DirectiveLine line : ChangelogReader.read(file).directives()) {
      // What the rollback says of itself.
      if (!inChange.contains(line.text())) {
        text.append(line.text()).append('\n');
      }
    }
    text.append(change).append("\n\n");
    List<SqlStatement> down = Objects.requireNonNull(changeset.down());
    for (SqlStatement statement : down) {
      String sql = statement.copiesIn() ? statement.toString() : statement.sql() + ";";
      sql.lines().forEach(line -> text.append("--rollback ").append(line).append('\n'));
    }
    if (down.isEmpty()) {
      text.append("--rollback empty because ").append(reason(file)).append('\n');
    }
    return text.toString();
  }

  private static Set<String> words(List<DirectiveLine> directives) {
    return directives.stream().map(DirectiveLine::text).collect(Collectors.toSet());
  }

  private static String reason(ChangelogFile file) {
    return "%s has no statement of a rollback"
        .formatted(file.rollback() == null ? file.fileName() : file.rollback().fileName());
  }

  private static void requireSame(Changeset changeset, Changeset made) {
    changeset.requireRunnable();
    @Nullable String difference =
        !made.problems().isEmpty()
            ? made.problems().getFirst().located()
            : !made.seal().equals(changeset.seal())
                ? "its statements would be read as others"
                : !digest(made).equals(digest(changeset))
                    ? "its rollback would be read as another one"
                    : made.transactional() != changeset.transactional()
                            || !made.directives().equals(changeset.directives())
                        ? "its directives would be read as others"
                        : null;
    if (difference != null) {
      throw new OperatorException(
          "%s cannot be written as formatted SQL: %s"
              .formatted(changeset.file().shortPath(), difference),
          "correct the file, or leave out --convert: Sheaf reads it as it is");
    }
  }

  private static String digest(Changeset changeset) {
    return SqlStatement.digest(Objects.requireNonNull(changeset.down()));
  }

  /// What a changeset has become; the same if it is of another module.
  public Changeset of(Changeset changeset) {
    return converted.getOrDefault(changeset.file().path(), changeset);
  }

  /// The directory of the converted files, once they are published.
  public Path target() {
    return target;
  }

  /// Puts all files in their place at once.
  public void publish() {
    try {
      Files.move(directory, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Takes back what [#publish] did.
  public void withdraw() {
    try {
      Files.move(target, directory, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Deletes what was not published.
  @Override
  public void close() {
    delete(directory);
    if (isNew && !Files.exists(target)) {
      delete(directory.resolveSibling(""));
    }
  }

  private static void delete(Path directory) {
    try {
      if (Files.exists(directory)) {
        List<Path> all = new ArrayList<>();
        try (Stream<Path> walk = Files.walk(directory)) {
          walk.sorted(Comparator.reverseOrder()).forEach(all::add);
        }
        for (Path path : all) {
          Files.delete(path);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.findAny().isEmpty();
    }
  }
}
