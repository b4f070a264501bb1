package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One file of a module, as it was read; what it holds is not parsed yet.
///
/// @param module the directory it lies in
/// @param version the order within the module; [ChangesetVersion#NONE] for a template or a
///   repeatable file
/// @param name what follows the version
/// @param path `db/changelog/<module>/NNN_name.sql`, wherever it was read from: the name under
///   which Liquibase's history knows it
/// @param content its text
/// @param form how it is written
/// @param config Flyway's settings for this file, from `<file>.conf`; `null` when it has none
/// @param rollback the file with its rollback; `null` when it has none, or has it in itself
public record ChangelogFile(
    String module,
    ChangesetVersion version,
    String name,
    String path,
    SourceText content,
    ChangelogForm form,
    @Nullable SourceText config,
    @Nullable ChangelogFile rollback) {

  private static final String PARTS = ChangesetVersion.PART + "(?:%s" + ChangesetVersion.PART + ")";

  private static final Pattern FILE_NAME =
      Pattern.compile("(\\d{3,18}|" + PARTS.formatted("\\.") + "+)_([a-z0-9_]+)");

  /// What goose and dbmate accept too.
  private static final Pattern ANNOTATED_NAME = Pattern.compile("(\\d{1,18})_([A-Za-z0-9_-]+)");

  private static final Pattern PAIR_NAME =
      Pattern.compile("(\\d{1,18})_([A-Za-z0-9_-]+)\\.(?:up|down)");
  private static final Pattern FLYWAY_NAME =
      Pattern.compile("[VU](" + PARTS.formatted("[._]") + "*)__([A-Za-z0-9_-]+)");

  private static final Pattern REPEATABLE_NAME = Pattern.compile("R__([A-Za-z0-9_-]+)");

  /// The version in the name of a file of any form.
  private static final Pattern VERSION =
      Pattern.compile(
          "[VU](" + PARTS.formatted("[._]") + "*)__.*|(" + PARTS.formatted("\\.") + "*).*");

  private static final String SUFFIX = ".sql";
  private static final String DOWN = "_down";

  /// As many characters as the history stores.
  private static final int LONGEST_PATH = 255;

  /// A file of a module, by its name and content, and the settings of Flyway for it.
  ///
  /// @param config what is in `<file>.conf`; `null` if there is no such file
  /// @throws OperatorException as below
  static ChangelogFile of(
      String module, String fileName, byte[] content, byte @Nullable [] config) {
    ChangelogFile file = of(module, fileName, content);
    return config == null ? file : file.withConfig(SourceText.of(config));
  }

  /// A file of a module, by its name and content.
  ///
  /// @throws OperatorException when the file's name is none of a changelog, or too long
  public static ChangelogFile of(String module, String fileName, byte[] content) {
    SourceText text = SourceText.of(content);
    boolean backfill = fileName.endsWith(BackfillDeclaration.SUFFIX);
    String base =
        fileName.substring(
            0,
            Math.max(
                0,
                fileName.length()
                    - (backfill ? BackfillDeclaration.SUFFIX.length() : SUFFIX.length())));
    Matcher pair = PAIR_NAME.matcher(base);
    Matcher flyway = FLYWAY_NAME.matcher(base);
    Matcher repeatable = REPEATABLE_NAME.matcher(base);
    Matcher numbered = FILE_NAME.matcher(base);
    Matcher annotated = ANNOTATED_NAME.matcher(base);
    String path = Changelogs.LOCATION + "/" + module + "/" + fileName;
    if (path.length() > LONGEST_PATH) {
      throw new OperatorException(
          "the name of a changelog is too long: %s/%s has %s characters"
              .formatted(module, fileName, path.length() - Changelogs.LOCATION.length() - 1),
          "shorten it to %s characters, with its module"
              .formatted(LONGEST_PATH - Changelogs.LOCATION.length() - 1));
    }
    if (pair.matches()) {
      return of(module, pair, path, text, ChangelogForm.PAIR);
    } else if (flyway.matches()) {
      return of(module, flyway, path, text, ChangelogForm.FLYWAY);
    } else if (repeatable.matches() && !backfill) {
      return new ChangelogFile(
          module,
          ChangesetVersion.NONE,
          repeatable.group(1),
          path,
          text,
          ChangelogForm.REPEATABLE,
          null,
          null);
    }
    ChangelogForm form = backfill ? ChangelogForm.LIQUIBASE : ChangelogForm.of(text);
    boolean annotations = form == ChangelogForm.GOOSE || form == ChangelogForm.DBMATE || backfill;
    Matcher name = annotations ? annotated : numbered;
    if (!name.matches()) {
      throw notAName(module, fileName);
    }
    return of(module, name, path, text, form);
  }

  /// Whether a file has the name of a versioned migration of Flyway.
  static boolean isOfFlyway(String fileName) {
    return FLYWAY_NAME.matcher(fileName.replaceFirst("\\.sql$", "")).matches();
  }

  private static ChangelogFile of(
      String module, Matcher name, String path, SourceText text, ChangelogForm form) {
    return new ChangelogFile(
        module, ChangesetVersion.parse(name.group(1)), name.group(2), path, text, form, null, null);
  }

  private static OperatorException notAName(String module, String fileName) {
    String path = module + "/" + fileName;
    if (fileName.startsWith("R__")) {
      return new OperatorException(
          "not a repeatable changelog's name: " + path,
          "it is R__name.sql, with letters, digits, _ and - in the name");
    } else if (fileName.matches("[VU]\\d.*")) {
      return new OperatorException(
          "not the name of a file of Flyway: " + path,
          "it is V1.2__name.sql, with up to 18 digits in each number, and letters, digits, _ and - in the name");
    } else if (fileName.matches("B\\d.*__.*|(?:before|after)[A-Z].*\\.sql")) {
      return new OperatorException(
          "baseline migrations and callbacks of Flyway are not supported: " + path,
          "delete it, or write what it does as a migration with a number");
    }
    return new OperatorException(
        "not a changelog's name: " + path,
        "it is NNN_name.sql, such as 007_document_language.sql, in lower case, with 3 to 18 digits");
  }

  /// A template, `template/name.sql`.
  public static ChangelogFile template(String name, SourceText content) {
    return new ChangelogFile(
        Changelogs.TEMPLATES,
        ChangesetVersion.NONE,
        name,
        "%s/%s/%s.sql".formatted(Changelogs.LOCATION, Changelogs.TEMPLATES, name),
        content,
        ChangelogForm.LIQUIBASE,
        null,
        null);
  }

  /// A file of SQL that is in no directory of changelogs.
  ///
  /// @param name for messages
  public static ChangelogFile outside(String name, byte[] content) {
    return new ChangelogFile(
        Modules.CORE,
        ChangesetVersion.of(1),
        name,
        Changelogs.LOCATION + "/" + name,
        SourceText.of(content),
        ChangelogForm.PLAIN,
        null,
        null);
  }

  /// The rollback of a changeset that the database stored, with or without its file.
  ///
  /// @param path of its file
  public static ChangelogFile stored(String module, ChangesetVersion version, String path) {
    return new ChangelogFile(
        module, version, label(path), path, SourceText.of(""), ChangelogForm.LIQUIBASE, null, null);
  }

  /// The same with the file of its rollback.
  ChangelogFile withRollback(ChangelogFile file) {
    return new ChangelogFile(module, version, name, path, content, form, config, file);
  }

  private ChangelogFile withConfig(SourceText settings) {
    return new ChangelogFile(module, version, name, path, content, form, settings, rollback);
  }

  /// Whether it is run again when it changes.
  public boolean isRepeatable() {
    return form == ChangelogForm.REPEATABLE;
  }

  /// What identifies its changeset in the module: the version, or `R__name`.
  public String id() {
    return isRepeatable() ? label().substring(module.length() + 1) : version.digits();
  }

  /// A number as it stands in names: `007`.
  public static String digits(long number) {
    String digits = Long.toString(number);
    return "0".repeat(Math.max(0, 3 - digits.length())) + digits;
  }

  /// The version in the name of a file; [ChangesetVersion#NONE] if there is none.
  ///
  /// @param path ends with the name
  public static ChangesetVersion version(String path) {
    Matcher name = VERSION.matcher(path.substring(path.lastIndexOf('/') + 1));
    return name.matches()
        ? ChangesetVersion.parse(name.group(1) == null ? name.group(2) : name.group(1))
        : ChangesetVersion.NONE;
  }

  /// Whether it has the rollback of another file.
  ///
  /// @param module the files of its module
  boolean isRollback(List<ChangelogFile> module) {
    return switch (form) {
      case PAIR -> path.endsWith(".down.sql");
      case FLYWAY -> fileName().startsWith("U");
      case PLAIN ->
          name.endsWith(DOWN) && module.stream().anyMatch(file -> file.isUndoneByName(this));
      case LIQUIBASE, GOOSE, DBMATE, REPEATABLE -> false;
    };
  }

  /// Whether `rollback` has the rollback of this file. Pairs need not have the same name.
  boolean isUndoneBy(ChangelogFile rollback) {
    return version.equals(rollback.version)
        && (form != ChangelogForm.PLAIN || isUndoneByName(rollback));
  }

  private boolean isUndoneByName(ChangelogFile rollback) {
    return form == ChangelogForm.PLAIN
        && version.equals(rollback.version)
        && rollback.name.equals(name + DOWN);
  }

  /// The name of the file of its own that has, or would have, this changeset's rollback.
  public String rollbackName() {
    String name = fileName();
    return switch (form) {
      case PAIR, PLAIN, FLYWAY ->
          rollback != null
              ? rollback.fileName()
              : form == ChangelogForm.FLYWAY
                  ? "U" + name.substring(1)
                  : name.replaceFirst("(?:\\.up)?\\.sql$", "")
                      + (form == ChangelogForm.PAIR ? ".down" : DOWN)
                      + SUFFIX;
      case LIQUIBASE, GOOSE, DBMATE, REPEATABLE -> name;
    };
  }

  /// Whether it declares a backfill, and no changeset.
  boolean isBackfill() {
    return path.endsWith(BackfillDeclaration.SUFFIX);
  }

  /// Whether it, or a file that it is the rollback of, is a changeset that runs once.
  boolean isNumbered() {
    return !isBackfill() && !isRepeatable();
  }

  boolean isTemplate() {
    return module.equals(Changelogs.TEMPLATES);
  }

  /// `module/NNN_name.sql`, as people say it.
  public String shortPath() {
    return path.substring(Changelogs.LOCATION.length() + 1);
  }

  /// `NNN_name.sql`
  public String fileName() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /// `module/NNN_name`, as people say it.
  public String label() {
    return label(path);
  }

  /// `module/NNN_name` of a file's path.
  public static String label(String path) {
    return path.substring(Changelogs.LOCATION.length() + 1).replaceFirst("(?:\\.up)?\\.sql$", "");
  }
}
