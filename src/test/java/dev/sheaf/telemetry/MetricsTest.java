package dev.sheaf.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/// Dashboards and alerts use only metrics that docs/observability.md describes. [MetersIT] compares
/// that page with the service.
class MetricsTest {

  private static final Path DASHBOARD = Path.of("docker/grafana/dashboards/sheaf.json");
  private static final Path RULES = Path.of("docker/prometheus/rules/sheaf.yml");
  private static final Path PROCEDURES = Path.of("docs/alerts.md");
  private static final Path FOR_THE_OPERATOR =
      Path.of("src/main/kubernetes/components/monitoring/prometheusrule.yaml");

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void theDashboardShowsWhatThereIs() throws IOException {
    String dashboard = Files.readString(DASHBOARD);
    List<String> expressions = JSON.readTree(dashboard).findValuesAsText("expr");

    assertThat(expressions).hasSizeGreaterThan(20);
    assertThat(expressions).noneMatch(expression -> Metrics.namesIn(expression).isEmpty());
    assertThat(Metrics.described()).containsAll(Metrics.namesIn(dashboard));
  }

  @Test
  void alertsAreAboutWhatThereIsAndAreExplained() throws IOException {
    String docs = Files.readString(PROCEDURES);
    JsonNode rules = yaml(RULES);
    List<String> alerts = rules.findValuesAsText("alert");

    assertThat(alerts).hasSizeGreaterThan(10);
    assertThat(docs.lines().filter(line -> line.startsWith("## ")).map(line -> line.substring(3)))
        .containsExactlyElementsOf(alerts);
    assertThat(rules.findValuesAsText("procedure"))
        .containsExactlyElementsOf(
            alerts.stream()
                .map(alert -> PROCEDURES + "#" + alert.toLowerCase(Locale.ROOT))
                .toList());
    assertThat(Metrics.described()).containsAll(Metrics.namesIn(Files.readString(RULES)));
    assertThat(Metrics.described()).containsAll(Metrics.namesIn(docs));
  }

  @Test
  void theOperatorGetsTheSameAlerts() throws IOException {
    assertThat(yaml(FOR_THE_OPERATOR).path("spec")).isEqualTo(yaml(RULES));
  }

  private static JsonNode yaml(Path file) throws IOException {
    return JSON.valueToTree(new Yaml().load(Files.readString(file)));
  }
}
