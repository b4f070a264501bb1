package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One file of a module, `NNN_name.sql` or `NNN_name.backfill.sql`, as it was read; what it holds
/// is not parsed yet.
///
/// @param module the directory it lies in
/// @param number NNN, from 1; the order within the module
/// @param name what follows the number
/// @param path `db/changelog/<module>/NNN_name.sql`, wherever it was read from: the name under
///   which Liquibase's history knows it
/// @param content its text
public record ChangelogFile(String module, int number, String name, String path, String content) {

  private static final Pattern FILE_NAME =
      Pattern.compile("(\\d{3,})_([a-z0-9_]+)(\\.backfill)?\\.sql");

  /// A file of a module, by its name and content.
  ///
  /// @throws OperatorException when the file's name is not `NNN_name.sql`
  public static ChangelogFile of(String module, String fileName, byte[] content) {
    Matcher matcher = FILE_NAME.matcher(fileName);
    if (!matcher.matches()) {
      throw new OperatorException(
          "not a changelog's name: " + module + "/" + fileName,
          "it is NNN_name.sql, such as 007_document_language.sql, in lower case");
    }
    return new ChangelogFile(
        module,
        Integer.parseInt(matcher.group(1)),
        matcher.group(2),
        Changelogs.LOCATION + "/" + module + "/" + fileName,
        new String(content, StandardCharsets.UTF_8));
  }

  /// A number as it stands in names: `007`.
  public static String digits(int number) {
    return String.format(Locale.ROOT, "%03d", number);
  }

  /// Whether it declares a backfill, and no changeset.
  boolean isBackfill() {
    return path.endsWith(BackfillDeclaration.SUFFIX);
  }

  /// `module/NNN_name.sql`, as people say it.
  public String shortPath() {
    return path.substring(Changelogs.LOCATION.length() + 1);
  }
}
