package dev.sheaf.transfer;

import dev.sheaf.runtime.OperatorException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Finds the files that the arguments of an import name.
///
/// @param include patterns of files in directories; if empty, all files with a supported extension
/// @param exclude patterns of files in directories to skip
public record ImportSources(List<String> include, List<String> exclude) {

  private static final Pattern LINES = Pattern.compile(".*\\.(ndjson|jsonl|json)(\\.gz)?");
  private static final Pattern TEXT =
      Pattern.compile(".*\\.(txt|text|md|markdown|htm|html|xhtml|pdf)");

  public ImportSources {
    include = List.copyOf(include);
    exclude = List.copyOf(exclude);
  }

  /// The uploads: one for each file of JSON lines, and one for all other files together.
  ///
  /// @param arguments files, directories, and `-` for `in`
  /// @throws OperatorException if a file does not exist, a directory has no matching file, or a
  ///   symbolic link in a directory leads out of it
  public List<Upload> uploads(List<String> arguments, InputStream in) {
    var uploads = new ArrayList<Upload>();
    var texts = new ArrayList<TextFiles.TextFile>();
    for (String argument : arguments) {
      try {
        if (argument.equals("-")) {
          uploads.add(JsonLines.of("stdin", in));
          continue;
        }
        Path path = Path.of(argument);
        for (Path file : files(path)) {
          if (isLines(file)) {
            uploads.add(JsonLines.of(file.toString(), file));
          } else {
            texts.add(new TextFiles.TextFile(documentId(path, file), file.toString(), file));
          }
        }
      } catch (IOException | UncheckedIOException e) {
        throw new OperatorException("cannot read " + argument + ": " + e.getMessage(), "", e);
      }
    }
    if (!texts.isEmpty()) {
      uploads.add(new TextFiles(texts, new TextReader()));
    }
    return uploads;
  }

  private List<Path> files(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new OperatorException(path + " does not exist", "");
    }
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> below = Files.walk(path)) {
      List<Path> files =
          below
              .filter(Files::isRegularFile)
              .filter(file -> isSelected(path.relativize(file)))
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw new OperatorException(
            path + " has no files to import", "select files with --include");
      }
      Path directory = path.toRealPath();
      for (Path file : files) {
        requireInside(directory, path, file);
      }
      return files;
    }
  }

  /// Whoever fills a directory must not choose which other files of the user are sent.
  ///
  /// @param directory the real path of `argument`
  private static void requireInside(Path directory, Path argument, Path file) throws IOException {
    if (!file.toRealPath().startsWith(directory)) {
      throw new OperatorException(
          "%s is a symbolic link to a file outside of %s".formatted(file, argument),
          "skip it with --exclude, or name the file that it leads to as an argument");
    }
  }

  private boolean isSelected(Path file) {
    for (Path part : file) {
      if (part.toString().startsWith(".")) {
        return false;
      }
    }
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    boolean included =
        include.isEmpty()
            ? LINES.matcher(name).matches() || TEXT.matcher(name).matches()
            : matches(include, file);
    return included && !matches(exclude, file);
  }

  /// A pattern with a slash matches the path below the directory, any other matches the file name.
  private static boolean matches(List<String> patterns, Path file) {
    return patterns.stream()
        .anyMatch(pattern -> {
          PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
          return matcher.matches(pattern.contains("/") ? file : file.getFileName());
        });
  }

  /// Decides by the file name, or by the first bytes if the extension is unknown.
  private static boolean isLines(Path file) throws IOException {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (LINES.matcher(name).matches() || TEXT.matcher(name).matches()) {
      return LINES.matcher(name).matches();
    }
    try (var in = new BufferedInputStream(Files.newInputStream(file))) {
      return JsonLines.isGzip(in) || in.read() == '{';
    }
  }

  /// The path relative to the working directory, or, for files elsewhere, to the argument.
  private static String documentId(Path argument, Path file) {
    Path workingDirectory = Path.of("").toAbsolutePath();
    Path absolute = file.toAbsolutePath().normalize();
    if (argument.equals(file) && !absolute.startsWith(workingDirectory)) {
      return file.getFileName().toString();
    }
    Path base =
        absolute.startsWith(workingDirectory)
            ? workingDirectory
            : argument.toAbsolutePath().normalize();
    return base.relativize(absolute).toString().replace('\\', '/');
  }
}
