package dev.sheaf.document;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.oneOf;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Stores, uploads, changes, deletes and searches documents in random order. After each step, the
/// service must have the same state as a map in Java.
///
/// `-Dsheaf.test.seed=N` repeats the run that printed N.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class DocumentModelIT {

  private static final int STEPS = 150;

  /// Few IDs, so that most steps use an existing document.
  private static final int IDS = 12;

  private static final int VALUES = 4;
  private static final String DOCUMENTS = "/api/v1/collections/{collection}/documents";
  private static final String DOCUMENT = DOCUMENTS + "/{id}";

  /// @param points the vectors of its chunks, in the plane
  private record Doc(List<List<Integer>> points, int n) {}

  private final Map<String, Doc> model = new TreeMap<>();
  private int found;

  @Test
  void theServiceSaysWhatTheModelSays() {
    long seed = Long.getLong("sheaf.test.seed", new Random().nextLong());
    System.getLogger(DocumentModelIT.class.getName())
        .log(System.Logger.Level.INFO, "-Dsheaf.test.seed={0}", Long.toString(seed));
    var random = new Random(seed);
    String collection = Api.newCollection(Map.of("model", "none", "dimensions", 2, "metric", "l2"));
    for (int step = 0; step < STEPS; step++) {
      String what =
          switch (random.nextInt(9)) {
            case 0, 1, 2 -> put(collection, random);
            case 3 -> upload(collection, random);
            case 4 -> change(collection, random);
            case 5 -> delete(collection, random);
            case 6 -> deleteByFilter(collection, random);
            case 7 -> read(collection, random);
            default -> count(collection, random);
          };
      search(collection, random, "seed %s, step %s, after %s".formatted(seed, step, what));
    }
    assertThat(found).as("hits, if the test is to tell anything").isGreaterThan(STEPS);
  }

  private String put(String collection, Random random) {
    String id = id(random);
    Doc document = document(random);
    Doc before = model.put(id, document);
    String status = before == null ? "created" : before.equals(document) ? "unchanged" : "updated";
    assertThat(
            Api.json(
                    Api.put(collection, id, content(document))
                        .statusCode(oneOf(200, 201))
                        .extract())
                .path("status")
                .textValue())
        .isEqualTo(status);
    return "put of " + id;
  }

  /// If several lines have the same ID, the last one counts.
  private String upload(String collection, Random random) {
    var lines = new ArrayList<Map<String, Object>>();
    for (int i = random.nextInt(6); i >= 0; i--) {
      String id = id(random);
      Doc document = document(random);
      model.put(id, document);
      var line = new HashMap<>(content(document));
      line.put("id", id);
      lines.add(line);
    }
    JsonNode answer =
        Api.json(
            Api.upload(
                    collection,
                    Map.of(),
                    lines.stream().map(line -> json(line) + "\n").collect(Collectors.joining()))
                .extract());
    assertThat(answer.path("read").intValue()).isEqualTo(lines.size());
    assertThat(answer.path("failed").intValue()).isZero();
    return "upload of " + lines.size();
  }

  private String change(String collection, Random random) {
    String id = id(random);
    int n = random.nextInt(VALUES);
    Doc before = model.computeIfPresent(id, (_, document) -> new Doc(document.points(), n));
    given()
        .contentType("application/json")
        .body("{\"metadata\":{\"n\":" + n + "}}")
        .patch(DOCUMENT, collection, id)
        .then()
        .statusCode(before == null ? 404 : 200);
    return "change of " + id;
  }

  private String delete(String collection, Random random) {
    String id = id(random);
    given()
        .delete(DOCUMENT, collection, id)
        .then()
        .statusCode(model.remove(id) == null ? 404 : 204);
    return "deletion of " + id;
  }

  private String deleteByFilter(String collection, Random random) {
    int n = random.nextInt(VALUES);
    int before = model.size();
    model.values().removeIf(document -> document.n() == n);
    assertThat(
            Api.json(
                    given().queryParam("filter", "{\"n\":" + n + "}").delete(DOCUMENTS, collection))
                .path("deleted")
                .intValue())
        .isEqualTo(before - model.size());
    return "deletion where n is " + n;
  }

  private String read(String collection, Random random) {
    String id = id(random);
    Doc document = model.get(id);
    var response = given().get(DOCUMENT, collection, id).then();
    if (document == null) {
      response.statusCode(404);
    } else {
      JsonNode read = Api.json(response.statusCode(200).extract());
      assertThat(read.path("text").textValue())
          .isEqualTo(
              document.points().stream()
                  .map(DocumentModelIT::text)
                  .collect(Collectors.joining("\n")));
      assertThat(read.at("/metadata/n").intValue()).isEqualTo(document.n());
    }
    return "reading of " + id;
  }

  private String count(String collection, Random random) {
    int n = random.nextInt(VALUES);
    JsonNode page =
        Api.json(
            given()
                .queryParam("filter", "{\"n\":{\"$gte\":" + n + "}}")
                .queryParam("count", true)
                .get(DOCUMENTS, collection));
    List<String> expected =
        model.entrySet().stream()
            .filter(entry -> entry.getValue().n() >= n)
            .map(Map.Entry::getKey)
            .toList();
    assertThat(page.path("documents").findValuesAsText("id"))
        .containsExactlyInAnyOrderElementsOf(expected);
    assertThat(page.path("count").intValue()).isEqualTo(expected.size());
    return "count";
  }

  /// @param distance the square of the distance, which is a whole number
  private record Near(String document, int ordinal, long distance) {}

  private void search(String collection, Random random, String when) {
    List<Integer> point = point(random);
    int n = random.nextInt(VALUES);
    boolean filtered = random.nextBoolean();
    int limit = 1 + random.nextInt(10);
    var request = new HashMap<String, Object>(Map.of("vector", point, "limit", limit));
    Predicate<Doc> met = _ -> true;
    if (filtered) {
      request.put("filter", Map.of("n", Map.of("$ne", n)));
      met = document -> document.n() != n;
    }
    Predicate<Doc> meets = met;
    List<Near> all =
        model.entrySet().stream()
            .filter(entry -> meets.test(entry.getValue()))
            .flatMap(entry -> near(entry.getKey(), entry.getValue(), point))
            .toList();

    JsonNode answer = Api.json(Api.search(collection, request).statusCode(200).extract());
    List<Near> hits =
        answer
            .path("hits")
            .valueStream()
            .map(hit ->
                new Near(
                    hit.path("document").textValue(),
                    hit.path("ordinal").intValue(),
                    squared(hit.path("distance").doubleValue())))
            .toList();

    found += hits.size();
    // Documents at equal distances may come in any order.
    assertThat(hits).as(when).doesNotHaveDuplicates().isSubsetOf(all);
    assertThat(hits.stream().map(Near::distance).toList())
        .as(when)
        .isEqualTo(all.stream().map(Near::distance).sorted().limit(limit).toList());
    assertThat(answer.path("exact").booleanValue()).isTrue();
  }

  private static Stream<Near> near(String id, Doc document, List<Integer> point) {
    var near = new ArrayList<Near>();
    for (List<Integer> other : document.points()) {
      double distance = Math.hypot(other.get(0) - point.get(0), other.get(1) - point.get(1));
      near.add(new Near(id, near.size(), squared(distance)));
    }
    return near.stream();
  }

  private static long squared(double distance) {
    return Math.round(distance * distance);
  }

  private static String id(Random random) {
    return "d/" + random.nextInt(IDS);
  }

  private static Doc document(Random random) {
    return new Doc(
        Stream.generate(() -> point(random)).limit(1 + random.nextInt(3)).toList(),
        random.nextInt(VALUES));
  }

  private static List<Integer> point(Random random) {
    return List.of(random.nextInt(-5, 6), random.nextInt(-5, 6));
  }

  private static String text(List<Integer> point) {
    return "at " + point;
  }

  private static Map<String, Object> content(Doc document) {
    return Map.of(
        "chunks",
        document.points().stream()
            .map(point -> Map.of("text", text(point), "vector", point))
            .toList(),
        "metadata",
        Map.of("n", document.n()));
  }

  private static String json(Map<String, Object> line) {
    try {
      return new ObjectMapper().writeValueAsString(line);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
