package dev.sheaf.backup;

import dev.sheaf.runtime.OperatorException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One of PostgreSQL's own programs, `pg_dump` or `pg_restore`.
///
/// @param path where it is
/// @param version as it says itself, `17.6`
/// @param major its first number
record ClientProgram(Path path, String version, int major) {

  /// `pg_dump (PostgreSQL) 17.6 (Debian 17.6-1)`; betas are `18beta1`.
  private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) ((\\d+)[^ ]*)");

  /// Finds `name` for a server of version `major`. Of several the oldest that will do is taken: a
  /// newer one may use settings that the server does not know.
  ///
  /// @throws OperatorException when there is none, or none new enough
  static ClientProgram find(String name, int major) {
    return find(name, major, directories());
  }

  static ClientProgram find(String name, int major, List<Path> directories) {
    List<ClientProgram> found = new ArrayList<>();
    for (Path directory : directories) {
      Path path = directory.resolve(name);
      if (Files.isExecutable(path) && !Files.isDirectory(path)) {
        ask(path).ifPresent(found::add);
      }
    }
    String install =
        "install the client programs of PostgreSQL %1$s: postgresql-client-%1$s (Debian, Ubuntu), postgresql%1$s (Red Hat)"
            .formatted(major);
    if (found.isEmpty()) {
      throw new OperatorException(
          name + " is neither on PATH nor in /usr/lib/postgresql/*/bin", install);
    }
    return found.stream()
        .filter(program -> program.major >= major)
        .min(Comparator.comparingInt(ClientProgram::major))
        .orElseThrow(() -> {
          ClientProgram newest =
              found.stream().max(Comparator.comparingInt(ClientProgram::major)).orElseThrow();
          return new OperatorException(
              "PostgreSQL %s needs a %s as new as itself, and %s is %s"
                  .formatted(major, name, newest.path, newest.version),
              install);
        });
  }

  private static Optional<ClientProgram> ask(Path path) {
    try {
      Process process =
          new ProcessBuilder(path.toString(), "--version")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.getOutputStream().close();
      String answer =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      Matcher version = VERSION.matcher(answer);
      return version.find()
          ? Optional.of(
              new ClientProgram(path, version.group(1), Integer.parseInt(version.group(2))))
          : Optional.empty();
    } catch (IOException _) {
      // Something of that name that does not run is as good as nothing.
      return Optional.empty();
    }
  }

  /// PATH, then where packages put the versions that are not on it.
  private static List<Path> directories() {
    Set<Path> directories = new LinkedHashSet<>();
    String path = System.getenv("PATH");
    Pattern.compile(File.pathSeparator, Pattern.LITERAL)
        .splitAsStream(path == null ? "" : path)
        .filter(directory -> !directory.isEmpty())
        .map(Path::of)
        .forEach(directories::add);
    glob(Path.of("/usr/lib/postgresql"), "*", directories); // Debian, Ubuntu
    glob(Path.of("/usr"), "pgsql-*", directories); // Red Hat
    glob(Path.of("/opt/homebrew/opt"), "{postgresql@*,libpq}", directories);
    glob(Path.of("/usr/local/opt"), "{postgresql@*,libpq}", directories);
    return List.copyOf(directories);
  }

  private static void glob(Path parent, String pattern, Set<Path> into) {
    if (Files.isDirectory(parent)) {
      try (DirectoryStream<Path> versions = Files.newDirectoryStream(parent, pattern)) {
        versions.forEach(version -> into.add(version.resolve("bin")));
      } catch (IOException _) {
        // A directory that cannot be listed has nothing to offer.
      }
    }
  }
}
