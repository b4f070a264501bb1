package dev.sheaf.search;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import io.restassured.response.ValidatableResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Compares evaluations with metrics in plain Java over the hits of searches.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class EvaluationIT {

  private static final int K = 5;

  private static final List<Map<String, Object>> SETTINGS =
      List.of(
          Map.of("mode", "vector"),
          Map.of("mode", "fulltext", "match", "any"),
          Map.of("mode", "hybrid", "hybrid", Map.of("fulltext", 2)),
          Map.of("mode", "hybrid", "filter", Map.of("$title", Map.of("$gt", "3"))),
          Map.of("mode", "fulltext", "match", "any", "weights", Map.of("title", 5)));

  private final Random random = new Random(17);

  @Test
  void metricsAreThoseOfTheHits() {
    String collection = collection(30);
    List<Map<String, Object>> queries = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      queries.add(
          Map.of("text", words(2), "vector", List.of(random.nextInt(7)), "relevant", judgements()));
    }
    List<Map<String, Object>> settings = new ArrayList<>();
    for (Map<String, Object> options : SETTINGS) {
      Map<String, Object> setting = new HashMap<>(options);
      setting.put("name", "setting " + settings.size());
      settings.add(setting);
    }

    JsonPath answer =
        Api.post(
                "/collections/" + collection + "/evaluate",
                Map.of("queries", queries, "settings", settings, "k", K))
            .statusCode(200)
            .body("queries", equalTo(12))
            .body("missing", contains("nowhere"))
            .extract()
            .jsonPath();

    List<double[]> first = List.of();
    for (int setting = 0; setting < settings.size(); setting++) {
      List<double[]> metrics = new ArrayList<>();
      for (Map<String, Object> query : queries) {
        metrics.add(metrics(hits(collection, query, SETTINGS.get(setting)), grades(query)));
      }
      String path = "settings[" + setting + "].";
      List<String> names = List.of("hitAt1", "hitRate", "mrr", "ndcg", "recall");
      for (int metric = 0; metric < names.size(); metric++) {
        assertThat(answer.getDouble(path + "metrics." + names.get(metric) + ".mean"))
            .as("%s of %s", names.get(metric), settings.get(setting))
            .isCloseTo(mean(metrics, metric), within(1e-6));
      }
      if (setting == 0) {
        first = metrics;
      } else {
        assertThat(answer.getDouble(path + "change.ndcg.mean"))
            .isCloseTo(mean(metrics, 3) - mean(first, 3), within(1e-6));
        int better = 0;
        for (int query = 0; query < queries.size(); query++) {
          better += metrics.get(query)[3] > first.get(query)[3] ? 1 : 0;
        }
        assertThat(answer.getInt(path + "better")).isEqualTo(better);
        assertThat(answer.getList(path + "mostBetter")).hasSize(Math.min(20, better));
      }
    }
  }

  @Test
  void badRequestsAreNamed() {
    String collection = collection(1);
    Map<String, Object> query =
        Map.of("text", "tide", "vector", List.of(1), "relevant", Map.of("0", 1));
    Map<String, Object> setting = Map.of("name", "a");

    evaluate(collection, List.of(query), List.of(setting, setting), 422)
        .body("field", equalTo("settings[1].name"));
    evaluate(collection, List.of(query), List.of(Map.of("name", "a", "match", "any")), 422)
        .body("field", equalTo("settings[0].match"));
    evaluate(
            collection,
            List.of(query),
            List.of(
                setting, Map.of("name", "b", "mode", "hybrid", "weights", Map.of("title", 101))),
            422)
        .body("field", equalTo("settings[1].weights.title"));
    evaluate(collection, List.of(), List.of(setting), 422).body("field", equalTo("queries"));
    evaluate(
            collection,
            List.of(query, Map.of("text", "tide", "relevant", Map.of("0", 0))),
            List.of(setting),
            422)
        .body("field", equalTo("queries[1].relevant"));
    evaluate(
            collection,
            List.of(query, Map.of("text", "tide", "relevant", Map.of("0", 1))),
            List.of(setting),
            422)
        .body("field", equalTo("queries[1].text"));
    evaluate(
            collection,
            List.of(
                query, Map.of("text", "a", "vector", List.of(1, 2), "relevant", Map.of("0", 1))),
            List.of(setting),
            422)
        .body("field", equalTo("queries[1].vector"));
    evaluate("nowhere", List.of(query), List.of(setting), 404)
        .body("detail", startsWith("There is no collection"));
    evaluate(collection, List.of(query), List.of(setting), 200)
        .body("settings", hasSize(1))
        .body("settings[0].change", nullValue())
        .body("missing", nullValue());
  }

  private static ValidatableResponse evaluate(
      String collection, List<?> queries, List<?> settings, int status) {
    return Api.post(
            "/collections/" + collection + "/evaluate",
            Map.of("queries", queries, "settings", settings))
        .statusCode(status);
  }

  private static double mean(List<double[]> metrics, int metric) {
    return metrics.stream().mapToDouble(values -> values[metric]).average().orElseThrow();
  }

  private static List<String> hits(
      String collection, Map<String, Object> query, Map<String, Object> setting) {
    Map<String, Object> search = new HashMap<>(setting);
    if (!"vector".equals(setting.get("mode"))) {
      search.put("text", query.get("text"));
    }
    if (!"fulltext".equals(setting.get("mode"))) {
      search.put("vector", query.get("vector"));
    }
    search.putAll(Map.of("groupBy", "document", "limit", K));
    return Api.search(collection, search)
        .statusCode(200)
        .extract()
        .jsonPath()
        .getList("hits.document");
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Integer> grades(Map<String, Object> query) {
    return requireNonNull((Map<String, Integer>) query.get("relevant"));
  }

  /// Written once more, in the words of the definitions.
  private static double[] metrics(List<String> hits, Map<String, Integer> grades) {
    double[] metrics = new double[5];
    double dcg = 0;
    int relevant = 0;
    for (int rank = 1; rank <= hits.size(); rank++) {
      int grade = grades.getOrDefault(hits.get(rank - 1), 0);
      dcg += grade / (Math.log(rank + 1) / Math.log(2));
      if (grade > 0) {
        relevant++;
        metrics[0] = rank == 1 ? 1 : metrics[0];
        metrics[1] = 1;
        metrics[2] = metrics[2] == 0 ? 1.0 / rank : metrics[2];
      }
    }
    List<Integer> best =
        grades.values().stream().filter(grade -> grade > 0).sorted().toList().reversed();
    double ideal = 0;
    for (int rank = 1; rank <= Math.min(K, best.size()); rank++) {
      ideal += best.get(rank - 1) / (Math.log(rank + 1) / Math.log(2));
    }
    metrics[3] = dcg / ideal;
    metrics[4] = relevant / (double) best.size();
    return metrics;
  }

  private Map<String, Integer> judgements() {
    Map<String, Integer> judgements = new HashMap<>();
    judgements.put("nowhere", 1);
    for (int i = 0; i < 6; i++) {
      judgements.put(String.valueOf(random.nextInt(30)), random.nextInt(4));
    }
    return judgements;
  }

  private String words(int number) {
    var words = new StringBuilder();
    for (int i = 0; i < number; i++) {
      words.append(" w").append((int) Math.exp(random.nextDouble() * 3));
    }
    return words.toString().strip();
  }

  private String collection(int documents) {
    String name =
        Api.newCollection(Map.of("model", "none", "dimensions", 1, "metric", "l2", "titles", true));
    var lines = new StringBuilder();
    for (int i = 0; i < documents; i++) {
      lines.append(
          "{\"id\": \"%1$s\", \"title\": \"%1$s %4$s\", \"chunks\": [{\"text\": \"%2$s\", \"vector\": [%3$s]}]}\n"
              .formatted(i, words(12), i % 7, words(2)));
    }
    Api.upload(name, Map.of(), lines.toString()).body("created", equalTo(documents));
    return name;
  }
}
