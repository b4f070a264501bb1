package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.OnnxModels;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Searches whose hits a cross-encoder in the service reranks. `CrossEncoderTest` compares its
/// scores with those of the model alone.
class CrossEncoderIT {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int DOCUMENTS = 40;
  private static final int MAX_TOKENS = 32;

  @TempDir private static Path directory;

  private static TestDatabase database;
  private static SheafProcess sheaf;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    database = TestDatabase.migrated();
    sheaf =
        SheafProcess.start(
            database,
            Map.of(
                "SHEAF_RERANK_DIRECTORY",
                OnnxModels.crossEncoder(directory.resolve("a-model")).toString(),
                "SHEAF_RERANK_TIMEOUT",
                "5m",
                "SHEAF_RERANK_BATCH_SIZE",
                "7",
                "SHEAF_RERANK_MAX_TOKENS",
                String.valueOf(MAX_TOKENS),
                "SHEAF_RERANK_THREADS",
                "2"));
    send(
        "POST",
        "/api/v1/collections",
        Map.of("name", "tides", "model", "none", "dimensions", 1, "titles", true),
        201);
    for (int document = 0; document < DOCUMENTS; document++) {
      String text =
          "tide %s ".formatted("moon ".repeat(document % 7))
              + "\u6f6e".repeat(document % 5)
              + document;
      send(
          "PUT",
          "/api/v1/collections/tides/documents/d" + document,
          Map.of(
              "title",
              "Title " + document % 3,
              "chunks",
              List.of(Map.of("text", text, "vector", List.of(1)))),
          201);
    }
  }

  @AfterAll
  static void stop() {
    sheaf.close();
    database.close();
  }

  @Test
  void hitsAreInTheOrderOfTheModel() throws Exception {
    JsonNode plain = search(Map.of("limit", DOCUMENTS));
    assertThat(plain.get("hits")).hasSize(DOCUMENTS);
    JsonNode answer = search(Map.of("limit", DOCUMENTS, "rerank", Map.of()));
    JsonNode reranked = answer.get("reranked");
    assertThat(reranked.get("by").textValue()).isEqualTo("a-model");
    assertThat(reranked.get("hits").intValue()).isEqualTo(DOCUMENTS);
    assertThat(reranked.has("because")).isFalse();

    record Scored(String document, double score) {}
    List<String> texts = new ArrayList<>();
    plain
        .get("hits")
        .forEach(
            hit -> texts.add(hit.get("title").textValue() + "\n\n" + hit.get("text").textValue()));
    List<Double> scores = new ArrayList<>();
    try (var model = new CrossEncoder(directory.resolve("a-model"), "a-model", MAX_TOKENS, 1)) {
      model.load();
      model.score("tide", texts, Duration.ofMinutes(5), scores::add);
    }
    List<Scored> expected = new ArrayList<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      expected.add(new Scored(plain.get("hits").get(i).get("document").textValue(), scores.get(i)));
    }
    expected.sort(Comparator.comparingDouble(scored -> -scored.score()));
    List<Scored> actual = new ArrayList<>();
    answer
        .get("hits")
        .forEach(hit ->
            actual.add(
                new Scored(hit.get("document").textValue(), hit.get("rerankScore").doubleValue())));
    assertThat(actual).isEqualTo(expected);
  }

  /// Hits that were scored in time come first, and the answer says how many.
  @Test
  void whatIsNotScoredInTimeKeepsItsOrder() throws Exception {
    JsonNode plain = search(Map.of("limit", DOCUMENTS));
    JsonNode answer = search(Map.of("limit", DOCUMENTS, "rerank", Map.of("timeout", 1)));
    JsonNode reranked = answer.get("reranked");
    int scored = reranked.get("hits").intValue();
    assertThat(scored).isLessThan(DOCUMENTS);
    assertThat(reranked.get("because").textValue()).contains("time");
    for (int place = 0; place < DOCUMENTS; place++) {
      JsonNode hit = answer.get("hits").get(place);
      assertThat(hit.has("rerankScore")).isEqualTo(place < scored);
      if (place >= scored) {
        assertThat(hit).isEqualTo(plain.get("hits").get(place));
      }
    }
  }

  @Test
  void aDirectoryWithoutAModelEndsTheStart() throws Exception {
    Path empty = Files.createDirectory(directory.resolve("empty"));
    for (Map<String, String> settings :
        List.of(
            Map.of("SHEAF_RERANK_DIRECTORY", empty.toString()),
            Map.of(
                "SHEAF_RERANK_DIRECTORY",
                empty.toString(),
                "SHEAF_RERANK_URL",
                "http://localhost:1"))) {
      assertThatThrownBy(() -> SheafProcess.start(database, settings).close())
          .hasMessageContaining(
              settings.size() == 1
                  ? "reranking: sheaf.rerank.directory is %s, which does not have a file model.onnx or onnx/model.onnx"
                      .formatted(empty)
                  : "settings: sheaf.rerank.directory must not be set together with sheaf.rerank.url");
    }
  }

  private static JsonNode search(Map<String, ?> options) throws IOException, InterruptedException {
    var body = new HashMap<String, Object>(options);
    body.putAll(Map.of("text", "tide", "mode", "fulltext"));
    return send("POST", "/api/v1/collections/tides/search", body, 200);
  }

  private static JsonNode send(String method, String path, Map<String, ?> body, int status)
      throws IOException, InterruptedException {
    HttpResponse<String> response = sheaf.send(method, path, JSON.writeValueAsString(body));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    return JSON.readTree(response.body());
  }
}
