package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class FederatedSearchIT {

  private static final int DOCUMENTS = 90;

  private static final int DIMENSIONS = 4;

  private static final List<String> WORDS =
      List.of("tide", "moon", "sea", "<b>", "star", "orbit", "shadow", "salt", "wave", "wind");

  private final Random random = new Random(4711);

  /// All documents are in one collection, and also in three others.
  @Test
  void theHitsAreThoseOfOneCollection() {
    var options = Map.of("model", "none", "dimensions", DIMENSIONS, "titles", true);
    String all = Api.newCollection(options);
    List<String> parts = IntStream.range(0, 3).mapToObj(_ -> Api.newCollection(options)).toList();
    var lines = new ArrayList<List<String>>();
    IntStream.range(0, 4).forEach(_ -> lines.add(new ArrayList<>()));
    for (int i = 0; i < DOCUMENTS; i++) {
      String line = line("d" + i);
      lines.getFirst().add(line);
      // The collections have different sizes.
      lines.get(1 + (i % 7 < 4 ? 0 : i % 7 < 6 ? 1 : 2)).add(line);
    }
    fill(all, lines.getFirst());
    for (int part = 0; part < parts.size(); part++) {
      fill(parts.get(part), lines.get(1 + part));
    }

    for (int i = 0; i < 80; i++) {
      Map<String, Object> search = search();
      JsonNode expected = Api.json(Api.search(all, search).statusCode(200).extract());

      JsonNode actual = Api.json(search(parts, search).statusCode(200).extract());

      assertSameHits(search, expected, actual);
      for (String field : List.of("strategy", "exact", "total", "truncated", "truncatedBecause")) {
        assertThat(actual.get(field)).as(field + " " + search).isEqualTo(expected.get(field));
      }
      if (!"hybrid".equals(search.get("mode"))) {
        assertThat(actual.get("scanned")).isEqualTo(expected.get("scanned"));
      }
      Set<String> names = new HashSet<>();
      actual.get("hits").forEach(hit -> names.add(hit.get("collection").asText()));
      assertThat(parts).containsAll(names);
    }
  }

  /// Hits of equal scores may be in another order, and others of them may be the last.
  private static void assertSameHits(Map<String, ?> search, JsonNode expected, JsonNode actual) {
    List<Double> scores = scores(expected);
    assertThat(scores(actual)).as(search.toString()).hasSameSizeAs(scores);
    for (int place = 0; place < scores.size(); place++) {
      assertThat(scores(actual).get(place))
          .as("%s", search)
          .isCloseTo(scores.get(place), within(1e-9));
    }
    double first = scores.isEmpty() ? 0 : scores.getFirst();
    double last = scores.isEmpty() ? 0 : scores.getLast();
    assertThat(hits(actual, first, last))
        .as(search.toString())
        .isEqualTo(hits(expected, first, last));
  }

  private static List<Double> scores(JsonNode response) {
    var scores = new ArrayList<Double>();
    response.get("hits").forEach(hit -> scores.add(score(hit)));
    scores.sort(Comparator.reverseOrder());
    return scores;
  }

  /// What the hits are in the order of.
  private static double score(JsonNode hit) {
    return (hit.has("boostedScore") ? hit.get("boostedScore") : hit.get("score")).asDouble();
  }

  /// What each hit between the first and the last has, without its score.
  private static Set<String> hits(JsonNode response, double first, double last) {
    var hits = new LinkedHashSet<String>();
    for (JsonNode hit : response.get("hits")) {
      double score = score(hit);
      if (score < first - 1e-9 && score > last + 1e-9) {
        hits.add(
            Stream.of(
                    "document",
                    "ordinal",
                    "text",
                    "title",
                    "highlight",
                    "passages",
                    "matches",
                    "metadata",
                    "after")
                .map(field -> String.valueOf(hit.get(field)))
                .collect(Collectors.joining(" ")));
      }
    }
    return hits;
  }

  private Map<String, Object> search() {
    var search = new HashMap<String, Object>();
    String mode = List.of("vector", "fulltext", "hybrid").get(random.nextInt(3));
    search.put("mode", mode);
    search.put("limit", 1 + random.nextInt(30));
    search.put("offset", random.nextInt(3) * 5);
    if (!mode.equals("fulltext")) {
      search.put("vector", vector());
    }
    if (!mode.equals("vector")) {
      search.put("text", text(1 + random.nextInt(4)));
      search.put("match", List.of("any", "all", "query").get(random.nextInt(3)));
      search.put("highlight", random.nextBoolean());
      search.put("matches", random.nextBoolean());
      search.put("passages", Map.of("limit", 2));
    }
    if (mode.equals("fulltext")) {
      search.put("total", random.nextBoolean());
    }
    if (!mode.equals("vector") && random.nextBoolean()) {
      search.put("weights", Map.of("title", 3));
    }
    if (mode.equals("hybrid")) {
      // All chunks: those with equal scores may be at either side of a smaller depth.
      search.put("hybrid", Map.of("depth", 4 * DOCUMENTS, "fulltext", 2));
    }
    if (random.nextInt(3) == 0) {
      search.put("filter", Map.of("year", Map.of("$gte", 2000 + random.nextInt(20))));
    }
    if (random.nextInt(3) == 0) {
      search.put("groupBy", "document");
      search.put("groupSize", 1 + random.nextInt(3));
      // All documents: one with an equal score may have other chunks.
      search.putAll(Map.of("limit", DOCUMENTS, "offset", 0));
    }
    // A chunk is returned beside the first of the hits around it, so equal scores matter.
    if (mode.equals("vector") && random.nextBoolean()) {
      search.put("expand", Map.of("after", 1));
    }
    if (random.nextInt(4) == 0) {
      search.put("minScore", 0.3);
    }
    if (random.nextInt(4) == 0) {
      search.put("boost", List.of(Map.of("field", "year", "pivot", 10)));
      search.put("window", 500);
      search.keySet().removeAll(List.of("minScore", "groupBy", "groupSize"));
    }
    return search;
  }

  private String line(String id) {
    String chunks =
        IntStream.range(0, 1 + random.nextInt(4))
            .mapToObj(_ ->
                "{\"text\":\"%s\",\"vector\":%s}".formatted(text(2 + random.nextInt(20)), vector()))
            .collect(Collectors.joining(","));
    return "{\"id\":\"%s\",\"title\":\"%s\",\"metadata\":{\"year\":%s},\"chunks\":[%s]}"
        .formatted(id, text(2), 2000 + random.nextInt(25), chunks);
  }

  private String text(int words) {
    return IntStream.range(0, words)
        .mapToObj(_ -> WORDS.get((int) (WORDS.size() * Math.pow(random.nextDouble(), 2))))
        .collect(Collectors.joining(" "));
  }

  private List<Float> vector() {
    return IntStream.range(0, DIMENSIONS).mapToObj(_ -> (float) random.nextGaussian()).toList();
  }

  private static void fill(String collection, List<String> lines) {
    Api.upload(collection, Map.of(), String.join("\n", lines)).statusCode(200);
  }

  private static ValidatableResponse search(List<String> collections, Map<String, ?> search) {
    return Api.post("/search", Map.of("collections", collections, "search", search));
  }

  /// The places in each list depend on all collections. No two chunks have equal scores.
  @Test
  void listsAreMergedBeforeTheyAreFused() {
    var options = Map.of("model", "none", "dimensions", DIMENSIONS);
    String all = Api.newCollection(options);
    List<String> parts = IntStream.range(0, 3).mapToObj(_ -> Api.newCollection(options)).toList();
    for (int i = 0; i < 60; i++) {
      String line =
          "{\"id\":\"d%s\",\"chunks\":[{\"text\":\"tide%s\",\"vector\":%s}]}"
              .formatted(i, " sea".repeat(i), vector());
      fill(all, List.of(line));
      fill(parts.get(random.nextInt(3)), List.of(line));
    }

    for (int depth : List.of(1, 7, 20, 100)) {
      for (Map<String, ?> fusion :
          List.of(
              Map.of("depth", depth, "constant", 10),
              Map.of("depth", depth, "vector", 0.3),
              Map.of("depth", depth, "by", "score", "fulltext", 2))) {
        Map<String, ?> search =
            Map.of(
                "text", "tide", "vector", vector(), "mode", "hybrid", "hybrid", fusion, "limit",
                50);
        JsonNode expected = Api.json(Api.search(all, search).statusCode(200).extract());

        JsonNode actual = Api.json(search(parts, search).statusCode(200).extract());

        assertSameHits(search, expected, actual);
        assertThat(actual.get("truncatedBecause"))
            .as(search.toString())
            .isEqualTo(expected.get("truncatedBecause"));
      }
    }
  }

  /// Many chunks have equal scores.
  @Test
  void eachHitIsOnOnePage() {
    var options = Map.of("model", "none", "dimensions", DIMENSIONS);
    List<String> parts = IntStream.range(0, 3).mapToObj(_ -> Api.newCollection(options)).toList();
    for (int i = 0; i < 40; i++) {
      String vector = i % 3 == 0 ? "[1,0,0,0]" : vector().toString();
      String line =
          "{\"id\":\"d%s\",\"chunks\":[{\"text\":\"tide%s\",\"vector\":%s}]}"
              .formatted(i, " sea".repeat(i % 4), vector);
      fill(parts.get(random.nextInt(3)), List.of(line));
    }

    for (String mode : List.of("vector", "fulltext", "hybrid")) {
      for (int size : List.of(3, 7, 20)) {
        var found = new ArrayList<String>();
        for (int offset = 0; offset < 45; offset += size) {
          var search =
              new HashMap<String, Object>(Map.of("mode", mode, "limit", size, "offset", offset));
          if (!mode.equals("fulltext")) {
            search.put("vector", List.of(1, 0, 0, 0));
          }
          if (!mode.equals("vector")) {
            search.put("text", "tide");
          }
          Api.json(search(parts, search).statusCode(200).extract())
              .get("hits")
              .forEach(hit -> found.add(hit.get("document").asText()));
        }
        assertThat(found).as(mode + " " + size).hasSize(40).doesNotHaveDuplicates();
      }
    }
  }

  /// Documents of one id in two collections are two documents.
  @Test
  void equalIdsAreOfDifferentDocuments() {
    var options = Map.of("model", "none", "dimensions", 1, "metric", "l2");
    List<String> names = List.of(Api.newCollection(options), Api.newCollection(options));
    for (int i = 0; i < 2; i++) {
      fill(
          names.get(i),
          List.of(
              "{\"id\":\"d\",\"chunks\":[{\"text\":\"tide %1$s\",\"vector\":[%1$s]},{\"text\":\"sea\",\"vector\":[9]}]}"
                  .formatted(i)));
    }

    search(
            names,
            Map.of(
                "vector",
                List.of(1),
                "limit",
                2,
                "groupBy",
                "document",
                "expand",
                Map.of("after", 1)))
        .statusCode(200)
        .body("hits.collection", equalTo(List.of(names.get(1), names.get(0))))
        .body("hits.text", equalTo(List.of("tide 1", "tide 0")))
        .body("hits.after.text", equalTo(List.of(List.of("sea"), List.of("sea"))));
  }

  /// Their sizes would not fit.
  @Test
  void vectorsOfDifferentModelsAreNotCompared() {
    String two = Api.newCollection(Map.of("model", "none", "dimensions", 2));
    String three = Api.newCollection(Map.of("model", "none", "dimensions", 3));
    fill(two, List.of("{\"id\":\"a\",\"chunks\":[{\"text\":\"tide\",\"vector\":[1,0]}]}"));
    fill(three, List.of("{\"id\":\"b\",\"chunks\":[{\"text\":\"tide\",\"vector\":[1,0,0]}]}"));

    search(List.of(two, three), Map.of("vector", List.of(1, 0)))
        .statusCode(422)
        .body("field", equalTo("search.mode"))
        .body("detail", containsString(three));
    search(List.of(two, three), Map.of("text", "tide", "mode", "fulltext"))
        .statusCode(200)
        .body("hits.size()", equalTo(2));
  }

  @Test
  void scoresOfDifferentFormulasAreNotCompared() {
    var options = Map.of("model", "none", "dimensions", 1);
    var other = new HashMap<String, Object>(options);
    other.put("bm25", Map.of("k1", 50));
    List<String> names = List.of(Api.newCollection(options), Api.newCollection(other));
    for (String name : names) {
      fill(
          name, List.of("{\"id\":\"d\",\"chunks\":[{\"text\":\"tide tide sea\",\"vector\":[1]}]}"));
    }

    for (String match : List.of("any", "all")) {
      search(names, Map.of("text", "tide", "mode", "fulltext", "match", match))
          .statusCode(422)
          .body("field", equalTo("search.match"))
          .body("detail", containsString(names.getLast()));
    }
    search(names, Map.of("text", "tide", "mode", "fulltext", "match", "query"))
        .statusCode(200)
        .body("hits.size()", equalTo(2));
    search(names, Map.of("vector", List.of(1))).statusCode(200).body("hits.size()", equalTo(2));
  }

  @Test
  void whatASearchOfSeveralCollectionsIsNot() {
    String name = Api.newCollection(Map.of("model", "none", "dimensions", 1));
    Map<String, ?> search = Map.of("vector", List.of(1));

    refused(List.of(), search, "collections");
    refused(List.of(name, name), search, "collections");
    refused(IntStream.range(0, 17).mapToObj(i -> "c" + i).toList(), search, "collections");
    for (Map<String, ?> other :
        List.of(
            Map.of("facets", Map.of("f", Map.of("field", "a"))),
            Map.of("explain", true),
            Map.of("alsoLike", List.of(Map.of("document", "a"))))) {
      var more = new HashMap<String, Object>(search);
      more.putAll(other);
      refused(
          List.of(name),
          more,
          "search." + (other.containsKey("alsoLike") ? "like" : other.keySet().iterator().next()));
    }
    refused(List.of(name), Map.of("vector", List.of(1, 2)), "search.vector");
    refused(List.of(name), Map.of("vector", List.of(1), "limit", 0), "search.limit");
    search(List.of(name, "missing"), search)
        .statusCode(404)
        .body("detail", containsString("missing"));
    search(List.of(name), search).statusCode(200).body("hits.size()", equalTo(0));
  }

  private static void refused(List<String> collections, Map<String, ?> search, String field) {
    search(collections, search).statusCode(422).body("field", equalTo(field));
  }
}
