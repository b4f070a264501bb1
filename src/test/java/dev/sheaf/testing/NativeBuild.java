package dev.sheaf.testing;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What the build of the native executable is told, from `application.properties`.
public final class NativeBuild {

  private static final String PREFIX = "quarkus.native.";
  private static final String AT_RUN_TIME = "--initialize-at-run-time=";

  private static final Set<String> LISTS = Set.of("additional-build-args", "resources.includes");

  private NativeBuild() {}

  /// The settings below `quarkus.native`, without that prefix.
  public static SortedMap<String, String> settings() {
    Properties properties = new Properties();
    try (Reader in =
        Files.newBufferedReader(Path.of("src/main/resources/application.properties"))) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    SortedMap<String, String> settings = new TreeMap<>();
    for (String name : properties.stringPropertyNames()) {
      if (name.startsWith(PREFIX)) {
        settings.put(name.substring(PREFIX.length()), properties.getProperty(name));
      }
    }
    return settings;
  }

  /// The values of a setting that is a list.
  public static List<String> list(String setting) {
    return List.of(settings().getOrDefault(setting, "").split("\\s*,\\s*"));
  }

  /// All settings, as `name=value`, and of lists each value alone.
  public static SortedSet<String> options() {
    SortedSet<String> options = new TreeSet<>();
    settings()
        .forEach((name, value) -> {
          if (LISTS.contains(name)) {
            options.addAll(list(name));
          } else {
            options.add(PREFIX + name + "=" + value);
          }
        });
    return options;
  }

  /// The names of classes and packages that the build does not initialize.
  public static Set<String> classesInitializedAtRunTime() {
    return list("additional-build-args").stream()
        .filter(option -> option.startsWith(AT_RUN_TIME))
        .map(option -> option.substring(AT_RUN_TIME.length()))
        .collect(Collectors.toSet());
  }
}
