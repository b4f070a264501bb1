package dev.sheaf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The Java of `docs/entities.md`, as a reader would type it.
final class Tutorial {

  private static final Pattern PATH = Pattern.compile("`(src/[\\w/]+\\.java)`");

  private Tutorial() {}

  /// A piece of code.
  ///
  /// @param file where it belongs; `null` if it is an example
  /// @param code a whole file, or members of its class
  record Step(Path file, String code) {

    /// The file after this step.
    String applied(Path root) throws IOException {
      if (code.startsWith("package ")) {
        return code;
      }
      String source = Files.readString(root.resolve(file));
      int end = source.lastIndexOf('}');
      return source.substring(0, end) + "\n" + code + source.substring(end);
    }

    void apply(Path root) throws IOException {
      Files.writeString(root.resolve(file), applied(root));
    }
  }

  static List<Step> steps() throws IOException {
    var steps = new ArrayList<Step>();
    Path file = null;
    StringBuilder code = null;
    for (String line : Files.readAllLines(Path.of("docs/entities.md"))) {
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
