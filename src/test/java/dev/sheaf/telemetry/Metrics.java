package dev.sheaf.telemetry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Reads the names of metrics from documentation, dashboards and alerts.
final class Metrics {

  private static final Pattern NAME =
      Pattern.compile("\\b(sheaf|agroal|http_server|jvm|process|system)_[a-z0-9_]+\\b");

  private Metrics() {}

  static Set<String> namesIn(String text) {
    return NAME.matcher(text)
        .results()
        .map(found -> found.group())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// The metrics that docs/observability.md describes.
  static Set<String> described() throws IOException {
    return namesIn(Files.readString(Path.of("docs/observability.md")));
  }
}
