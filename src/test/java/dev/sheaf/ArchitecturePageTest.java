package dev.sheaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// ARCHITECTURE.md names packages and classes that exist.
class ArchitecturePageTest {

  private static final Pattern CLASS = Pattern.compile("`@?([A-Z][a-z]\\w*)`");
  private static final Pattern PACKAGE =
      Pattern.compile("(?m)^  ([a-z]+) {2,}\\w|^    \\.([a-z]+) ");

  private final String page = read(Path.of("ARCHITECTURE.md"));

  @Test
  void everyClassExists() throws IOException {
    Set<String> classes;
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      classes =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".java"))
              .map(name -> name.substring(0, name.length() - ".java".length()))
              .collect(Collectors.toSet());
    }
    List<String> named =
        CLASS.matcher(page).results().map(match -> match.group(1)).distinct().toList();
    assertThat(named).hasSizeGreaterThan(40).allSatisfy(name -> assertThat(classes).contains(name));
  }

  @Test
  void everyPackageIsListed() throws IOException {
    assertThat(listed()).containsExactlyInAnyOrderElementsOf(directories());
  }

  private Set<String> listed() {
    return PACKAGE
        .matcher(page)
        .results()
        .map(ArchitecturePageTest::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String name(MatchResult match) {
    return match.group(1) != null ? match.group(1) : "migration." + match.group(2);
  }

  /// The packages right below `dev.sheaf`, and those right below `migration`.
  private static Set<String> directories() throws IOException {
    Path root = Path.of("src/main/java/dev/sheaf");
    Set<String> packages = new TreeSet<>();
    for (Path directory : children(root)) {
      packages.add(directory.getFileName().toString());
    }
    for (Path directory : children(root.resolve("migration"))) {
      packages.add("migration." + directory.getFileName());
    }
    return packages;
  }

  private static List<Path> children(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(path -> Files.exists(path.resolve("package-info.java"))).toList();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
