package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// Writes the next changelog file of a module, for a person to fill in.
public final class ChangelogDraft {

  private static final Pattern MODULE = Pattern.compile("[a-z][a-z0-9_]*");

  private ChangelogDraft() {}

  /// Creates the file, and the module's directory when this is its first.
  ///
  /// @param root the directory that holds `core/`
  /// @param name what it is about; turned into `lower_case_words`
  /// @param number the number it gets; empty is the next
  /// @return the file
  /// @throws OperatorException when the number is taken, or the name cannot be one
  public static Path create(Path root, String module, String name, Optional<Long> number) {
    return create(root, module, name, number, "", true);
  }

  /// The same with `body` as its statements; its rollback is still missing.
  ///
  /// @param transactional whether they run in a transaction
  public static Path create(
      Path root,
      String module,
      String name,
      Optional<Long> number,
      String body,
      boolean transactional) {
    String slug =
        name.strip().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_").replaceAll("^_|_$", "");
    if (slug.isEmpty()) {
      throw new OperatorException(
          "not a name for a changelog: " + name, "say what it does in a few words");
    }
    if (!MODULE.matcher(module).matches()) {
      throw new OperatorException(
          "not a module's name: " + module, "it is lower-case letters, digits and _");
    }
    List<ChangelogFile> files = Changelogs.in(root).files().getOrDefault(module, List.of());
    long wanted = number.orElse(files.isEmpty() ? 1 : files.getLast().number() + 1);
    for (ChangelogFile file : files) {
      if (file.number() == wanted) {
        throw new OperatorException(
            "number " + ChangelogFile.digits(wanted) + " is taken by " + file.shortPath(),
            "the next free one is " + ChangelogFile.digits(files.getLast().number() + 1));
      }
    }
    Path file = root.resolve(module).resolve(ChangelogFile.digits(wanted) + "_" + slug + ".sql");
    try {
      Files.createDirectories(root.resolve(module));
      Files.writeString(
          file, text(module, wanted, name, body, transactional), StandardOpenOption.CREATE_NEW);
    } catch (FileAlreadyExistsException e) {
      throw new OperatorException("there is a file " + file + " already", "choose another name", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }

  private static String text(
      String module, long number, String name, String body, boolean transactional) {
    return """
    --liquibase formatted sql

    --changeset %s:%s%s
    --comment %s
    %s
    --rollback
    """
        .formatted(
            module,
            ChangelogFile.digits(number),
            transactional ? "" : " runInTransaction:false",
            name.strip().replaceAll("\\s+", " "),
            body.isEmpty() ? "" : body + "\n");
  }
}
