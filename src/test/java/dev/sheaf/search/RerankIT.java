package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sheaf.embedding.Metric;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Searches whose hits another server reranks. It scores by a rule that this test applies to the
/// hits of a plain search.
class RerankIT {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String KEY = "a-very-secret-key";
  private static final int WINDOW = 12;
  private static final int BATCH = 5;
  private static final int MAX_TEXT = 64;
  private static final CountDownLatch END = new CountDownLatch(1);

  private enum Behaviour {
    WORKS,
    FAILS_AFTER_ONE,
    FAILS,
    DOES_NOT_ANSWER
  }

  @TempDir private static Path directory;

  private static TestDatabase database;
  private static HttpServer model;
  private static SheafProcess sheaf;
  private static volatile Behaviour behaviour = Behaviour.WORKS;
  private static final AtomicInteger REQUESTS = new AtomicInteger();

  private final Random random = new Random(17);

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    database = TestDatabase.migrated();
    model = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    model.createContext("/v1/rerank", RerankIT::answer);
    model.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    model.start();
    Path key = Files.writeString(directory.resolve("key"), KEY + "\n");
    sheaf =
        SheafProcess.start(
            database,
            Map.of(
                "SHEAF_RERANK_URL", "http://localhost:" + model.getAddress().getPort() + "/v1",
                "SHEAF_RERANK_MODEL", "a-model",
                "SHEAF_RERANK_API_KEY_FILE", key.toString(),
                "SHEAF_RERANK_TIMEOUT", "5m",
                "SHEAF_RERANK_MAX_HITS", String.valueOf(WINDOW),
                "SHEAF_RERANK_BATCH_SIZE", String.valueOf(BATCH),
                "SHEAF_RERANK_MAX_TEXT", String.valueOf(MAX_TEXT)));
    create("plain", false);
    create("titled", true);
  }

  @AfterAll
  static void stop() {
    END.countDown();
    sheaf.close();
    model.stop(0);
    database.close();
  }

  @BeforeEach
  void works() {
    behaviour = Behaviour.WORKS;
    REQUESTS.set(0);
  }

  private static void create(String collection, boolean titles)
      throws IOException, InterruptedException {
    send(
        "POST",
        "/api/v1/collections",
        Map.of(
            "name", collection, "model", "none", "dimensions", 1, "metric", "l2", "titles", titles),
        201);
    for (int document = 0; document < 10; document++) {
      var chunks = new ArrayList<Map<String, ?>>();
      for (int chunk = 0; chunk < 3; chunk++) {
        chunks.add(
            Map.of(
                "text",
                "tide ".repeat(1 + (document * 7 + chunk * 3) % 11)
                    + "\ud83c\udf0a".repeat(document)
                    + "\u6f6e".repeat(4 * chunk)
                    + document,
                "vector",
                List.of(document)));
      }
      send(
          "PUT",
          "/api/v1/collections/" + collection + "/documents/d" + document,
          Map.of(
              "title",
              "title " + document % 4,
              "metadata",
              Map.of("n", document),
              "chunks",
              chunks),
          201);
    }
  }

  private static void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      JsonNode request = JSON.readTree(exchange.getRequestBody().readAllBytes());
      int number = REQUESTS.incrementAndGet();
      boolean authorized =
          ("Bearer " + KEY).equals(exchange.getRequestHeaders().getFirst("Authorization"));
      if (!authorized
          || behaviour == Behaviour.FAILS
          || (behaviour == Behaviour.FAILS_AFTER_ONE && number > 1)) {
        exchange.sendResponseHeaders(500, -1);
        return;
      }
      if (behaviour == Behaviour.DOES_NOT_ANSWER) {
        END.await();
      }
      assertThat(request.get("documents").size()).isBetween(1, BATCH);
      var results = JSON.createArrayNode();
      for (int index = request.get("documents").size() - 1; index >= 0; index--) {
        results
            .addObject()
            .put("index", index)
            .put(
                "relevance_score",
                rule(
                    request.get("query").textValue(),
                    request.get("documents").get(index).textValue()));
      }
      byte[] body = JSON.writeValueAsBytes(Map.of("results", results));
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /// Few different scores, so that some are equal.
  private static double rule(String query, String text) {
    return Math.floorMod((query + "|" + text).hashCode(), 7) / 7.0 - 0.5;
  }

  /// Every page of random searches has the hits that the rule puts there.
  @Test
  void pagesAreThoseOfTheRule() throws Exception {
    for (int i = 0; i < 60; i++) {
      String collection = random.nextBoolean() ? "plain" : "titled";
      boolean grouped = random.nextInt(3) == 0;
      int groupSize = grouped ? 1 + random.nextInt(2) : 1;
      int window = 1 + random.nextInt(WINDOW / groupSize);
      Map<String, Object> search = new HashMap<>();
      search.put("text", "tide " + "\u6f6e\ud83c\udf0a".repeat(random.nextInt(20)));
      search.put("mode", random.nextBoolean() ? "fulltext" : "hybrid");
      if (search.get("mode").equals("hybrid")) {
        search.put("vector", List.of(random.nextInt(12)));
      }
      search.put("match", "any");
      if (grouped) {
        search.put("groupBy", "document");
        search.put("groupSize", groupSize);
      }
      List<Candidate> expected =
          ranked(search, collection, hits(collection, search, Map.of("limit", window)), grouped);
      List<JsonNode> all = new ArrayList<>();
      int size = 1 + random.nextInt(window);
      for (int offset = 0; offset + size <= window; offset += size) {
        JsonNode answer =
            search(
                collection,
                search,
                Map.of(
                    "offset",
                    offset,
                    "limit",
                    size,
                    "select",
                    List.of("uri"),
                    "rerank",
                    Map.of("limit", window)));
        answer.get("hits").forEach(all::add);
        assertThat(answer.get("reranked").get("by").textValue()).isEqualTo("a-model");
        assertThat(answer.get("reranked").get("hits")).isEqualTo(answer.get("reranked").get("of"));
        assertThat(answer.get("reranked").get("hits").intValue()).isEqualTo(expected.size());
        assertThat(answer.get("reranked").has("because")).isFalse();
      }
      assertThat(all.stream().map(RerankIT::chunk))
          .as("%s %s", collection, search)
          .isEqualTo(
              expected.stream()
                  .limit(all.size())
                  .map(candidate -> chunk(candidate.hit()))
                  .toList());
      assertThat(all.stream().map(hit -> hit.get("rerankScore").doubleValue()))
          .containsExactlyElementsOf(
              expected.stream().limit(all.size()).map(Candidate::score).toList());
      assertThat(all).noneMatch(hit -> hit.has("text") || hit.has("title"));
    }
  }

  private record Candidate(JsonNode hit, double score) {}

  /// The order of the rule: documents by their best chunk if they are grouped; equal ones in the
  /// order of the search.
  private static List<Candidate> ranked(
      Map<String, Object> search, String collection, JsonNode hits, boolean grouped) {
    Map<String, List<Candidate>> groups = new LinkedHashMap<>();
    for (JsonNode hit : hits) {
      String text = hit.get("text").textValue();
      String read =
          collection.equals("titled") ? hit.get("title").textValue() + "\n\n" + text : text;
      double score = rule(cut(String.valueOf(search.get("text"))), cut(read));
      groups
          .computeIfAbsent(
              grouped ? hit.get("document").textValue() : chunk(hit), _ -> new ArrayList<>())
          .add(new Candidate(hit, score));
    }
    Comparator<Candidate> best = Comparator.comparingDouble(candidate -> -candidate.score());
    groups.values().forEach(group -> group.sort(best));
    return groups.values().stream()
        .sorted(Comparator.comparing(List::getFirst, best))
        .flatMap(List::stream)
        .toList();
  }

  private static String cut(String text) {
    String cut = text;
    while (cut.getBytes(StandardCharsets.UTF_8).length > MAX_TEXT) {
      cut = cut.substring(0, cut.offsetByCodePoints(cut.length(), -1));
    }
    return cut;
  }

  private static String chunk(JsonNode hit) {
    return hit.get("document").textValue() + "/" + hit.get("ordinal");
  }

  /// The model takes the first of the boosted hits, and diversity orders what it leaves. Hits
  /// without a score of the model have no relevance, unless none has one.
  @Test
  void boostsComeBeforeTheModelAndDiversityAfterIt() throws Exception {
    for (int i = 0; i < 20; i++) {
      behaviour = i < 10 ? Behaviour.WORKS : i < 16 ? Behaviour.FAILS_AFTER_ONE : Behaviour.FAILS;
      REQUESTS.set(0);
      int window = WINDOW + random.nextInt(15);
      int limit = 1 + random.nextInt(WINDOW);
      Map<String, Object> search = new HashMap<>();
      search.putAll(Map.of("mode", "hybrid", "match", "any", "vector", List.of(i % 11)));
      search.put("text", "tide " + "\u6f6e".repeat(i));
      List<JsonNode> boosted =
          OrderModel.sorted(
                  hits("plain", search, Map.of("limit", window)).valueStream().toList(),
                  RerankIT::boosted)
              .stream()
              .limit(limit)
              .toList();
      int scored =
          switch (behaviour) {
            case WORKS -> boosted.size();
            case FAILS_AFTER_ONE -> Math.min(BATCH, boosted.size());
            case FAILS, DOES_NOT_ANSWER -> 0;
          };
      var read = JSON.createArrayNode().addAll(boosted.subList(0, scored));
      List<Candidate> expected = new ArrayList<>(ranked(search, "plain", read, false));
      double worst = scored == 0 ? 0 : expected.getLast().score();
      boosted.stream()
          .skip(scored)
          .map(hit -> new Candidate(hit, scored == 0 ? boosted(hit) : worst))
          .forEach(expected::add);
      expected =
          OrderModel.diverse(
              expected,
              Candidate::score,
              candidate -> new float[] {candidate.hit().get("metadata").get("n").intValue()},
              Metric.L2,
              0.4);

      Map<String, Object> options = new HashMap<>();
      options.put("boost", List.of(Map.of("field", "n", "pivot", 3, "weight", 0.7)));
      // With a time limit of the client, a failure is not logged.
      options.put("rerank", Map.of("limit", limit, "timeout", 300_000));
      options.putAll(Map.of("diversity", 0.4, "window", window, "limit", limit));
      options.put("explain", true);
      JsonNode answer = search("plain", search, options);
      assertThat(chunks(answer.get("hits")))
          .as("%s %s %s", behaviour, search, options)
          .isEqualTo(expected.stream().map(candidate -> chunk(candidate.hit())).toList());
      for (JsonNode hit : answer.get("hits")) {
        int rank = hit.get("explain").get("rerank").get("rank").intValue();
        assertThat(hit.has("rerankScore")).isEqualTo(rank <= scored);
        assertThat(hit.get("boostedScore").doubleValue()).isEqualTo(boosted(hit));
      }
    }
  }

  private static double boosted(JsonNode hit) {
    double n = hit.get("metadata").get("n").intValue();
    return hit.get("score").doubleValue() + (n > 0 ? 0.7 / (1 + 3 / n) : 0);
  }

  /// What has no score keeps the order of the search, and the answer says why.
  @Test
  void aServerThatFailsDoesNotFailTheSearch() throws Exception {
    Map<String, Object> search =
        Map.of("text", "tide", "mode", "fulltext", "match", "any", "limit", WINDOW);
    JsonNode plain = hits("plain", search, Map.of());

    behaviour = Behaviour.FAILS_AFTER_ONE;
    JsonNode some = search("plain", search, Map.of("rerank", Map.of()));
    assertThat(reranked(some)).isEqualTo("5 of 12: The server answered with HTTP status 500.");
    var first = JSON.createArrayNode();
    plain.forEach(hit -> {
      if (first.size() < BATCH) {
        first.add(hit);
      }
    });
    List<String> expected =
        new ArrayList<>(
            ranked(new HashMap<>(search), "plain", first, false).stream()
                .map(candidate -> chunk(candidate.hit()))
                .toList());
    for (int place = BATCH; place < plain.size(); place++) {
      expected.add(chunk(plain.get(place)));
    }
    assertThat(chunks(some.get("hits"))).isEqualTo(expected);
    assertThat(some.get("hits").findValues("rerankScore")).hasSize(BATCH);

    behaviour = Behaviour.FAILS;
    JsonNode none = search("plain", search, Map.of("rerank", Map.of()));
    assertThat(reranked(none)).isEqualTo("0 of 12: The server answered with HTTP status 500.");
    assertThat(none.get("hits")).isEqualTo(plain);

    behaviour = Behaviour.DOES_NOT_ANSWER;
    JsonNode late = search("plain", search, Map.of("rerank", Map.of("timeout", 50)));
    assertThat(reranked(late)).isEqualTo("0 of 12: The server did not answer in time.");
    assertThat(late.get("hits")).isEqualTo(plain);

    behaviour = Behaviour.WORKS;
    assertThat(search("plain", search, Map.of("rerank", Map.of())).get("reranked").has("because"))
        .isFalse();
    assertThat(
            search("plain", search, Map.of("text", "nowhere", "rerank", Map.of()))
                .get("reranked")
                .get("of")
                .intValue())
        .isZero();
    // A long outage is one line, and no line has the key or the texts.
    assertThat(sheaf.log().stream().filter(line -> line.contains("Reranking fails"))).hasSize(1);
    assertThat(sheaf.log().stream().filter(line -> line.contains("Reranking works"))).hasSize(1);
    assertThat(sheaf.log()).noneMatch(line -> line.contains(KEY) || line.contains("tide"));
  }

  private static String reranked(JsonNode answer) {
    JsonNode reranked = answer.get("reranked");
    return "%s of %s: %s"
        .formatted(reranked.get("hits"), reranked.get("of"), reranked.get("because").textValue());
  }

  private static List<String> chunks(JsonNode hits) {
    var chunks = new ArrayList<String>();
    hits.forEach(hit -> chunks.add(chunk(hit)));
    return chunks;
  }

  @Test
  void whatIsMoreThanTheOperatorAllowsIsRejected() throws Exception {
    Map<String, Object> search = Map.of("text", "tide", "mode", "fulltext");
    Map<String, Object> boosted = new HashMap<>(search);
    boosted.put("boost", List.of(Map.of("field", "n", "pivot", 3)));
    boosted.putAll(Map.of("window", 11, "rerank", Map.of("limit", 12)));
    assertThat(send("POST", "/api/v1/collections/plain/search", boosted, 422).get("detail"))
        .hasToString(
            "\"rerank.limit is 12, but only 11 hits are boosted. Raise window, or lower rerank.limit.\"");
    for (Map.Entry<String, Map<String, ?>> bad :
        Map.<String, Map<String, ?>>of(
                "rerank.limit times groupSize must be at most 12.", Map.of("limit", WINDOW + 1),
                "offset + limit is 11, but only 10 hits are reranked.", Map.of("limit", 10),
                "rerank.timeout must be at most 300000, not 300001.", Map.of("timeout", 300_001))
            .entrySet()) {
      Map<String, Object> body = new HashMap<>(search);
      body.put("offset", 1);
      body.put("rerank", bad.getValue());
      JsonNode problem = send("POST", "/api/v1/collections/plain/search", body, 422);
      assertThat(problem.get("field").textValue()).startsWith("rerank.");
      assertThat(problem.get("detail").textValue()).startsWith(bad.getKey());
    }
  }

  /// The document that the rule prefers is the first one, and a failure is counted.
  @Test
  void evaluationsRerank() throws Exception {
    Map<String, Object> search = Map.of("text", "tide", "mode", "fulltext", "match", "any");
    String best =
        ranked(
                new HashMap<>(search),
                "plain",
                hits("plain", search, Map.of("groupBy", "document", "limit", 10)),
                true)
            .getFirst()
            .hit()
            .get("document")
            .textValue();
    Map<String, ?> evaluation =
        Map.of(
            "queries", List.of(Map.of("text", "tide", "relevant", Map.of(best, 1))),
            "settings",
                List.of(
                    Map.of("name", "plain", "mode", "fulltext", "match", "any"),
                    Map.of(
                        "name",
                        "reranked",
                        "mode",
                        "fulltext",
                        "match",
                        "any",
                        "rerank",
                        Map.of())));

    JsonNode works = send("POST", "/api/v1/collections/plain/evaluate", evaluation, 200);
    assertThat(works.get("settings").get(1).get("metrics").get("hitAt1").get("mean").intValue())
        .isEqualTo(1);
    assertThat(works.get("settings").get(1).get("notReranked").intValue()).isZero();
    assertThat(works.get("settings").get(0).has("notReranked")).isFalse();

    behaviour = Behaviour.FAILS;
    JsonNode fails = send("POST", "/api/v1/collections/plain/evaluate", evaluation, 200);
    assertThat(fails.get("settings").get(1).get("notReranked").intValue()).isEqualTo(1);
    assertThat(fails.get("settings").get(1).get("metrics"))
        .isEqualTo(fails.get("settings").get(0).get("metrics"));
  }

  private static JsonNode hits(
      String collection, Map<String, Object> search, Map<String, ?> options)
      throws IOException, InterruptedException {
    return search(collection, search, options).get("hits");
  }

  private static JsonNode search(
      String collection, Map<String, Object> search, Map<String, ?> options)
      throws IOException, InterruptedException {
    Map<String, Object> body = new HashMap<>(search);
    body.putAll(options);
    return send("POST", "/api/v1/collections/" + collection + "/search", body, 200);
  }

  private static JsonNode send(String method, String path, Map<String, ?> body, int status)
      throws IOException, InterruptedException {
    HttpResponse<String> response = sheaf.send(method, path, JSON.writeValueAsString(body));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    return JSON.readTree(response.body());
  }
}
