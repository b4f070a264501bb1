package dev.sheaf.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.StreamSupport;

/// Collects the plans of all statements that run in this process, also of those that triggers run.
/// PostgreSQL's `auto_explain` sends them as notices, and the driver logs notices. The settings are
/// those of a test profile.
final class ExecutedStatements implements AutoCloseable {

  private static final String DRIVER = "org.postgresql.core.v3.QueryExecutorImpl";

  private static final Map<String, String> AUTO_EXPLAIN =
      Map.of(
          "log_min_duration", "0",
          "log_analyze", "on",
          "log_buffers", "on",
          "log_timing", "off",
          "log_nested_statements", "on",
          "log_format", "json",
          "log_level", "notice");

  /// The settings without which nothing is collected.
  static final Map<String, String> CONFIGURATION =
      Map.of(
          "quarkus.log.category.\"" + DRIVER + "\".min-level",
          "ALL",
          // It logs notices as warnings.
          "quarkus.log.category.\"org.hibernate.orm.jdbc.warn\".level",
          "OFF",
          "quarkus.datasource.jdbc.additional-jdbc-properties.options",
          AUTO_EXPLAIN.entrySet().stream()
              .map(setting -> " -c auto_explain." + setting.getKey() + "=" + setting.getValue())
              .reduce("-c session_preload_libraries=auto_explain", String::concat));

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Logger driver = Logger.getLogger(DRIVER);
  private final Level level = driver.getLevel();
  private final Queue<String> plans = new ConcurrentLinkedQueue<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord message) {
          if (message.getMessage().contains("NoticeResponse")) {
            String notice = String.valueOf(message.getParameters()[0]);
            if (notice.contains("plan:")) {
              plans.add(notice.substring(notice.indexOf('{'), notice.lastIndexOf('}') + 1));
            }
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  ExecutedStatements() {
    driver.setUseParentHandlers(false);
    driver.addHandler(handler);
    driver.setLevel(Level.FINEST);
  }

  /// An executed statement.
  ///
  /// @param text with `N` in the place of numbers
  /// @param relations names of the tables and indexes of its plan, likewise
  /// @param returned rows of the result, or rows that were written
  /// @param rows that the scans of the plan read, with those that a condition then removed
  /// @param buffers pages that the plan found in memory or read
  /// @param plan as PostgreSQL explains it
  record Statement(
      String text, String relations, long returned, long rows, long buffers, String plan) {

    private static Statement of(JsonNode explained) {
      JsonNode plan = explained.path("Plan");
      List<JsonNode> nodes = new ArrayList<>();
      collect(plan, nodes);
      var relations = new TreeSet<String>();
      long rows = 0;
      for (JsonNode node : nodes) {
        for (String name : List.of("Relation Name", "Index Name")) {
          if (node.has(name)) {
            relations.add(withoutNumbers(node.path(name).asText()));
          }
        }
        if (node.path("Node Type").asText().endsWith("Scan")) {
          rows +=
              node.path("Actual Loops").asLong()
                  * (node.path("Actual Rows").asLong()
                      + node.path("Rows Removed by Filter").asLong()
                      + node.path("Rows Removed by Index Recheck").asLong());
        }
      }
      JsonNode top =
          plan.path("Node Type").asText().equals("ModifyTable") && plan.path("Plans").has(0)
              ? plan.path("Plans").get(0)
              : plan;
      return new Statement(
          withoutNumbers(explained.path("Query Text").asText()),
          String.join(", ", relations),
          top.path("Actual Rows").asLong(),
          rows,
          plan.path("Shared Hit Blocks").asLong() + plan.path("Shared Read Blocks").asLong(),
          plan.toString());
    }

    private static void collect(JsonNode node, List<JsonNode> nodes) {
      nodes.add(node);
      StreamSupport.stream(node.path("Plans").spliterator(), false)
          .forEach(child -> collect(child, nodes));
    }

    private static String withoutNumbers(String text) {
      return text.replaceAll("[0-9]+", "N").replaceAll("\\s+", " ").strip();
    }
  }

  /// The statements that ended since the last call.
  List<Statement> take() throws JsonProcessingException {
    var statements = new ArrayList<Statement>();
    for (String plan = plans.poll(); plan != null; plan = plans.poll()) {
      statements.add(Statement.of(JSON.readTree(plan)));
    }
    return statements;
  }

  @Override
  public void close() {
    driver.removeHandler(handler);
    driver.setLevel(level);
    driver.setUseParentHandlers(true);
  }
}
