package dev.sheaf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The Java of `docs/entities.md`, as a reader would type it.
final class Tutorial {

  private static final Pattern PATH = Pattern.compile("`(src/[\\w/]+\\.java)`");

  private Tutorial() {}

  /// A piece of code.
  ///
  /// @param file where it belongs; `null` if it is an example
  /// @param code a whole file, or members of its class
  record Step(@Nullable Path file, String code) {

    /// Creates the file, or adds the code at the end of its class.
    ///
    /// @param root the directory of the project
    /// @return the file
    Path apply(Path root) throws IOException {
      Path target = root.resolve(Objects.requireNonNull(file));
      if (code.startsWith("package ")) {
        return Files.writeString(target, code);
      }
      String source = Files.readString(target);
      int end = source.lastIndexOf('}');
      return Files.writeString(
          target, source.substring(0, end) + "\n" + code + source.substring(end));
    }
  }

  static List<Step> steps() throws IOException {
    return steps(Path.of("docs/entities.md"));
  }

  /// The Java of a page.
  static List<Step> steps(Path page) throws IOException {
    var steps = new ArrayList<Step>();
    @Nullable Path file = null;
    @Nullable StringBuilder code = null;
    for (String line : Files.readAllLines(page)) {
      if (code != null && line.equals("```")) {
        steps.add(new Step(file, code.toString()));
        code = null;
      } else if (code != null) {
        code.append(line).append('\n');
      } else if (line.equals("```java")) {
        code = new StringBuilder();
      } else {
        Matcher path = PATH.matcher(line);
        while (path.find()) {
          file = Path.of(path.group(1));
        }
      }
    }
    return steps;
  }
}
