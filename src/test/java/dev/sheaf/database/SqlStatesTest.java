package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SqlStatesTest {

  private static final Pattern STATE = Pattern.compile("\"([0-9][0-9A-Z]{4}|XX0\\d\\d)\"");

  private static final Pattern ANNOTATION = Pattern.compile("@\\w+\\([^)]*\\)");

  @Test
  void noStateIsWrittenAnywhereElse() throws IOException {
    List<String> offenders = new ArrayList<>();
    try (var files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        if (!file.endsWith("SqlStates.java")) {
          ANNOTATION
              .matcher(Files.readString(file))
              .replaceAll("")
              .lines()
              .filter(line -> STATE.matcher(line).find())
              .forEach(line -> offenders.add(file.getFileName() + ": " + line.strip()));
        }
      }
    }
    assertThat(offenders).as("a state has a name, in SqlStates").isEmpty();
  }
}
