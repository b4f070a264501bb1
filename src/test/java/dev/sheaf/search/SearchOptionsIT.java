package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Three documents in two dimensions, so that every expected response is easy to verify.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class SearchOptionsIT {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Inject AgroalDataSource dataSource;

  private String collection;

  @BeforeEach
  void threeDocuments() {
    collection = Api.newCollection(Map.of("model", "none", "dimensions", 2, "metric", "l2"));
    Api.put(
            collection,
            "tides",
            Map.of(
                "title",
                "Tides",
                "uri",
                "https://example.org/tides",
                "metadata",
                Map.of("field", "sea", "year", 2001),
                "chunks",
                List.of(
                    chunk("The tide follows the moon.", 0, 0),
                    chunk("Spring tides come at full moon.", 0, 4))))
        .statusCode(201);
    Api.put(
            collection,
            "moon",
            Map.of(
                "title", "Moon",
                "metadata", Map.of("field", "sky", "year", 1999),
                "chunks",
                    List.of(
                        chunk("The moon turns one face to us.", 3, 0),
                        chunk("The other face was first seen in 1959.", 3, 4))))
        .statusCode(201);
    Api.put(
            collection,
            "bread",
            Map.of("chunks", List.of(chunk("Sourdough rises for a day.", 0, 10))))
        .statusCode(201);
  }

  private static Map<String, ?> chunk(String text, double x, double y) {
    return Map.of("text", text, "vector", List.of(x, y));
  }

  @Test
  void completeResponse() throws Exception {
    assertThat(search(Map.of("vector", List.of(3, 0), "limit", 2)))
        .isEqualTo(
            json(
                """
                {
                  "hits": [
                    {
                      "document": "moon",
                      "title": "Moon",
                      "ordinal": 0,
                      "text": "The moon turns one face to us.",
                      "score": 1.0,
                      "distance": 0.0,
                      "metadata": {"year": 1999, "field": "sky"}
                    },
                    {
                      "document": "tides",
                      "title": "Tides",
                      "ordinal": 0,
                      "text": "The tide follows the moon.",
                      "score": 0.25,
                      "distance": 3.0,
                      "metadata": {"year": 2001, "field": "sea"}
                    }
                  ],
                  "strategy": "exact",
                  "exact": true,
                  "scanned": 5,
                  "truncated": false
                }
                """));
  }

  @Test
  void aVectorMayBeBase64() throws Exception {
    String base64 =
        Base64.getEncoder()
            .encodeToString(
                ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(3)
                    .putFloat(0)
                    .array());

    assertThat(search(Map.of("vector", base64))).isEqualTo(search(Map.of("vector", List.of(3, 0))));
    for (String wrong : List.of("AAA", "AAAA", "!", "1,2")) {
      Api.search(collection, Map.of("vector", wrong))
          .statusCode(422)
          .body("field", equalTo("vector"))
          .body(
              "detail",
              equalTo(
                  "vector must be an array of numbers, or the base64 of 32-bit floats in"
                      + " little-endian order."));
    }
  }

  @Test
  void likeFindsSimilarDocuments() throws Exception {
    assertThat(found(Map.of("like", Map.of("document", "tides", "ordinal", 1))))
        .containsExactly("moon/1", "moon/0", "bread/0");
    // The mean of (0, 0) and (0, 4).
    assertThat(found(Map.of("like", Map.of("document", "tides"))))
        .containsExactly("moon/0", "moon/1", "bread/0");
    Api.search(collection, Map.of("like", Map.of("document", "tides", "ordinal", 2)))
        .statusCode(404)
        .body("type", equalTo("urn:sheaf:problem:document-not-found"))
        .body(
            "detail",
            equalTo(
                "There is no chunk 2 of document tides in collection "
                    + collection
                    + " for like."));
  }

  @Test
  void minScoreOmitsHits() throws Exception {
    assertThat(found(Map.of("vector", List.of(3, 0), "minScore", 0.2)))
        .containsExactly("moon/0", "tides/0", "moon/1");
  }

  @Test
  void groupsAreSortedByTheirBestChunk() throws Exception {
    assertThat(found(Map.of("vector", List.of(3, 4), "groupBy", "document")))
        .containsExactly("moon/1", "tides/1", "bread/0");
    assertThat(
            found(
                Map.of("vector", List.of(3, 4), "groupBy", "document", "groupSize", 2, "limit", 2)))
        .containsExactly("moon/1", "moon/0", "tides/1", "tides/0");
    assertThat(
            found(Map.of("vector", List.of(3, 4), "groupBy", "document", "limit", 1, "offset", 1)))
        .containsExactly("tides/1");
  }

  @Test
  void onlySelectedFieldsAreReturned() throws Exception {
    assertThat(
            search(
                    Map.of(
                        "vector",
                        List.of(0, 10),
                        "limit",
                        1,
                        "select",
                        List.of("vector", "uri", "title")))
                .get("hits"))
        .isEqualTo(
            json(
                """
                [{"document": "bread", "ordinal": 0, "score": 1.0, "distance": 0.0,
                  "vector": [0.0, 10.0]}]
                """));
    assertThat(
            search(
                    Map.of(
                        "vector", List.of(0, 0), "limit", 1, "select", List.of("uri", "createdAt")))
                .get("hits")
                .get(0)
                .properties()
                .stream()
                .map(Map.Entry::getKey))
        .containsExactly("document", "uri", "ordinal", "score", "distance", "createdAt");
  }

  @Test
  void fulltextSearchHighlightsWords() throws Exception {
    assertThat(
            search(
                Map.of(
                    "text",
                    "moon -face",
                    "mode",
                    "fulltext",
                    "highlight",
                    true,
                    "select",
                    List.of("title"))))
        .isEqualTo(
            json(
                """
                {
                  "hits": [
                    {
                      "document": "tides",
                      "title": "Tides",
                      "ordinal": 0,
                      "highlight": "The tide follows the <mark>moon</mark>.",
                      "score": 0.10000000149011612
                    },
                    {
                      "document": "tides",
                      "title": "Tides",
                      "ordinal": 1,
                      "highlight": "Spring tides come at full <mark>moon</mark>.",
                      "score": 0.10000000149011612
                    }
                  ],
                  "strategy": "fulltext",
                  "exact": true,
                  "scanned": 2,
                  "truncated": false
                }
                """));
    assertThat(
            found(
                Map.of(
                    "text", "moon",
                    "mode", "fulltext",
                    "filter", Map.of("year", Map.of("$lt", 2000)))))
        .containsExactly("moon/0");
  }

  @Test
  void hybridSearchMergesBothLists() throws Exception {
    Map<String, Object> request = new HashMap<>();
    request.put("text", "moon");
    request.put("mode", "hybrid");
    request.put("match", "query");
    request.put("vector", List.of(0, 10));
    request.put("filter", Map.of("$title", Map.of("$exists", true)));
    request.put("limit", 3);
    // Nearest: tides/1, moon/1, tides/0 and moon/0. Words: tides/0, tides/1 and moon/0 have equal
    // rank.
    assertThat(found(request).getFirst()).isEqualTo("tides/1");

    request.put("hybrid", Map.of("vector", 0));
    assertThat(found(request)).containsExactlyInAnyOrder("tides/0", "tides/1", "moon/0");

    request.put("hybrid", Map.of("fulltext", 0, "constant", 1));
    JsonNode answer = search(request);
    assertThat(answer.get("hits").findValuesAsText("score"))
        .containsExactly("0.5", "0.3333333333333333", "0.25");
    assertThat(answer.get("hits").findValuesAsText("text"))
        .containsExactly(
            "Spring tides come at full moon.",
            "The other face was first seen in 1959.",
            "The tide follows the moon.");
    assertThat(answer.get("strategy").textValue()).isEqualTo("exact");
    assertThat(answer.get("scanned").intValue()).isEqualTo(4);
  }

  /// The text of HTML whose only tags are marks.
  private static String plain(String html) {
    String unmarked = html.replace("<mark>", "").replace("</mark>", "");
    assertThat(unmarked).doesNotContain("<", ">", "\"", "'");
    return unmarked
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
  }

  /// A browser may show a highlight as it is. It is an unbroken part of the text, with marks.
  @Test
  void highlightsAreTheTextWithMarksAndNothingElse() throws Exception {
    List<String> pieces =
        List.of(
            "wombat",
            " ",
            "\n",
            "<b>",
            "</b>",
            "<mark>",
            "</mark>",
            "&",
            "&amp;",
            "&lt;",
            "&#39;",
            "<",
            ">",
            "\"",
            "'",
            "<!--",
            "-->",
            "Vec<T>",
            "<img src=x onerror=alert(1)>",
            "<a href=\"javascript:x\">y</a>",
            "https://a.example/b?c=1&d=<e>",
            "a@b.example",
            "x-y-z",
            "1.2.3",
            "-5",
            "/etc/passwd",
            "%20",
            "\u00e9",
            "\ud83d\ude00",
            "<?xml?>",
            "<![CDATA[",
            "e\u0301 ",
            "\ud83d\udc69\u200d\ud83d\udc67 ",
            "\u6f6e\u6c50\u3002",
            "\u0001",
            "\ufffe",
            "\u00a0",
            "\u202e",
            "x".repeat(3_000),
            "\ud83c\udf0a".repeat(700),
            ", ".repeat(1_500),
            "<!-- " + "word ".repeat(800) + "-->");
    var random = new Random(5);
    var texts = new ArrayList<String>();
    for (int i = 0; i < 80; i++) {
      var text = new StringBuilder("start");
      for (int n = random.nextInt(10); n >= 0; n--) {
        text.append(pieces.get(random.nextInt(pieces.size())));
      }
      texts.add(text.append(" wombat end").toString());
    }
    String escaped = Api.newCollection(Map.of("model", "none", "dimensions", 1));
    Api.put(
            escaped,
            "a",
            Map.of(
                "chunks",
                texts.stream().map(text -> Map.of("text", text, "vector", List.of(1))).toList()))
        .statusCode(201);

    JsonNode hits =
        json(Api.search(
                    escaped,
                    Map.of(
                        "text",
                        "wombat",
                        "mode",
                        "fulltext",
                        "highlight",
                        true,
                        "passages",
                        Map.of("limit", 100, "length", 100_000),
                        "matches",
                        true,
                        "limit",
                        100))
                .extract()
                .asString())
            .get("hits");

    assertThat(hits).hasSize(texts.size());
    for (JsonNode hit : hits) {
      String text = texts.get(hit.get("ordinal").intValue());
      assertThat(hit.get("text").textValue()).isEqualTo(text);
      String highlight = hit.get("highlight").textValue();
      assertThat(plain(highlight).length()).isLessThanOrEqualTo(240);
      assertThat(text).contains(plain(highlight));
      // The whole text is one passage.
      JsonNode whole = hit.get("passages").get(0);
      assertThat(hit.get("passages")).hasSize(1);
      assertThat(plain(whole.get("html").textValue())).isEqualTo(text.strip());
      assertThat(whole.get("html").textValue()).endsWith(" <mark>wombat</mark> end");
      var marked = new ArrayList<String>();
      for (JsonNode match : hit.get("matches")) {
        marked.add(
            text.substring(
                text.offsetByCodePoints(0, match.get("start").intValue()),
                text.offsetByCodePoints(0, match.get("end").intValue())));
      }
      assertThat(marked).isNotEmpty().allMatch("wombat"::equals);
      assertThat(marked).hasSize(whole.get("html").textValue().split("<mark>", -1).length - 1);
      if (!text.contains("<")) {
        // There is no comment whose words are none.
        assertThat(marked)
            .hasSizeGreaterThanOrEqualTo(text.split("(?<= )wombat(?= )", -1).length - 1);
      }
    }
  }

  @Test
  void explainShowsTheStatementAndItsPlan() throws Exception {
    JsonNode explained =
        search(Map.of("vector", List.of(3, 0), "filter", Map.of("field", "sea"), "explain", true))
            .get("explain");

    assertThat(explained).hasSize(1);
    assertThat(explained.get(0).get("sql").textValue())
        .contains("d.metadata @> ?::jsonb")
        .doesNotContain("sea");
    assertThat(explained.get(0).get("plan").toString()).contains("Execution Time");
  }

  @Test
  void explainSaysWhatGaveEachHitItsScore() throws Exception {
    Map<String, Object> request = new HashMap<>();
    request.putAll(Map.of("mode", "hybrid", "text", "spring moons", "vector", List.of(0, 1)));
    request.putAll(Map.of("groupBy", "document", "groupSize", 2, "explain", true, "limit", 1));
    request.put("select", List.of());
    JsonNode hits = search(request).get("hits");

    JsonNode explanation = hits.get(0).get("explain");
    assertThat(explanation.properties().stream().map(Map.Entry::getKey))
        .containsExactly("rank", "vector", "fulltext");
    assertThat(explanation.get("fulltext").get("words").findValuesAsText("word"))
        .containsExactly("spring", "moon");
    assertThat(hits.findValuesAsText("document")).containsExactly("tides", "tides");
    assertThat(hits.get(1).get("explain").get("rank").intValue()).isEqualTo(1);
  }

  @Test
  void aBatchAnswersEachSearchSeparately() throws Exception {
    JsonNode answers =
        json(Api.post(
                    "/search/batch",
                    Map.of(
                        "searches",
                        List.of(
                            one(collection, Map.of("vector", List.of(0, 10), "limit", 1)),
                            one("nowhere", Map.of("text", "anything")),
                            one(collection, Map.of("text", "sourdough", "mode", "fulltext")))))
                .statusCode(200)
                .extract()
                .asString())
            .get("answers");

    assertThat(answers).hasSize(3);
    assertThat(answers.get(0).get("hits").findValuesAsText("document")).containsExactly("bread");
    assertThat(answers.get(1))
        .isEqualTo(
            json(
                """
                {"type": "urn:sheaf:problem:collection-not-found", "title": "No such collection",
                 "status": 404, "detail": "There is no collection named nowhere."}
                """));
    assertThat(answers.get(2).get("hits").findValuesAsText("document")).containsExactly("bread");
    Api.post("/search/batch", Map.of("searches", List.of()))
        .statusCode(422)
        .body("detail", equalTo("searches must have 1 to 100 elements, not 0."));
  }

  @Test
  void aBadEntryOfABatchFailsAlone() throws Exception {
    String broken = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      // Every full-text search in this collection is an SQL error.
      statement.execute(
          "UPDATE collection SET settings = '{\"language\": \"gone\"}' WHERE name = '%s'"
              .formatted(broken));
    }
    String good =
        "{'collection': '%s', 'search': {'vector': [0, 10], 'limit': 1}}".formatted(collection);
    String body =
        """
        {'searches': [
          %1$s,
          {'collection': '%2$s', 'search': {'vector': [0, 10], 'limit': 0}},
          {'collection': '%2$s', 'search': {'vector': [0, 10], 'filter': {'a': {'$x': [1, {'b': 2}]}}}},
          {'collection': '%2$s', 'search': {'text': '', 'mode': 'fulltext'}},
          {'collection': '%2$s', 'search': {'unknown': {'a': [1, {'b': [2]}]}, 'vector': [0, 10]}},
          {'collection': '%2$s', 'search': {'vector': [0, 'x', 1]}},
          {'collection': '%2$s', 'search': {'vector': [1, 2, 3]}},
          {'collection': '%2$s', 'search': {'like': {'ordinal': 1}}},
          {'collection': '%2$s'},
          {'search': {'vector': [0, 10]}},
          {'collection': 7},
          {'collection': '%3$s', 'search': {'text': 'a', 'mode': 'fulltext'}},
          null, 7, 'x', [[1], {}], {},
          %1$s
        ]}
        """
            .formatted(good, collection, broken)
            .replace('\'', '"');

    JsonNode answers =
        json(Api.post("/search/batch", body).statusCode(200).extract().asString()).get("answers");

    assertThat(answers.valueStream().map(SearchOptionsIT::outcome))
        .containsExactly(
            "bread",
            "422 searches[1].search.limit must be a whole number from 1 to 1000, not 0.",
            "422 searches[2].search.filter.a.$x Unknown operator $x.",
            "422 searches[3].search.text must not be empty.",
            "422 searches[4].search.unknown Unknown field unknown.",
            "422 searches[5].search.vector[1] must be a number.",
            "422 searches[6].search.vector has 3 dimensions, but the model has 2.",
            "422 searches[7].search.like.document is required.",
            "422 searches[8].search is required.",
            "422 searches[9].collection is required.",
            "422 searches[10].collection must be a string.",
            "500 The cause is in the service's log, under the X-Request-Id of this response.",
            "422 searches[12] must be an object.",
            "422 searches[13] must be an object.",
            "422 searches[14] must be an object.",
            "422 searches[15] must be an object.",
            "422 searches[16].collection is required.",
            "bread");
    Api.post("/search/batch", "{\"searches\": [{\"collection\": }]}")
        .statusCode(400)
        .body("type", equalTo("urn:sheaf:problem:malformed-json"));
  }

  /// The document of a hit, or the status, the field and the first sentence of a problem.
  private static String outcome(JsonNode answer) {
    if (answer.has("hits")) {
      return answer.at("/hits/0/document").textValue();
    }
    String field = answer.path("field").asText();
    String detail = answer.path("detail").asText().replaceFirst("(?<=\\.) .*", "");
    return answer.path("status").asText()
        + " "
        + (detail.startsWith(field) ? detail : field + " " + detail);
  }

  @Test
  void anUnknownModelFailsOnlyItsOwnSearches() throws Exception {
    String orphan = Api.newCollection();
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(
          "UPDATE embedding_space SET model = 'gone' WHERE id = (SELECT active_space_id FROM collection WHERE name = '%s')"
              .formatted(orphan));
    }

    JsonNode answers =
        json(Api.post(
                    "/search/batch",
                    Map.of(
                        "searches",
                        List.of(
                            one(orphan, Map.of("text", "anything")),
                            one(collection, Map.of("vector", List.of(0, 10), "limit", 1)))))
                .statusCode(200)
                .extract()
                .asString())
            .get("answers");

    assertThat(answers.get(0))
        .isEqualTo(
            json(
                """
                {"type": "urn:sheaf:problem:model-unavailable", "title": "The embedding model is unavailable",
                 "status": 503,
                 "detail": "Unknown embedding model \\"gone\\". The models are: bge-small-en-v1.5."}
                """));
    assertThat(answers.get(1).get("hits").findValuesAsText("document")).containsExactly("bread");
  }

  private static Map<String, ?> one(String collection, Map<String, ?> search) {
    return Map.of("collection", collection, "search", search);
  }

  private JsonNode search(Map<String, ?> request) throws Exception {
    ObjectNode answer =
        (ObjectNode)
            JSON.readTree(
                Api.search(collection, request).statusCode(200).extract().body().asString());
    assertThat(answer.remove("took").doubleValue()).isPositive();
    return answer;
  }

  private List<String> found(Map<String, ?> request) throws Exception {
    return search(request)
        .get("hits")
        .valueStream()
        .map(hit -> hit.get("document").textValue() + "/" + hit.get("ordinal"))
        .toList();
  }

  private static JsonNode json(String text) throws Exception {
    return JSON.readTree(text);
  }
}
