package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Writes the next changelog file of a module, for a person to fill in.
public final class ChangelogDraft {

  private static final Pattern MODULE = Pattern.compile("[a-z][a-z0-9_]*");

  /// Numbers of 14 digits are times.
  private static final long FIRST_TIMESTAMP = 10_000_000_000_000L;

  private static final DateTimeFormatter TIMESTAMP =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss", Locale.ROOT);

  private ChangelogDraft() {}

  /// What is written.
  ///
  /// @param root the directory that holds `core/`, or that is the module core
  /// @param module the module; its directory is created when this is its first file
  /// @param name what it is about; turned into `lower_case_words`
  /// @param version the version it gets; empty is the next
  /// @param pair whether the first file of a module is one of a pair; later ones are like the first
  /// @param body its statements; its rollback is still missing
  /// @param transactional whether they run in a transaction
  public record Request(
      Path root,
      String module,
      String name,
      Optional<ChangesetVersion> version,
      boolean pair,
      String body,
      boolean transactional) {}

  /// Creates the file of a changeset, and that of its rollback if it has one of its own: in the
  /// form of the module's other files, or in Liquibase's.
  ///
  /// @throws OperatorException when the number is taken, when the name cannot be one, and when the
  ///   module has files of another form
  public static List<Path> create(Request request) {
    String name = request.name();
    String module = request.module();
    String slug = slug(name);
    requireModule(module);
    List<ChangelogFile> files =
        Changelogs.in(request.root()).files().getOrDefault(module, List.of());
    ChangelogForm form = form(request, files);
    ChangesetVersion wanted = request.version().orElseGet(() -> next(form, files));
    for (ChangelogFile file : files) {
      if (file.version().equals(wanted)) {
        throw new OperatorException(
            "number " + wanted.digits() + " is taken by " + file.shortPath(),
            "the next free one is " + files.getLast().version().next().digits());
      }
    }
    Path directory = Changelogs.directory(request.root(), module);
    String digits = digits(form, files, wanted);
    Map<Path, String> texts = new LinkedHashMap<>();
    String body = request.body().isEmpty() ? "" : request.body() + "\n";
    switch (form) {
      case PAIR -> {
        texts.put(directory.resolve(digits + "_" + slug + ".up.sql"), body);
        texts.put(directory.resolve(digits + "_" + slug + ".down.sql"), "");
      }
      case FLYWAY -> texts.put(directory.resolve("V" + digits + "__" + slug + ".sql"), body);
      case PLAIN -> texts.put(directory.resolve(digits + "_" + slug + ".sql"), body);
      case GOOSE ->
          texts.put(
              directory.resolve(digits + "_" + slug + ".sql"),
              (request.transactional() ? "" : "-- +goose NO TRANSACTION\n")
                  + "-- +goose Up\n%s\n-- +goose Down\n".formatted(body));
      case DBMATE ->
          texts.put(
              directory.resolve(digits + "_" + slug + ".sql"),
              "-- migrate:up%s\n%s\n-- migrate:down\n"
                  .formatted(request.transactional() ? "" : " transaction:false", body));
      case REPEATABLE -> throw new IllegalStateException("it has no number");
      case LIQUIBASE ->
          texts.put(
              directory.resolve(digits + "_" + slug + ".sql"),
              text(module, wanted, name, body, request.transactional()));
    }
    write(directory, texts);
    return List.copyOf(texts.keySet());
  }

  /// Creates a file that is run again when it changes.
  ///
  /// @throws OperatorException when there is one of this name
  public static Path createRepeatable(Path root, String module, String name) {
    requireModule(module);
    Path directory = Changelogs.directory(root, module);
    Path file = directory.resolve("R__" + slug(name) + ".sql");
    write(directory, Map.of(file, ""));
    return file;
  }

  private static String slug(String name) {
    String slug =
        name.strip().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_").replaceAll("^_|_$", "");
    if (slug.isEmpty()) {
      throw new OperatorException(
          "not a name for a changelog: " + name, "say what it does in a few words");
    }
    return slug;
  }

  private static void requireModule(String module) {
    if (!MODULE.matcher(module).matches()) {
      throw new OperatorException(
          "not a module's name: " + module, "it is lower-case letters, digits and _");
    }
  }

  private static void write(Path directory, Map<Path, String> texts) {
    try {
      Files.createDirectories(directory);
      for (Map.Entry<Path, String> text : texts.entrySet()) {
        Files.writeString(text.getKey(), text.getValue(), StandardOpenOption.CREATE_NEW);
      }
    } catch (FileAlreadyExistsException e) {
      throw new OperatorException(
          "there is a file " + e.getFile() + " already", "choose another name", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ChangelogForm form(Request request, List<ChangelogFile> files) {
    if (files.isEmpty()) {
      return request.pair() ? ChangelogForm.PAIR : ChangelogForm.LIQUIBASE;
    }
    ChangelogFile first = files.getFirst();
    if (request.pair() && first.form() != ChangelogForm.PAIR) {
      throw new OperatorException(
          first.shortPath() + " is " + first.form().description() + ", and no pair",
          "a module has one form; leave out --pair");
    }
    return first.form();
  }

  private static ChangesetVersion next(ChangelogForm form, List<ChangelogFile> files) {
    if (files.isEmpty()) {
      return ChangesetVersion.of(1);
    }
    ChangesetVersion last = files.getLast().version();
    boolean isTime =
        form != ChangelogForm.LIQUIBASE && last.isNumber() && last.number() >= FIRST_TIMESTAMP;
    return isTime
        ? ChangesetVersion.of(
            Math.max(
                last.number() + 1,
                Long.parseLong(TIMESTAMP.format(LocalDateTime.now(ZoneOffset.UTC)))))
        : last.next();
  }

  /// A version with as many digits as in the names of the other files, if it is one number.
  private static String digits(
      ChangelogForm form, List<ChangelogFile> files, ChangesetVersion version) {
    if (form == ChangelogForm.LIQUIBASE || files.isEmpty() || !version.isNumber()) {
      return version.digits();
    }
    String last = files.getLast().fileName().replaceFirst("^V", "");
    int width = last.indexOf('_');
    String shortest = Long.toString(version.number());
    return "0".repeat(Math.max(0, width - shortest.length())) + shortest;
  }

  private static String text(
      String module, ChangesetVersion version, String name, String body, boolean transactional) {
    return """
    --liquibase formatted sql

    --changeset %s:%s%s
    --comment %s
    %s
    --rollback
    """
        .formatted(
            module,
            version.digits(),
            transactional ? "" : " runInTransaction:false",
            name.strip().replaceAll("\\s+", " "),
            body);
  }
}
