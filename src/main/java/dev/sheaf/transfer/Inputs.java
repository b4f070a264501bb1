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

/// What the arguments of an import mean.
///
/// @param include patterns of the files of directories; empty for those whose names say that they
///   can be read
/// @param exclude patterns of those that are left out all the same
public record Inputs(List<String> include, List<String> exclude) {

  private static final Pattern LINES = Pattern.compile(".*\\.(ndjson|jsonl|json)(\\.gz)?");
  private static final Pattern TEXT =
      Pattern.compile(".*\\.(txt|text|md|markdown|htm|html|xhtml|pdf)");

  public Inputs {
    include = List.copyOf(include);
    exclude = List.copyOf(exclude);
  }

  /// What to upload: each file of lines by itself, and all other files together.
  ///
  /// @param arguments files, directories, and `-` for `in`
  /// @throws OperatorException when there is no such file, or nothing in a directory
  public List<Upload> uploads(List<String> arguments, InputStream in) {
    var uploads = new ArrayList<Upload>();
    var texts = new ArrayList<TextFiles.TextFile>();
    for (String argument : arguments) {
      try {
        if (argument.equals("-")) {
          uploads.add(Lines.of("stdin", in));
          continue;
        }
        Path path = Path.of(argument);
        for (Path file : files(path)) {
          if (isLines(file)) {
            uploads.add(Lines.of(file.toString(), file));
          } else {
            texts.add(new TextFiles.TextFile(id(path, file), file.toString(), file));
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
      throw new OperatorException("there is no " + path, "");
    }
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> below = Files.walk(path)) {
      List<Path> files =
          below
              .filter(Files::isRegularFile)
              .filter(file -> isMeant(path.relativize(file)))
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw new OperatorException(
            "there is nothing to import in " + path, "--include says which files are meant");
      }
      return files;
    }
  }

  private boolean isMeant(Path file) {
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

  /// A pattern with a slash is one of the path below the directory, any other one of the name.
  private static boolean matches(List<String> patterns, Path file) {
    return patterns.stream()
        .anyMatch(pattern -> {
          PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
          return matcher.matches(pattern.contains("/") ? file : file.getFileName());
        });
  }

  /// By its name, and where that says nothing by how it begins.
  private static boolean isLines(Path file) throws IOException {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (LINES.matcher(name).matches() || TEXT.matcher(name).matches()) {
      return LINES.matcher(name).matches();
    }
    try (var in = new BufferedInputStream(Files.newInputStream(file))) {
      return Lines.isGzip(in) || in.read() == '{';
    }
  }

  /// The path from the working directory, or of a file elsewhere from the directory that was named.
  private static String id(Path named, Path file) {
    Path here = Path.of("").toAbsolutePath();
    Path absolute = file.toAbsolutePath().normalize();
    if (named.equals(file) && !absolute.startsWith(here)) {
      return file.getFileName().toString();
    }
    Path base = absolute.startsWith(here) ? here : named.toAbsolutePath().normalize();
    return base.relativize(absolute).toString().replace('\\', '/');
  }
}
