package dev.sheaf.schema;

import java.io.IOException;
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
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// The changelog files of every module, as text. A directory under the root is a module; nothing is
/// registered anywhere. Reading is all that happens here, because a start at head does no more.
///
/// @param origin where they were read, for messages
/// @param files by module, in order of their numbers
/// @param templates by name, from the directory `template`, which is no module
record Changelogs(
    String origin,
    SortedMap<String, List<ChangelogFile>> files,
    SortedMap<String, String> templates) {

  static final String LOCATION = "db/changelog";
  private static final String TEMPLATES = "template";
  private static final String SUFFIX = ".sql";

  /// Those that are packed with the application.
  static Changelogs bundled() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    URL marker = loader.getResource(LOCATION + "/root.yaml");
    if (marker == null) {
      throw new SchemaException("the application holds no " + LOCATION, "build it again");
    }
    try {
      if (!(marker.openConnection() instanceof JarURLConnection jar)) {
        return read(Path.of(marker.toURI()).resolveSibling(""), LOCATION);
      }
      // By path and not by URI: a file system of our own, whoever else has the archive open.
      try (FileSystem archive = FileSystems.newFileSystem(Path.of(jar.getJarFileURL().toURI()))) {
        return read(archive.getPath(LOCATION), LOCATION);
      }
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Those in a directory.
  ///
  /// @throws SchemaException when there is no such directory
  static Changelogs in(Path root) {
    if (!Files.isDirectory(root)) {
      throw new SchemaException(
          "no directory of changelogs: " + root, "give the directory that holds core/");
    }
    try {
      return read(root, root.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Changelogs read(Path root, String origin) throws IOException {
    SortedMap<String, List<ChangelogFile>> files = new TreeMap<>();
    SortedMap<String, String> templates = new TreeMap<>();
    for (Map.Entry<String, Path> directory : list(root).entrySet()) {
      if (!Files.isDirectory(directory.getValue())) {
        continue;
      }
      String module = directory.getKey();
      List<ChangelogFile> found = new ArrayList<>();
      for (Map.Entry<String, Path> file : list(directory.getValue()).entrySet()) {
        String name = file.getKey();
        if (!name.endsWith(SUFFIX)) {
          continue;
        }
        if (module.equals(TEMPLATES)) {
          templates.put(
              name.substring(0, name.length() - SUFFIX.length()),
              Files.readString(file.getValue()));
        } else {
          found.add(ChangelogFile.of(module, name, Files.readAllBytes(file.getValue())));
        }
      }
      if (!found.isEmpty()) {
        found.sort(Comparator.comparingInt(ChangelogFile::number));
        files.put(module, List.copyOf(found));
      }
    }
    return new Changelogs(origin, files, templates);
  }

  /// What lies in a directory, by name and in order. A path is turned into a name once: comparing a
  /// thousand paths by their names took longer than reading the files.
  private static SortedMap<String, Path> list(Path directory) throws IOException {
    SortedMap<String, Path> entries = new TreeMap<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      for (Path entry : stream) {
        entries.put(name(entry), entry);
      }
    }
    return entries;
  }

  /// Inside an archive a directory's name ends with a slash.
  private static String name(Path path) {
    String name = path.getFileName().toString();
    return name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
  }

  /// SHA-256 over the paths and contents of `modules`, in hexadecimal: equal if and only if the
  /// same modules would be brought to the same head.
  String fingerprint(List<String> modules) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    for (String module : modules) {
      for (ChangelogFile file : files.getOrDefault(module, List.of())) {
        byte[] content = file.content().getBytes(StandardCharsets.UTF_8);
        digest.update(
            (file.path() + '\n' + content.length + '\n').getBytes(StandardCharsets.UTF_8));
        digest.update(content);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
