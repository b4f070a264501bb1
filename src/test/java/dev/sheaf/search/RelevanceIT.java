package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Searches the sample corpus for thirty questions that use other words than the documents.
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class RelevanceIT {

  /// The model's result on this corpus, minus two queries, because processors round differently.
  private static final double HIT_RATE_AT_1 = 16 / 30.0;

  private static final double MEAN_RECIPROCAL_RANK = 0.68;

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

    double first = 0;
    double reciprocalRanks = 0;
    var missed = new StringBuilder();
    for (JsonNode query : queries) {
      List<String> found =
          Api.search(collection, Map.of("text", query.get("query").textValue(), "limit", 100))
              .statusCode(200)
              .extract()
              .jsonPath()
              .getList("hits.document", String.class)
              .stream()
              .distinct()
              .toList();
      int rank = found.indexOf(query.get("expected").textValue()) + 1;
      first += rank == 1 ? 1 : 0;
      reciprocalRanks += rank == 0 ? 0 : 1.0 / rank;
      if (rank != 1) {
        missed.append("\n%s. %s -> %s".formatted(rank, query, found.getFirst()));
      }
    }

    assertThat(first / queries.size())
        .as("hit rate at 1; not first:%s", missed)
        .isGreaterThanOrEqualTo(HIT_RATE_AT_1);
    assertThat(reciprocalRanks / queries.size())
        .as("mean reciprocal rank; not first:%s", missed)
        .isGreaterThanOrEqualTo(MEAN_RECIPROCAL_RANK);
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
