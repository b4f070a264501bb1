package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Searches the sample corpus for thirty questions that use other words than the documents, so that
/// words only mislead a hybrid search.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class RelevanceIT {

  /// The results on this corpus, minus two queries, because processors round differently: the share
  /// of queries whose document is first, and the mean reciprocal rank.
  private static final Map<String, List<Double>> FLOORS =
      Map.of("vector", List.of(16 / 30.0, 0.68), "hybrid", List.of(12 / 30.0, 0.58));

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void theExpectedDocumentComesFirst() throws IOException {
    String collection = Api.newCollection();
    List<JsonNode> corpus = lines("src/main/resources/sample/corpus.ndjson");
    for (JsonNode document : corpus) {
      Api.put(
              collection,
              document.get("id").textValue(),
              Map.of(
                  "text", document.get("text").textValue(),
                  "title", document.get("title").textValue()))
          .statusCode(201);
    }
    List<JsonNode> queries = lines("src/test/resources/relevance.ndjson");

    JsonPath answer =
        Api.post(
                "/collections/" + collection + "/evaluate",
                Map.of(
                    "queries",
                    queries.stream()
                        .map(query ->
                            Map.of(
                                "text",
                                query.get("query").textValue(),
                                "relevant",
                                Map.of(query.get("expected").textValue(), 1)))
                        .toList(),
                    "settings",
                    List.of(Map.of("name", "vector"), Map.of("name", "hybrid", "mode", "hybrid")),
                    "k",
                    100))
            .statusCode(200)
            .extract()
            .jsonPath();

    String found = answer.prettify();
    for (String setting : FLOORS.keySet()) {
      String metrics = "settings.find{it.name == '" + setting + "'}.metrics.";
      assertThat(answer.getDouble(metrics + "hitAt1.mean"))
          .as("hit rate at 1 of %s: %s", setting, found)
          .isGreaterThanOrEqualTo(FLOORS.get(setting).get(0));
      assertThat(answer.getDouble(metrics + "mrr.mean"))
          .as("mean reciprocal rank of %s: %s", setting, found)
          .isGreaterThanOrEqualTo(FLOORS.get(setting).get(1));
    }
  }

  private static List<JsonNode> lines(String file) throws IOException {
    try (var lines = Files.lines(Path.of(file))) {
      return lines.map(RelevanceIT::parse).toList();
    }
  }

  private static JsonNode parse(String line) {
    try {
      return JSON.readTree(line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
