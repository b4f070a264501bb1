package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import liquibase.ChecksumVersion;
import liquibase.change.AbstractSQLChange;
import liquibase.change.Change;
import liquibase.change.CheckSum;
import liquibase.change.core.EmptyChange;
import liquibase.changelog.ChangeSet;
import liquibase.exception.LiquibaseException;
import liquibase.exception.UnexpectedLiquibaseException;
import org.jspecify.annotations.Nullable;

/// A changelog that was written for Liquibase: files of formatted SQL with any number of changesets
/// each, of any author and id. Liquibase's own parser says where they begin and end, and what
/// belongs to the rollback.
public final class LiquibaseChangelog {

  /// More changesets are not listed in a message.
  private static final int LISTED = 5;

  /// The longest name that is made of an id, in characters.
  private static final int LONGEST_NAME = 60;

  private static final Pattern OTHER_FORMAT = Pattern.compile(".*\\.(?:xml|ya?ml|json)");
  private static final Pattern CHANGE_SET = Pattern.compile("\\bchangeSet\\b");
  private static final Pattern CONDITION =
      Pattern.compile("\\b(?:context|contextFilter|labels|preConditions|property)\\b");
  private static final Pattern ROLLBACK_BLOCK =
      Pattern.compile("(?is)/\\*\\s*liquibase\\s+rollback\\s*\\n(.*?)\\*/");
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{[^}\\n]+}");

  private final String origin;
  private final List<Entry> entries;

  /// The files of other formats, by path. They include files, and have no changesets.
  private final SortedMap<String, String> masters;

  private LiquibaseChangelog(
      String origin, List<Entry> entries, SortedMap<String, String> masters) {
    this.origin = origin;
    this.entries = entries;
    this.masters = masters;
  }

  /// A changeset of such a changelog.
  ///
  /// @param path of its file, in the directory of the changelog
  /// @param changeSet as Liquibase reads it
  /// @param blocks the text of all rollbacks in block comments of its file, whose lines Liquibase
  ///   joins
  public record Entry(String path, ChangeSet changeSet, List<String> blocks) {

    /// Whether a row of Liquibase's history names this changeset.
    ///
    /// @param recorded the path of the row, which begins wherever Liquibase ran
    public boolean isNamed(String id, String author, String recorded) {
      String row = recorded.replace('\\', '/').replaceFirst("^(?:classpath:)?/*", "");
      String logical = changeSet.getFilePath();
      boolean isFile =
          LiquibaseReading.isNamed(changeSet)
              ? row.equals(logical)
              : ("/" + row).endsWith("/" + path) || ("/" + path).endsWith("/" + row);
      return isFile && changeSet.getId().equals(id) && changeSet.getAuthor().equals(author);
    }

    /// Whether this is what was applied, by a checksum of any version of Liquibase.
    ///
    /// @param recorded `null` accepts anything
    public boolean isWhatWasApplied(@Nullable String recorded) {
      return recorded == null || changeSet.isCheckSumValid(CheckSum.parse(recorded));
    }

    private String checksum() {
      // Liquibase keeps the one that it has computed last, of whatever version.
      changeSet.clearCheckSum();
      return changeSet.generateCheckSum(ChecksumVersion.latest()).toString();
    }

    /// As Liquibase names a changeset.
    @Override
    public String toString() {
      return path + "::" + changeSet.getId() + "::" + changeSet.getAuthor();
    }
  }

  /// A changelog without files, for a directory that [#in] reads.
  public static Changelogs unread(Path directory) {
    return Changelogs.ofFiles(directory.toString(), new TreeMap<>());
  }

  /// Reads all files in a directory and below, in the order of their paths.
  ///
  /// @throws OperatorException if a file has something that cannot be converted
  public static LiquibaseChangelog in(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new OperatorException(
          "no directory of changelogs: " + directory, "give the directory of Liquibase's files");
    }
    List<Entry> entries = new ArrayList<>();
    SortedMap<String, String> masters = new TreeMap<>();
    try {
      Changelogs.Reading reading = new Changelogs.Reading();
      for (String path : paths(directory)) {
        byte[] content = reading.file(directory.resolve(path));
        if (path.endsWith(".sql")) {
          for (Entry entry : read(path, SourceText.of(content))) {
            requireHonoured(entry);
            entries.add(entry);
          }
        } else {
          String text = new String(content, StandardCharsets.UTF_8);
          if (text.contains("databaseChangeLog")) {
            requireIncludes(path, text);
            masters.put(path, text);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (entries.isEmpty()) {
      throw new OperatorException(
          directory + " has no changeset of formatted SQL",
          "give the directory of Liquibase's files");
    }
    Set<String> names = new HashSet<>();
    for (Entry entry : entries) {
      if (!names.add(entry.toString())) {
        throw new OperatorException(
            entry + " is there twice", "delete one; Liquibase rejects such a file too");
      }
    }
    requireRollbacks(entries);
    return new LiquibaseChangelog(directory.toString(), entries, masters);
  }

  private static List<String> paths(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> directory.relativize(file).toString().replace('\\', '/'))
          .filter(path -> !path.startsWith(".") && !path.contains("/."))
          .filter(path -> path.endsWith(".sql") || OTHER_FORMAT.matcher(path).matches())
          .sorted()
          .toList();
    }
  }

  private static void requireIncludes(String path, String text) {
    if (CHANGE_SET.matcher(text).find()) {
      throw new OperatorException(
          path + " has changesets that are not SQL",
          "write each of them as formatted SQL, such as liquibase update-sql prints it; or leave the history"
              + " behind: adopt files that make the same with --from database");
    }
    Matcher condition = CONDITION.matcher(text);
    if (condition.find()) {
      throw new OperatorException(
          path + " uses " + condition.group() + ", which is not supported",
          "remove it; a changeset runs once, everywhere");
    }
  }

  private static List<Entry> read(String path, SourceText text) {
    if (ChangelogForm.of(text) != ChangelogForm.LIQUIBASE) {
      throw new OperatorException(
          path + " is not formatted SQL of Liquibase",
          "begin it with --liquibase formatted sql and --changeset author:id, or move it out of the directory");
    }
    int invalid = text.invalid();
    if (invalid >= 0) {
      throw new OperatorException(
          "%s:%s: contains a byte that is not UTF-8, or a NUL"
              .formatted(path, new SourceText.Positions(text).of(invalid).line()),
          "save the file as UTF-8");
    }
    Matcher placeholder = PLACEHOLDER.matcher(text.toString());
    if (placeholder.find()) {
      long line = text.toString().substring(0, placeholder.start()).lines().count();
      throw new OperatorException(
          "%s:%s: has %s, which Liquibase replaces and Sheaf does not"
              .formatted(path, Math.max(1, line), placeholder.group()),
          "write the value");
    }
    List<String> blocks =
        ROLLBACK_BLOCK.matcher(text.toString()).results().map(block -> block.group(1)).toList();
    try {
      return LiquibaseReading.changeSets(text).stream()
          .map(changeSet -> new Entry(path, changeSet, blocks))
          .toList();
    } catch (LiquibaseException | UnexpectedLiquibaseException e) {
      throw new OperatorException(
          "Liquibase cannot read %s: %s".formatted(path, e.getMessage()), "correct the file");
    }
  }

  /// Attributes that change nothing here pass: how statements are split, because they are split as
  /// PostgreSQL reads them, and whether comments are sent.
  private static void requireHonoured(Entry entry) {
    ChangeSet changeSet = entry.changeSet();
    String unsupported = unsupported(changeSet);
    if (unsupported != null) {
      throw new OperatorException(
          "%s uses %s, which is not supported".formatted(entry, unsupported),
          changeSet.isRunOnChange()
              ? "remove it; a file that runs again when it changes is named R__name.sql"
              : "remove it; a changeset runs once, everywhere, statement by statement");
    }
  }

  private static @Nullable String unsupported(ChangeSet changeSet) {
    if (changeSet.isRunOnChange()) {
      return "runOnChange:true";
    } else if (changeSet.isAlwaysRun()) {
      return "runAlways:true";
    } else if (changeSet.isIgnore()) {
      return "ignore:true";
    } else if (Boolean.FALSE.equals(changeSet.getFailOnError())) {
      return "failOnError:false";
    } else if (!changeSet.getContextFilter().isEmpty()) {
      return "context:" + changeSet.getContextFilter();
    } else if (!changeSet.getLabels().isEmpty()) {
      return "labels:" + changeSet.getLabels();
    }
    Set<String> databases = Objects.requireNonNullElse(changeSet.getDbmsSet(), Set.of());
    if (!databases.isEmpty() && !ChangesetLine.includesPostgres(List.copyOf(databases))) {
      return "dbms:" + String.join(",", databases);
    } else if (changeSet.getRunWith() != null) {
      return "runWith:" + changeSet.getRunWith();
    } else if (changeSet.getRunOrder() != null) {
      return "runOrder:" + changeSet.getRunOrder();
    } else if (changeSet.getPreconditions() != null
        && !changeSet.getPreconditions().getNestedPreconditions().isEmpty()) {
      return "--preconditions";
    } else if (!changeSet.getValidCheckSums().isEmpty()) {
      return "--validCheckSum";
    }
    for (Change change : all(changeSet)) {
      if (change instanceof AbstractSQLChange sql
          && sql.getEndDelimiter() != null
          && !sql.getEndDelimiter().equals(";")) {
        return "endDelimiter:" + sql.getEndDelimiter();
      }
      if (change instanceof AbstractSQLChange sql
          && Boolean.FALSE.equals(sql.isSplitStatements())
          && !changeSet.isRunInTransaction()
          && SqlStatement.of(Objects.requireNonNullElse(sql.getSql(), "")).size() > 1) {
        return "splitStatements:false with runInTransaction:false";
      }
    }
    return null;
  }

  private static List<Change> all(ChangeSet changeSet) {
    return Stream.concat(
            changeSet.getChanges().stream(), changeSet.getRollback().getChanges().stream())
        .toList();
  }

  private static void requireRollbacks(List<Entry> entries) {
    List<String> missing =
        entries.stream()
            .filter(entry -> entry.changeSet().getRollback().getChanges().isEmpty())
            .map(Entry::toString)
            .toList();
    if (!missing.isEmpty()) {
      throw new OperatorException(
          "formatted SQL needs a rollback in each changeset, and these have none: "
              + Abbreviation.of(missing, LISTED),
          "write --rollback SQL after its last statement, or --rollback empty; no checksum changes by that");
    }
  }

  /// Its changesets, in the order of the files' paths, and of the files.
  public List<Entry> entries() {
    return entries;
  }

  /// The same as changelogs of Sheaf, one file for each changeset.
  ///
  /// @param applied those that come first, in this order; the others follow
  /// @throws OperatorException if one cannot be written, or if another file than those of SQL
  ///   decides about the order of the others
  public Changelogs split(String module, List<Entry> applied) {
    List<Entry> pending =
        entries.stream().filter(Predicate.not(new HashSet<>(applied)::contains)).toList();
    requireOrder(pending);
    List<ChangelogFile> files = new ArrayList<>();
    for (Entry entry : Stream.concat(applied.stream(), pending.stream()).toList()) {
      files.add(file(module, files.size() + 1, entry));
    }
    return Changelogs.ofFiles(origin, new TreeMap<>(Map.of(module, List.copyOf(files))));
  }

  private void requireOrder(List<Entry> pending) {
    List<String> paths = pending.stream().map(Entry::path).distinct().toList();
    masters.forEach((path, text) -> {
      if (paths.size() > 1) {
        throw new OperatorException(
            "%s says in which order these files run, which is not read, and their changesets are pending: %s"
                .formatted(path, Abbreviation.of(paths, LISTED)),
            "apply them with Liquibase first; or, if the order of their paths is right, move %s out of the directory"
                .formatted(path));
      }
    });
    for (String file : paths) {
      String name = file.substring(file.lastIndexOf('/') + 1);
      if (!masters.isEmpty()
          && masters.values().stream()
              .noneMatch(text -> text.contains(name) || text.contains("includeAll"))) {
        throw new OperatorException(
            file + " has pending changesets, and no other file includes it",
            "move it out of the directory, or apply it with Liquibase first");
      }
    }
  }

  private static ChangelogFile file(String module, int number, Entry entry) {
    ChangeSet changeSet = entry.changeSet();
    String up = sql(entry, changeSet.getChanges());
    String down = sql(entry, changeSet.getRollback().getChanges());
    String id = ChangelogFile.digits(number);
    StringBuilder text = new StringBuilder("--liquibase formatted sql\n\n-- was ");
    text.append(oneLine(entry.toString())).append('\n');
    text.append("--changeset ").append(module).append(':').append(id);
    text.append(changeSet.isRunInTransaction() ? "\n" : " runInTransaction:false\n");
    text.append("--comment ").append(comment(entry)).append('\n');
    text.append(up).append("\n\n");
    if (down.isEmpty()) {
      text.append("--rollback empty because its changeset in ")
          .append(oneLine(entry.path()))
          .append(" says so\n");
    } else {
      down.lines().forEach(line -> text.append("--rollback ").append(line).append('\n'));
    }
    ChangelogFile file =
        ChangelogFile.of(
            module,
            id + "_" + name(entry) + ".sql",
            text.toString().getBytes(StandardCharsets.UTF_8));
    requireSame(entry, Changeset.of(file, number == 1), down);
    return file;
  }

  /// The text of changes of SQL; empty if there is nothing to do.
  private static String sql(Entry entry, List<Change> changes) {
    return changes.stream()
        .filter(change -> !(change instanceof EmptyChange))
        .map(change -> {
          if (change instanceof AbstractSQLChange sql && sql.getSql() != null) {
            String text = SourceText.of(sql.getSql()).toString().strip();
            return entry.blocks().stream()
                .filter(block -> withoutSpace(block).equals(withoutSpace(text)))
                .findFirst()
                .orElse(text)
                .strip();
          }
          throw new OperatorException(
              "%s has a change that is not SQL: %s".formatted(entry, change.getDescription()),
              "write it as SQL");
        })
        .collect(Collectors.joining("\n;\n"));
  }

  private static String withoutSpace(String text) {
    return text.replaceAll("\\s+", "");
  }

  private static String comment(Entry entry) {
    String comment = entry.changeSet().getComments();
    return comment == null || comment.isBlank()
        ? name(entry).replace('_', ' ')
        : oneLine(comment.strip());
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ");
  }

  /// Of the first that has a word: the id, the comment, the name of the file.
  private static String name(Entry entry) {
    String file = entry.path().substring(entry.path().lastIndexOf('/') + 1);
    return Stream.of(
            entry.changeSet().getId(),
            Objects.requireNonNullElse(entry.changeSet().getComments(), ""),
            file.replaceFirst("\\.sql$", ""))
        .map(text -> text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_"))
        .map(text -> text.substring(0, Math.min(text.length(), LONGEST_NAME)))
        .map(text -> text.replaceAll("^_+|_+$", ""))
        .filter(text -> text.matches(".*[a-z].*"))
        .findFirst()
        .orElse("changeset");
  }

  private static void requireSame(Entry entry, Changeset made, String down) {
    @Nullable String difference =
        !made.problems().isEmpty()
            ? made.problems().getFirst().message()
            : !made.checksum().equals(entry.checksum())
                ? "its statements would be read as others"
                : !SqlStatement.digest(Objects.requireNonNull(made.down()))
                        .equals(SqlStatement.digest(SqlStatement.of(down)))
                    ? "its rollback would be read as another one"
                    : null;
    if (difference != null) {
      throw new OperatorException(
          "%s cannot be written as a file of its own: %s".formatted(entry, difference),
          made.problems().isEmpty() ? "correct it" : made.problems().getFirst().hint());
    }
  }
}
