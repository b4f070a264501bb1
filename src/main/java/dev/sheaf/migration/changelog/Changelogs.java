package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.Hashes;
import dev.sheaf.runtime.OperatorException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// The changelog files of every module, as text. A directory under the root is a module; nothing is
/// registered anywhere. Reading is all that happens here, because a start at head does no more.
///
/// A root that holds changelog files itself, and no module, is the module core.
///
/// @param origin where they were read, for messages
/// @param files by module, in order of their numbers
/// @param backfills those that declare one, likewise
/// @param tests what their authors expect of changesets, by the changeset's label with the suffix
///   of tests; no part of the [#fingerprint]
/// @param repeatables those that are run again when they change, likewise, in order of their names
/// @param allowances the text of each module's `lint.allow`, where it has one
/// @param templates from the directory `template`, which is no module, by name
public record Changelogs(
    String origin,
    SortedMap<String, List<ChangelogFile>> files,
    SortedMap<String, List<ChangelogFile>> backfills,
    SortedMap<String, SourceText> tests,
    SortedMap<String, List<ChangelogFile>> repeatables,
    SortedMap<String, String> allowances,
    SortedMap<String, ChangelogFile> templates) {

  /// Changelogs with nothing but files of changesets.
  static Changelogs ofFiles(String origin, SortedMap<String, List<ChangelogFile>> files) {
    return new Changelogs(
        origin,
        files,
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>());
  }

  /// The file in a module's directory that says what `sheaf migrate check` does not report of it.
  public static final String ALLOWANCES = "lint.allow";

  public static final String LOCATION = "db/changelog";
  static final String TEMPLATES = "template";
  private static final String SUFFIX = ".sql";

  /// What Flyway's settings for one file are in, beside it.
  static final String CONFIG = SUFFIX + ".conf";

  /// What the name of a file with a number begins with.
  private static final Pattern NUMBERED = Pattern.compile("[VU]?\\d+(?:\\.\\d+)*_.*\\.sql");

  private static final Pattern IN_ARCHIVE =
      Pattern.compile(
          Pattern.quote(LOCATION)
              + "/([^/]+)/([^/]+%s|[VUR][^/]*%s|%s)"
                  .formatted(
                      Pattern.quote(SUFFIX), Pattern.quote(CONFIG), Pattern.quote(ALLOWANCES)));

  /// Those that are packed with the application.
  public static Changelogs bundled() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    URL marker = loader.getResource(LOCATION + "/root.yaml");
    if (marker == null) {
      throw new OperatorException("the application holds no " + LOCATION, "build it again");
    }
    try {
      if (marker.openConnection() instanceof JarURLConnection jar) {
        return of(LOCATION, inArchive(Path.of(jar.getJarFileURL().toURI())));
      }
      if (marker.getProtocol().equals("file")) {
        return of(LOCATION, inDirectory(Path.of(marker.toURI()).resolveSibling("")));
      }
      // In a native executable.
      try (FileSystem resources = FileSystems.newFileSystem(marker.toURI(), Map.of())) {
        return of(LOCATION, inDirectory(resources.getPath("/" + LOCATION)));
      }
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Those in a directory.
  ///
  /// @throws OperatorException when there is no such directory
  public static Changelogs in(Path root) {
    if (!Files.isDirectory(root)) {
      throw new OperatorException(
          "no directory of changelogs: " + root, "give the directory that holds core/");
    }
    try {
      return of(root.toString(), inDirectory(root));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// @param directories the contents of files by name, by the name of their directory
  private static Changelogs of(
      String origin, SortedMap<String, SortedMap<String, byte[]>> directories) {
    SortedMap<String, List<ChangelogFile>> files = new TreeMap<>();
    SortedMap<String, List<ChangelogFile>> backfills = new TreeMap<>();
    SortedMap<String, SourceText> tests = new TreeMap<>();
    SortedMap<String, List<ChangelogFile>> repeatables = new TreeMap<>();
    SortedMap<String, String> allowances = new TreeMap<>();
    SortedMap<String, ChangelogFile> templates = new TreeMap<>();
    directories.forEach((directory, contents) -> {
      if (directory.equals(TEMPLATES)) {
        contents.forEach((fileName, content) -> {
          String name = fileName.substring(0, fileName.length() - SUFFIX.length());
          templates.put(name, ChangelogFile.template(name, SourceText.of(content)));
        });
      } else {
        byte[] allowed = contents.remove(ALLOWANCES);
        if (allowed != null) {
          allowances.put(directory, new String(allowed, StandardCharsets.UTF_8));
        }
        contents.forEach((fileName, content) -> {
          if (fileName.endsWith(DataTest.SUFFIX)) {
            tests.put(directory + "/" + fileName, SourceText.of(content));
          }
        });
        List<ChangelogFile> ofModule =
            contents.entrySet().stream()
                .filter(file -> file.getKey().endsWith(SUFFIX))
                .filter(file -> !file.getKey().endsWith(DataTest.SUFFIX))
                .map(file ->
                    ChangelogFile.of(
                        directory,
                        file.getKey(),
                        file.getValue(),
                        contents.get(file.getKey() + ".conf")))
                .sorted(Comparator.comparing(ChangelogFile::version))
                .toList();
        files.put(
            directory,
            joined(
                ofModule.stream().filter(ChangelogFile::isNumbered).toList(),
                (_, problem) -> {
                  throw problem;
                }));
        backfills.put(directory, ofModule.stream().filter(ChangelogFile::isBackfill).toList());
        repeatables.put(directory, ofModule.stream().filter(ChangelogFile::isRepeatable).toList());
      }
    });
    return new Changelogs(origin, files, backfills, tests, repeatables, allowances, templates);
  }

  /// The files of changesets of a module, each with the file of its rollback.
  ///
  /// @param files of one module, in order of their numbers
  /// @param problems takes what is wrong, and the file
  static List<ChangelogFile> joined(
      List<ChangelogFile> files, BiConsumer<ChangelogFile, OperatorException> problems) {
    List<ChangelogFile> rollbacks = files.stream().filter(file -> file.isRollback(files)).toList();
    List<ChangelogFile> joined = new ArrayList<>();
    for (ChangelogFile file : files) {
      List<ChangelogFile> own =
          rollbacks.contains(file)
              ? List.of()
              : rollbacks.stream()
                  .filter(rollback -> rollback.form() == file.form() && file.isUndoneBy(rollback))
                  .toList();
      if (own.size() > 1) {
        problems.accept(
            own.getLast(),
            new OperatorException(
                "%s and %s are both the rollback of %s"
                    .formatted(
                        own.getLast().shortPath(), own.getFirst().shortPath(), file.shortPath()),
                "delete one"));
      }
      if (!rollbacks.contains(file)) {
        joined.add(own.isEmpty() ? file : file.withRollback(own.getFirst()));
      } else if (files.stream()
          .noneMatch(
              up -> !rollbacks.contains(up) && up.form() == file.form() && up.isUndoneBy(file))) {
        problems.accept(
            file,
            new OperatorException(
                file.shortPath() + " is the rollback of a file that does not exist",
                "give it the number of the file that it undoes, or delete it"));
      }
      if (file.form() != files.getFirst().form()) {
        problems.accept(
            file,
            new OperatorException(
                "%s is %s, and %s is %s"
                    .formatted(
                        file.shortPath(),
                        file.form().description(),
                        files.getFirst().shortPath(),
                        files.getFirst().form().description()),
                "write all files of a module in one form"));
      }
    }
    return List.copyOf(joined);
  }

  /// Whether a directory is itself the module core.
  static boolean isModule(Path root) throws IOException {
    return names(root).stream().anyMatch(NUMBERED.asMatchPredicate())
        && modules(root).stream()
            .allMatch(directory -> {
              try {
                return names(directory).stream().noneMatch(name -> name.endsWith(SUFFIX));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  /// The directory of a module's files.
  ///
  /// @param root the directory of the changelogs
  public static Path directory(Path root, String module) {
    try {
      return module.equals(Modules.CORE) && Files.isDirectory(root) && isModule(root)
          ? root
          : root.resolve(module);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Without hidden directories, among them those in which Kubernetes keeps the files of a
  /// ConfigMap.
  private static List<Path> modules(Path root) throws IOException {
    List<Path> modules = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(root, Files::isDirectory)) {
      for (Path module : found) {
        if (!module.getFileName().toString().startsWith(".")) {
          modules.add(module);
        }
      }
    }
    return modules;
  }

  private static List<String> names(Path directory) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory)) {
      found.forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }

  private static SortedMap<String, SortedMap<String, byte[]>> inDirectory(Path root)
      throws IOException {
    SortedMap<String, SortedMap<String, byte[]>> directories = new TreeMap<>();
    Reading reading = new Reading();
    for (Path module : modules(root)) {
      SortedMap<String, byte[]> contents = contents(module, reading);
      if (!contents.isEmpty()) {
        directories.put(module.getFileName().toString(), contents);
      }
    }
    if (directories.isEmpty() && isModule(root)) {
      directories.put(Modules.CORE, contents(root, reading));
    }
    if (!directories.isEmpty() && !isModule(root)) {
      requireNoFiles(root, directories.firstKey());
    }
    return directories;
  }

  /// Flyway reads the files of a directory and of those in it; here these are modules.
  private static void requireNoFiles(Path root, String module) throws IOException {
    for (String name : names(root)) {
      if (ChangelogFile.isOfFlyway(name)) {
        throw new OperatorException(
            "%s has both %s and a directory %s with changelogs".formatted(root, name, module),
            "put the files of a module into one directory");
      }
    }
  }

  private static SortedMap<String, byte[]> contents(Path module, Reading reading)
      throws IOException {
    SortedMap<String, byte[]> contents = new TreeMap<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(
            module, "{*%s,[VUR]*%s,%s}".formatted(SUFFIX, CONFIG, ALLOWANCES))) {
      for (Path file : files) {
        contents.put(file.getFileName().toString(), reading.file(file));
      }
    }
    return contents;
  }

  /// Reads files as long as all of them fit into memory. Their statements take about as much again,
  /// and a copy is made of one file at a time.
  static final class Reading {

    private static final int SHARE_OF_HEAP = 4;

    private final long heap = Runtime.getRuntime().maxMemory();
    private long total;

    /// All of a file.
    ///
    /// @throws OperatorException when it is too large
    byte[] file(Path file) throws IOException {
      reserve(file.toString(), Files.size(file));
      try (InputStream content = open(file)) {
        return content.readNBytes(SourceText.MAX_BYTES);
      }
    }

    /// All of a file in an archive.
    byte[] entry(ZipFile archive, ZipEntry entry) throws IOException {
      reserve(entry.getName(), entry.getSize());
      try (InputStream content = archive.getInputStream(entry)) {
        return content.readNBytes(SourceText.MAX_BYTES);
      }
    }

    private void reserve(String name, long bytes) {
      if (bytes > SourceText.MAX_BYTES) {
        throw new OperatorException(
            "%s has %s, and a changelog file may have %s"
                .formatted(name, mebibytes(bytes), mebibytes(SourceText.MAX_BYTES)),
            "split it into several changesets");
      }
      total += bytes;
      if (total > heap / SHARE_OF_HEAP) {
        throw new OperatorException(
            "the changelogs up to %s, which has %s, have %s, and the memory of this process allows %s"
                .formatted(
                    name, mebibytes(bytes), mebibytes(total), mebibytes(heap / SHARE_OF_HEAP)),
            "run it with %s times that much memory, such as JAVA_TOOL_OPTIONS=-Xmx%sm"
                .formatted(SHARE_OF_HEAP, SHARE_OF_HEAP * ((total >> 20) + 1)));
      }
    }

    private static String mebibytes(long bytes) {
      return String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20));
    }
  }

  /// In a cold JVM a thousand files are read in half the time that a channel takes.
  private static InputStream open(Path file) throws IOException {
    return file.getFileSystem().equals(FileSystems.getDefault())
        ? new FileInputStream(file.toFile())
        : Files.newInputStream(file);
  }

  /// Entry by entry, because a file system over the archive takes longer to set up than all of them
  /// take to read.
  private static SortedMap<String, SortedMap<String, byte[]>> inArchive(Path file)
      throws IOException {
    SortedMap<String, SortedMap<String, byte[]>> directories = new TreeMap<>();
    Reading reading = new Reading();
    try (ZipFile archive = new ZipFile(file.toFile())) {
      for (ZipEntry entry : Collections.list(archive.entries())) {
        Matcher path = IN_ARCHIVE.matcher(entry.getName());
        if (path.matches()) {
          directories
              .computeIfAbsent(path.group(1), directory -> new TreeMap<>())
              .put(path.group(2), reading.entry(archive, entry));
        }
      }
    }
    return directories;
  }

  /// One of these files, parsed.
  ///
  /// @throws OperatorException when a backfill that it requires cannot be read
  public Changeset changeset(ChangelogFile file) {
    List<ChangelogFile> module = files.getOrDefault(file.module(), List.of());
    Changeset parsed =
        Changeset.of(
            file, module.isEmpty() || !file.version().isAfter(module.getFirst().version()));
    return parsed.withBackfills(
        parsed.directives().requiresBackfill().stream()
            .flatMap(name -> backfill(name).stream())
            .map(declared -> BackfillDeclaration.of(declared).forEveryRow())
            .toList(),
        backfill(parsed.label()).orElse(null));
  }

  /// The test that its author wrote of a changeset; empty if there is none.
  ///
  /// @throws OperatorException when the test has not the form of one
  public Optional<DataTest> test(Changeset changeset) {
    String path = changeset.label() + DataTest.SUFFIX;
    return Optional.ofNullable(tests.get(path)).map(text -> DataTest.of(path, text));
  }

  /// The file that declares a backfill.
  ///
  /// @param name `module/NNN_name`
  public Optional<ChangelogFile> backfill(String name) {
    String path = LOCATION + "/" + name + BackfillDeclaration.SUFFIX;
    return backfills.values().stream()
        .flatMap(List::stream)
        .filter(file -> file.path().equals(path))
        .findFirst();
  }

  /// The file of a changeset.
  ///
  /// @param path of the file or of that of its rollback, or `module/NNN_name`; in a root that is
  ///   the module core, the directory may have any name
  public Optional<ChangelogFile> at(Path path) {
    Path absolute = path.toAbsolutePath();
    Path root = Path.of(origin).toAbsolutePath();
    return files.values().stream()
        .flatMap(List::stream)
        .filter(file ->
            absolute.endsWith(file.label())
                || Stream.of(file, file.rollback())
                    .filter(Objects::nonNull)
                    .anyMatch(one ->
                        absolute.endsWith(one.shortPath())
                            || absolute.equals(root.resolve(one.fileName()))))
        .findFirst();
  }

  /// The statements that create the engine's own tables, or bring them up to date.
  public static String engineTables() {
    String path = LOCATION + "/bookkeeping.sql";
    try (InputStream in =
        Thread.currentThread().getContextClassLoader().getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("the application holds no " + path);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// SHA-256 over the paths and contents of `modules` and the engine's own tables, in hexadecimal:
  /// equal if and only if the same modules would be brought to the same head.
  public String fingerprint(List<String> modules) {
    MessageDigest digest = Hashes.sha256();
    for (String module : modules) {
      files.getOrDefault(module, List.of()).forEach(file -> update(digest, file));
      backfills.getOrDefault(module, List.of()).forEach(file -> update(digest, file));
      repeatables.getOrDefault(module, List.of()).forEach(file -> update(digest, file));
    }
    digest.update(engineTables().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, ChangelogFile file) {
    SourceText content = file.content();
    ChangelogFile rollback = file.rollback();
    if (rollback != null) {
      update(digest, rollback);
    }
    SourceText config = file.config();
    if (config != null) {
      digest.update("conf\n".getBytes(StandardCharsets.UTF_8));
      config.update(digest);
    }
    digest.update((file.path() + '\n' + content.length() + '\n').getBytes(StandardCharsets.UTF_8));
    content.update(digest);
  }
}
