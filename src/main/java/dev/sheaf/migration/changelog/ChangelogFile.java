package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One file of a module, `NNN_name.sql` or `NNN_name.backfill.sql`, as it was read; what it holds
/// is not parsed yet.
///
/// @param module the directory it lies in
/// @param number NNN, the order within the module, from 1; 0 for a template
/// @param name what follows the number
/// @param path `db/changelog/<module>/NNN_name.sql`, wherever it was read from: the name under
///   which Liquibase's history knows it
/// @param content its text
public record ChangelogFile(
    String module, long number, String name, String path, SourceText content) {

  /// As many digits as a `long` always holds.
  private static final Pattern FILE_NAME =
      Pattern.compile("(\\d{3,18})_([a-z0-9_]+)(\\.backfill)?\\.sql");

  /// As many characters as the history stores.
  private static final int LONGEST_PATH = 255;

  /// A file of a module, by its name and content.
  ///
  /// @throws OperatorException when the file's name is not `NNN_name.sql`, or too long
  public static ChangelogFile of(String module, String fileName, byte[] content) {
    Matcher matcher = FILE_NAME.matcher(fileName);
    if (!matcher.matches()) {
      throw new OperatorException(
          "not a changelog's name: " + module + "/" + fileName,
          "it is NNN_name.sql, such as 007_document_language.sql, in lower case, with 3 to 18 digits");
    }
    String path = Changelogs.LOCATION + "/" + module + "/" + fileName;
    if (path.length() > LONGEST_PATH) {
      throw new OperatorException(
          "the name of a changelog is too long: %s/%s has %s characters"
              .formatted(module, fileName, path.length() - Changelogs.LOCATION.length() - 1),
          "shorten it to %s characters, with its module"
              .formatted(LONGEST_PATH - Changelogs.LOCATION.length() - 1));
    }
    return new ChangelogFile(
        module, Long.parseLong(matcher.group(1)), matcher.group(2), path, SourceText.of(content));
  }

  /// A template, `template/name.sql`.
  public static ChangelogFile template(String name, SourceText content) {
    return new ChangelogFile(
        Changelogs.TEMPLATES,
        0,
        name,
        "%s/%s/%s.sql".formatted(Changelogs.LOCATION, Changelogs.TEMPLATES, name),
        content);
  }

  /// Its number as it stands in names: `007`.
  public String digits() {
    return digits(number);
  }

  /// A number as it stands in names: `007`.
  public static String digits(long number) {
    String digits = Long.toString(number);
    return "0".repeat(Math.max(0, 3 - digits.length())) + digits;
  }

  /// Whether it declares a backfill, and no changeset.
  boolean isBackfill() {
    return path.endsWith(BackfillDeclaration.SUFFIX);
  }

  boolean isTemplate() {
    return module.equals(Changelogs.TEMPLATES);
  }

  /// `module/NNN_name.sql`, as people say it.
  public String shortPath() {
    return path.substring(Changelogs.LOCATION.length() + 1);
  }
}
