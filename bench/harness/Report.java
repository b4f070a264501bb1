package harness;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What was measured: printed as it comes, and written down as JSON in the end.
final class Report {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final Map<String, Object> about = new LinkedHashMap<>();
  private final List<Map<String, Object>> results = new ArrayList<>();
  private final List<Map<String, Object>> goals = new ArrayList<>();

  void about(String key, Object value) {
    about.put(key, value);
    System.out.printf("%-14s %s%n", key, value);
  }

  /// @param columns of the lines that follow
  void title(String title, String columns) {
    System.out.printf("%n%s%n%-26s %s%n", title, "", columns);
  }

  void line(String name, String format, Object... values) {
    System.out.printf(Locale.ROOT, "  %-24s %s%n", name, format.formatted(values));
  }

  void result(Map<String, Object> result) {
    results.add(result);
  }

  /// @param least whether the goal is the least that is good enough, or the most
  void goal(String work, double value, double goal, boolean least) {
    boolean met = least ? value >= goal : value <= goal;
    goals.add(Map.of("work", work, "value", value, "goal", goal, "met", met));
  }

  void end(Path file) throws IOException {
    System.out.printf("%n%-66s %8s %8s%n", "Goals", "", "goal");
    for (Map<String, Object> goal : goals) {
      System.out.printf(
          Locale.ROOT,
          "  %-64s %8.2f %8.2f  %s%n",
          goal.get("work"),
          goal.get("value"),
          goal.get("goal"),
          Boolean.TRUE.equals(goal.get("met")) ? "met" : "MISSED");
    }
    Files.createDirectories(file.getParent());
    JSON.writeValue(file.toFile(), Map.of("about", about, "results", results, "goals", goals));
    System.out.printf("%nwritten to %s%n", file);
  }
}
