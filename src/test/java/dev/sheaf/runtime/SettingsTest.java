package dev.sheaf.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.testing.SheafClasses;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SettingsTest {

  /// Any text is allowed, or almost any.
  private static final Set<String> TEXTS =
      Set.of(
          "sheaf.changelogs",
          "sheaf.access.oidc.roles.reader",
          "sheaf.access.oidc.roles.writer",
          "sheaf.access.oidc.roles.admin",
          "sheaf.access.oidc.roles.operator",
          "sheaf.access.open-hosts",
          "sheaf.access.oidc.collections-claim",
          "sheaf.embedding.model",
          "sheaf.embedding.openai.*.model",
          "sheaf.embedding.openai.*.api-key",
          "sheaf.embedding.openai.*.api-key-file",
          "sheaf.embedding.openai.*.query-prefix",
          "sheaf.embedding.openai.*.document-prefix",
          "sheaf.rerank.directory",
          "sheaf.rerank.model",
          "sheaf.rerank.api-key",
          "sheaf.rerank.api-key-file",
          "sheaf.schema.root",
          "sheaf.schema.verify-ignore",
          "sheaf.mongodb.database",
          "sheaf.mongodb.root");

  private static final Pattern CODE = Pattern.compile("`([^`]+)`");

  static List<String> names() {
    return Settings.names().stream().filter(name -> !TEXTS.contains(name)).toList();
  }

  @ParameterizedTest
  @MethodSource("names")
  void aValueThatIsNotAllowedIsReported(String name) {
    String configured = name.replace("*", "one");
    assertThatThrownBy(() -> Settings.check(config(Map.of(configured, "-1"))))
        .isInstanceOf(OperatorException.class)
        .hasMessageStartingWith(configured + " must be ")
        .hasMessageEndingWith("[source=test]) - correct the setting, or remove it");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          sheaf.search.ef-search | 2000 | sheaf.search.ef-search must be a whole number from 1 to 1000, not 2000
          sheaf.search.ef-search | many | sheaf.search.ef-search must be a whole number from 1 to 1000, not many
          sheaf.search.timeout | 0s | sheaf.search.timeout must be a duration from 1 ms to 1 h, such as 500ms, 30s or 5m, not 0s
          sheaf.http.max-body-size | 2G | sheaf.http.max-body-size must be a size from 1K to 1G, such as 512K or 10M, not 2G
          sheaf.index.max-recall-loss | 1e999999999 | sheaf.index.max-recall-loss must be a number from 0 to 1, not 1e999999999
          sheaf.index.max-recall-loss | NaN | sheaf.index.max-recall-loss must be a number from 0 to 1, not NaN
          sheaf.schema.vector-widths | 384,x | sheaf.schema.vector-widths must be a list, separated by commas, of which each is a whole number from 1 to 16000, not 384,x
          sheaf.embedding.openai."a.b".dimensions | 0 | sheaf.embedding.openai."a.b".dimensions must be a whole number from 1 to 16000, not 0
          sheaf.rerank.api-key | a secret | sheaf.rerank.api-key must be ASCII characters without spaces (PropertiesConfigSource[source=test]) - correct the setting, or remove it
          sheaf.rerank.api-key-file | /nowhere | sheaf.rerank.api-key-file must be a file that contains ASCII characters without spaces, not /nowhere
          sheaf.embedding.openai.m.api-key | a secret | sheaf.embedding.openai.m.api-key must be ASCII characters without spaces (PropertiesConfigSource[source=test]) - correct the setting, or remove it
          sheaf.embedding.openai.m.api-key-file | /nowhere | sheaf.embedding.openai.m.api-key-file must be a file that contains ASCII characters without spaces, not /nowhere
          sheaf.rerank.max-tokens | 15 | sheaf.rerank.max-tokens must be a whole number from 16 to 2048, not 15
          sheaf.rerank.threads | 0 | sheaf.rerank.threads must be a whole number from 1 to 1024, not 0
          sheaf.rerank.url | http://localhost | sheaf.rerank.model must be the name of the model of sheaf.rerank.url
          sheaf.access.mode | closed | sheaf.access.mode must be required or open, not closed
          sheaf.schema.scratch-url | mysql://u:secret@h/d | sheaf.schema.scratch-url must be a URL that begins with postgres:// or postgresql:// (PropertiesConfigSource[source=test]) - correct the setting, or remove it
          """)
  void theMessageNamesTheSettingTheValueAndWhatIsAllowed(
      String name, String value, String message) {
    assertThatThrownBy(() -> Settings.check(config(Map.of(name, value))))
        .hasMessageStartingWith(message)
        .hasMessageNotContaining("secret");
  }

  @Test
  void allProblemsAreReportedTogether() {
    assertThatThrownBy(() ->
            Settings.check(config(Map.of("sheaf.index.m", "1", "sheaf.chunking.max-tokens", "0"))))
        .hasMessageContainingAll("sheaf.index.m must", "; ", "sheaf.chunking.max-tokens must");
  }

  @Test
  void anOverlapIsShorterThanAChunk() {
    assertThatThrownBy(() ->
            Settings.check(
                config(
                    Map.of(
                        "sheaf.chunking.max-tokens", "64", "sheaf.chunking.overlap-tokens", "64"))))
        .hasMessageStartingWith(
            "sheaf.chunking.overlap-tokens must be less than sheaf.chunking.max-tokens, which is 64, not 64");
  }

  @Test
  void aCitusClusterHasNoStandbys() {
    assertThatThrownBy(() ->
            Settings.check(
                config(
                    Map.of(
                        "sheaf.citus.enabled", "true",
                        "sheaf.replicas.url", "postgres://u:secret@h/d"))))
        .hasMessageStartingWith("sheaf.replicas.url must not be set with sheaf.citus.enabled=true")
        .hasMessageNotContaining("secret");
  }

  @Test
  void theDefaultsAreAllowed() {
    var defaults = new TreeMap<String, String>();
    mappings()
        .forEach((name, value) -> {
          if (!value.isEmpty()) {
            defaults.put(name.replace("*", "one"), value);
          }
        });

    assertThat(defaults).hasSizeGreaterThan(60);
    assertThatNoException().isThrownBy(() -> Settings.check(config(defaults)));
    assertThatNoException()
        .isThrownBy(() -> Settings.check(config(Map.of("sheaf.access.mode", " "))));
  }

  @Test
  void everySettingIsChecked() {
    assertThat(Settings.names()).containsAll(mappings().keySet());
  }

  @Test
  void everyDocumentedSettingIsChecked() throws IOException {
    assertThat(documented()).hasSizeGreaterThan(60).allMatch(Settings::isKnown);
  }

  /// The properties of all mappings, with their defaults, or an empty text.
  private static Map<String, String> mappings() {
    var properties = new TreeMap<String, String>();
    SheafClasses.MAIN.stream()
        .filter(type -> type.isAnnotatedWith(ConfigMapping.class))
        .forEach(type ->
            ConfigMappings.getProperties(ConfigClass.configClass(type.reflect()))
                .forEach((name, property) ->
                    properties.put(
                        name.replace("[*]", ""),
                        property.hasDefaultValue() ? property.getDefaultValue() : "")));
    return properties;
  }

  /// The settings in the first column of the tables. After a complete name, `.other` is another
  /// setting with the same prefix.
  private static List<String> documented() throws IOException {
    var settings = new ArrayList<String>();
    try (Stream<Path> pages = Files.list(Path.of("docs"))) {
      Stream.concat(Stream.of(Path.of("README.md")), pages)
          .filter(page -> page.toString().endsWith(".md"))
          .flatMap(SettingsTest::lines)
          .filter(line -> line.startsWith("| `sheaf.") || line.startsWith("| `quarkus."))
          .forEach(line -> {
            String prefix = "";
            Matcher code = CODE.matcher(line.split("\\|", -1)[1]);
            while (code.find()) {
              String name = code.group(1);
              String whole = name.startsWith(".") ? prefix + name : name;
              prefix = whole.substring(0, whole.lastIndexOf('.'));
              if (whole.matches("(sheaf|quarkus)(\\.[\\w<>-]+)+")
                  && !whole.matches("sheaf\\.(dump|json)")) {
                settings.add(whole.replace("<name>", "one").replace("NAME", "one"));
              }
            }
          });
    }
    return settings;
  }

  private static Stream<String> lines(Path page) {
    try {
      return Files.readAllLines(page).stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static SmallRyeConfig config(Map<String, String> values) {
    return new SmallRyeConfigBuilder()
        .withSources(new io.smallrye.config.PropertiesConfigSource(values, "test", 100))
        .build();
  }
}
