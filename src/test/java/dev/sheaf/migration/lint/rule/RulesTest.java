package dev.sheaf.migration.lint.rule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.migration.lint.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Every rule has a class, a page and a test of the same name.
class RulesTest {

  private static final Path SOURCES = Path.of("src/main/java/dev/sheaf/migration/lint/rule");
  private static final Path TESTS = Path.of("src/test/java/dev/sheaf/migration/lint/rule");

  @Test
  void everyRuleIsRegistered() throws IOException {
    assertThat(names(Rules.ALL.stream().map(rule -> rule.getClass().getSimpleName())))
        .isEqualTo(names(files(SOURCES, ".java").filter(RulesTest::isRule)));
  }

  @Test
  void everyRuleHasAPageAndEveryPageARule() throws IOException {
    assertThat(names(files(Path.of("docs/lint"), ".md")))
        .isEqualTo(names(Rules.ALL.stream().map(Rule::name)));
  }

  @Test
  void everyPageSaysWhatIsFoundAndTheSafeWay() throws IOException {
    for (Rule rule : Rules.ALL) {
      assertThat(Files.readString(Path.of("docs/lint/" + rule.name() + ".md")))
          .startsWith("# " + rule.name() + "\n")
          .contains("-- Found\n", "The safe way:");
    }
  }

  @Test
  void everyRuleHasATest() throws IOException {
    assertThat(names(files(TESTS, "IT.java")))
        .containsAll(names(Rules.ALL.stream().map(rule -> rule.getClass().getSimpleName())));
  }

  private static boolean isRule(String name) {
    try {
      return Files.readString(SOURCES.resolve(name + ".java")).contains(" implements Rule {");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Stream<String> files(Path directory, String suffix) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(suffix))
          .map(name -> name.substring(0, name.length() - suffix.length()))
          .toList()
          .stream();
    }
  }

  private static List<String> names(Stream<String> names) {
    return names.sorted().toList();
  }
}
