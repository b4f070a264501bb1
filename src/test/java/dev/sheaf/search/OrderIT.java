package dev.sheaf.search;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.pgvector.PGvector;
import dev.sheaf.embedding.Metric;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Compares what a search does with its candidates with the same rules in plain Java, over vectors
/// and texts that SQL reads.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class OrderIT {

  private static final int DIMENSIONS = 6;
  private static final int DOCUMENTS = 60;

  /// Only numbers above 0 are a gain.
  private static final List<String> VIEWS =
      List.of("0", "1", "20", "3.5", "1e400", "1e-400", "-7", "null", "\"30\"", "[9]", "true");

  /// Only dates and times with an offset are a gain, and the last of these is in the future.
  private static final List<String> PUBLISHED =
      List.of(
          "\"2020-01-31\"",
          "\"2021-06-01T12:00:00+05:30\"",
          "\"2021-06-01\"",
          "\"2021-06-01T12:00:00\"",
          "\"yesterday\"",
          "20210601",
          "null",
          "\"-999999999-01-01\"",
          "\"2999-01-01\"");

  private static final String ORIGIN = "2022-01-01";

  private static final List<Metric> METRICS = List.of(Metric.values());

  private static final Map<Metric, String> COLLECTIONS = new EnumMap<>(Metric.class);

  private static final Map<String, List<Stored>> STORED = new HashMap<>();

  private final Random random = new Random(36);

  @Inject AgroalDataSource dataSource;
  @Inject SearchService searches;
  @Inject MemoryBudget memory;
  @Inject ObjectMapper json;

  /// A stored chunk.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Stored(String document, String id, int ordinal, float[] vector) {

    String place() {
      return document + "/" + ordinal;
    }
  }

  /// Some chunks have the same vector, so that there are ties.
  @BeforeEach
  void collections() {
    for (Metric metric : Metric.values()) {
      COLLECTIONS.computeIfAbsent(metric, this::collection);
    }
  }

  private String collection(Metric metric) {
    String name =
        Api.newCollection(
            Map.of("model", "none", "dimensions", DIMENSIONS, "metric", metric.value()));
    var lines = new StringBuilder();
    for (int document = 0; document < DOCUMENTS; document++) {
      String chunks =
          IntStream.rangeClosed(0, document % 4)
              .mapToObj(chunk ->
                  "{\"text\": \"%s part %s\", \"vector\": %s}"
                      .formatted("tide ".repeat(1 + random.nextInt(3)), chunk, vector()))
              .collect(Collectors.joining(", "));
      lines.append(
          "{\"id\": \"d%s\", \"metadata\": {\"a.b\": {\"views\": %s}, \"published\": %s}, \"chunks\": [%s]}\n"
              .formatted(
                  document,
                  VIEWS.get(document % VIEWS.size()),
                  PUBLISHED.get(document % PUBLISHED.size()),
                  chunks));
    }
    Api.upload(name, Map.of(), lines.toString()).statusCode(200);
    return name;
  }

  /// A direction that some others have too, and a bit of noise.
  private String vector() {
    int direction = random.nextInt(DIMENSIONS);
    double noise = random.nextInt(3);
    return IntStream.range(0, DIMENSIONS)
        .mapToObj(i -> String.valueOf((i == direction ? 2 : 0) + random.nextDouble() * noise))
        .collect(Collectors.joining(",", "[", "]"));
  }

  /// The hits are the nearest to the query vector of the formula.
  @Test
  void examplesMoveTheQuery() throws SQLException {
    for (int search = 0; search < 24; search++) {
      Metric metric = METRICS.get(search % METRICS.size());
      String collection = requireNonNull(COLLECTIONS.get(metric));
      List<Stored> stored = stored(collection);
      Map<String, Object> request = new HashMap<>();
      request.put("limit", 25);
      request.put("select", List.of());
      List<Map<String, Object>> unlike = examples(stored, random.nextInt(4));
      List<Map<String, Object>> like = new ArrayList<>(examples(stored, random.nextInt(4)));
      List<float[]> positive = new ArrayList<>();
      like.forEach(example -> positive.add(mean(vectors(stored, example))));
      if (!like.isEmpty()) {
        request.put("alsoLike", List.copyOf(like));
      }
      if (random.nextInt(3) == 0) {
        float[] vector = stored.get(random.nextInt(stored.size())).vector();
        request.put("vector", vector);
        positive.add(vector);
      } else {
        Map<String, Object> example = examples(stored, 1).getFirst();
        request.put("like", example);
        positive.add(mean(vectors(stored, example)));
        like.add(example);
      }
      List<float[]> negative =
          unlike.stream().map(example -> mean(vectors(stored, example))).toList();
      if (!unlike.isEmpty()) {
        request.put("unlike", unlike);
      }

      double[] expected = rocchio(metric, positive, negative);
      Set<Object> excluded =
          Stream.concat(like.stream(), unlike.stream())
              .map(example -> example.get("document"))
              .collect(Collectors.toSet());
      Map<String, Double> distances = distances(collection, metric, expected, excluded);
      List<Double> sorted = distances.values().stream().sorted().limit(25).toList();
      List<Hit> hits = search(collection, request).hits();
      assertThat(hits).hasSameSizeAs(sorted);
      for (int place = 0; place < hits.size(); place++) {
        Hit hit = hits.get(place);
        assertThat(hit.distance())
            .as("%s %s", metric, request)
            .isCloseTo(sorted.get(place), within(1e-4))
            .isCloseTo(requireNonNull(distances.get(place(hit))), within(1e-4));
      }
    }
  }

  /// A group of hits that stay together, with the score that decides.
  private record Ranked(List<Hit> hits, double score) {}

  /// Every page of random searches has the hits that the rules put there, and the explanations add
  /// up to the last bit.
  @Test
  void boostsAndDiversityFollowTheirRules() throws SQLException {
    for (int search = 0; search < 75; search++) {
      Metric metric = METRICS.get(search % METRICS.size());
      String collection = requireNonNull(COLLECTIONS.get(metric));
      Map<String, Stored> stored =
          stored(collection).stream().collect(Collectors.toMap(Stored::place, chunk -> chunk));
      Map<String, Object> request = new HashMap<>();
      String mode = List.of("vector", "fulltext", "hybrid").get(random.nextInt(3));
      request.put("mode", mode);
      if (!mode.equals("vector")) {
        request.put("text", "tide part " + random.nextInt(4));
        request.put("match", "any");
      }
      if (!mode.equals("fulltext")) {
        String place = "d" + random.nextInt(DOCUMENTS) + "/0";
        request.put("vector", requireNonNull(stored.get(place)).vector());
      }
      if (random.nextInt(3) == 0) {
        request.put("groupBy", "document");
        request.put("groupSize", 1 + random.nextInt(3));
      }
      if (random.nextInt(4) == 0) {
        request.put("minScore", 0.3);
      }
      int window = 1 + random.nextInt(60);
      request.put("limit", window);
      request.put("select", List.of("metadata"));
      List<Hit> plain = search(collection, request).hits();
      plain.forEach(hit -> assertInRange(mode, metric, hit.score()));

      List<Map<String, Object>> boosts = boosts(random.nextInt(4));
      Double diversity =
          boosts.isEmpty() || random.nextBoolean()
              ? List.of(0.0, 0.3, 0.7, 1.0).get(random.nextInt(4))
              : null;
      List<Ranked> expected = new ArrayList<>();
      for (Hit hit : plain) {
        if (request.containsKey("groupBy")
            && !expected.isEmpty()
            && document(expected.getLast()).equals(hit.document())) {
          expected.getLast().hits().add(hit);
        } else {
          expected.add(new Ranked(new ArrayList<>(List.of(hit)), boosted(hit, boosts)));
        }
      }
      if (!boosts.isEmpty()) {
        expected = OrderModel.sorted(expected, Ranked::score);
        request.put("boost", boosts);
      }
      if (diversity != null) {
        expected =
            OrderModel.diverse(
                expected,
                Ranked::score,
                group -> requireNonNull(stored.get(place(group.hits().getFirst()))).vector(),
                metric,
                diversity);
        request.put("diversity", diversity);
      }
      request.put("window", window);
      request.put("explain", random.nextBoolean());
      request.put("select", List.of());

      List<Hit> found = new ArrayList<>();
      int size = 1 + random.nextInt(window);
      for (int offset = 0; offset + size <= window; offset += size) {
        request.put("offset", offset);
        request.put("limit", size);
        found.addAll(search(collection, request).hits());
      }
      List<Hit> hits =
          expected.stream()
              .limit(window - window % size)
              .flatMap(group -> group.hits().stream())
              .toList();
      assertThat(found.stream().map(OrderIT::place))
          .as("%s %s", metric, request)
          .isEqualTo(hits.stream().map(OrderIT::place).toList());
      for (int place = 0; place < found.size(); place++) {
        Hit hit = found.get(place);
        assertThat(hit.score()).isEqualTo(hits.get(place).score());
        assertThat(hit.vector()).isNull();
        assertThat(hit.metadata()).isNull();
        if (boosts.isEmpty()) {
          assertThat(hit.boostedScore()).isNull();
        } else {
          assertThat(hit.boostedScore()).isCloseTo(boosted(hits.get(place), boosts), within(1e-9));
        }
        assertAddsUp(hit, diversity);
      }
    }
  }

  /// The score is in the range that docs/search.md states. The text has three words.
  private static void assertInRange(String mode, Metric metric, double score) {
    switch (mode) {
      case "fulltext" -> assertThat(score).isPositive().isLessThan(3 * Math.log(2 * 150 + 2));
      case "hybrid" -> assertThat(score).isBetween(0.0, 2.0);
      default -> {
        switch (metric) {
          case COSINE -> assertThat(score).isBetween(-1.0, 1.0);
          case L2 -> assertThat(score).isPositive().isLessThanOrEqualTo(1);
          case INNER_PRODUCT -> assertThat(score).isFinite();
        }
      }
    }
  }

  private static String document(Ranked group) {
    return group.hits().getFirst().document();
  }

  private List<Map<String, Object>> boosts(int number) {
    var boosts = new ArrayList<Map<String, Object>>();
    for (int i = 0; i < number; i++) {
      Map<String, Object> boost = new HashMap<>();
      boost.put("weight", random.nextDouble() * 3 - 1);
      if (random.nextBoolean()) {
        boost.putAll(Map.of("field", "a\\.b.views", "pivot", 1 + random.nextInt(20)));
      } else {
        boost.putAll(Map.of("field", "published", "halfLife", 1 + random.nextInt(400)));
        boost.put("origin", ORIGIN);
      }
      boosts.add(boost);
    }
    return boosts;
  }

  private static double boosted(Hit hit, List<Map<String, Object>> boosts) {
    int document = Integer.parseInt(hit.document().substring(1));
    double score = hit.score();
    for (Map<String, Object> boost : boosts) {
      double weight = number(boost, "weight");
      score +=
          weight * (boost.containsKey("pivot") ? ofViews(document, boost) : ofAge(document, boost));
    }
    return score;
  }

  private static double number(Map<String, Object> boost, String name) {
    return ((Number) requireNonNull(boost.get(name))).doubleValue();
  }

  private static double ofViews(int document, Map<String, Object> boost) {
    double pivot = number(boost, "pivot");
    return switch (VIEWS.get(document % VIEWS.size())) {
      case "1e400" -> 1;
      case "1" -> 1.0 / (1 + pivot);
      case "20" -> 20.0 / (20 + pivot);
      case "3.5" -> 3.5 / (3.5 + pivot);
      default -> 0;
    };
  }

  private static double ofAge(int document, Map<String, Object> boost) {
    double days =
        switch (document % PUBLISHED.size()) {
          case 0 -> 701;
          case 1 -> 213 + 17.5 / 24;
          case 2 -> 214;
          case 8 -> 0;
          default -> Double.POSITIVE_INFINITY;
        };
    return Math.exp(-days / number(boost, "halfLife") * Math.log(2));
  }

  private static void assertAddsUp(Hit hit, @Nullable Double diversity) {
    HitExplanation parts = hit.explain();
    if (parts == null) {
      return;
    }
    double score = hit.score();
    if (parts.boost() != null) {
      for (double gain : parts.boost().gains()) {
        score += gain;
      }
      assertThat(score).isEqualTo(hit.boostedScore());
    }
    if (diversity == null) {
      assertThat(parts.diversity()).isNull();
    } else {
      HitExplanation.DiversityPart part = requireNonNull(parts.diversity());
      double similarity = part.similarity() == null ? 0 : part.similarity();
      assertThat(part.score())
          .isEqualTo((1 - diversity) * part.relevance() - diversity * similarity);
      assertThat(part.similarity() == null).isEqualTo(part.rank() == 1);
    }
  }

  /// Each chunk around a hit is the part of the document that the others leave, and is returned
  /// once.
  @Test
  void adjacentChunksContinueTheHit() throws SQLException {
    String collection = Api.newCollection();
    Map<String, String> texts = new HashMap<>();
    for (int document = 0; document < 2; document++) {
      String text =
          IntStream.range(0, 90)
              .mapToObj(i ->
                  "  Tide %s of \ud83c\udf0a%s comes %s.\n"
                      .formatted(
                          i, random.nextInt(99), "late and later ".repeat(random.nextInt(9))))
              .collect(Collectors.joining());
      Api.put(collection, "d" + document, Map.of("text", text)).statusCode(201);
      texts.put("d" + document, text);
    }
    Map<String, int[]> offsets = offsets(collection);
    assertThat(offsets).hasSizeGreaterThan(12);
    for (int search = 0; search < 40; search++) {
      int before = random.nextInt(4);
      int after = before == 0 ? 1 + random.nextInt(3) : random.nextInt(4);
      Map<String, Object> request = new HashMap<>();
      request.putAll(Map.of("text", "tide " + random.nextInt(90), "mode", "fulltext"));
      request.putAll(Map.of("match", "any", "limit", 1 + random.nextInt(6)));
      if (random.nextBoolean()) {
        request.putAll(Map.of("diversity", 0.5, "select", List.of()));
      }
      List<Hit> plain = search(collection, request).hits();
      request.put("expand", Map.of("before", before, "after", after));
      List<Hit> hits = search(collection, request).hits();

      assertThat(hits.stream().map(OrderIT::place))
          .isEqualTo(plain.stream().map(OrderIT::place).toList());
      Set<String> seen = plain.stream().map(OrderIT::place).collect(Collectors.toSet());
      for (Hit hit : hits) {
        String text = requireNonNull(texts.get(hit.document()));
        List<Expand.AdjacentChunk> expectedBefore = new ArrayList<>();
        for (int ordinal = hit.ordinal() - 1;
            ordinal >= Math.max(0, hit.ordinal() - before)
                && seen.add(hit.document() + "/" + ordinal);
            ordinal--) {
          int from = requireNonNull(offsets.get(hit.document() + "/" + ordinal))[0];
          int to = requireNonNull(offsets.get(hit.document() + "/" + (ordinal + 1)))[0];
          expectedBefore.addFirst(
              new Expand.AdjacentChunk(ordinal, text.substring(from, to).strip()));
        }
        List<Expand.AdjacentChunk> expectedAfter = new ArrayList<>();
        for (int ordinal = hit.ordinal() + 1;
            ordinal <= hit.ordinal() + after
                && offsets.containsKey(hit.document() + "/" + ordinal)
                && seen.add(hit.document() + "/" + ordinal);
            ordinal++) {
          int from = requireNonNull(offsets.get(hit.document() + "/" + (ordinal - 1)))[1];
          int to = requireNonNull(offsets.get(hit.document() + "/" + ordinal))[1];
          expectedAfter.add(new Expand.AdjacentChunk(ordinal, text.substring(from, to).strip()));
        }
        assertThat(hit.before()).as("%s of %s", request, place(hit)).isEqualTo(expectedBefore);
        assertThat(hit.after()).as("%s of %s", request, place(hit)).isEqualTo(expectedAfter);
      }
    }
  }

  /// Where each chunk begins and ends in its document. Some overlap.
  private Map<String, int[]> offsets(String collection) throws SQLException {
    var offsets = new HashMap<String, int[]>();
    int last = 0;
    int overlaps = 0;
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row =
            statement.executeQuery(
                """
                SELECT d.external_id, k.ordinal, k.start_offset, k.end_offset
                  FROM chunk k
                  JOIN document d ON d.collection_id = k.collection_id AND d.id = k.document_id
                  JOIN collection c ON c.id = k.collection_id
                 WHERE c.name = '%s'
                 ORDER BY d.id, k.ordinal
                """
                    .formatted(collection))) {
      while (row.next()) {
        overlaps += row.getInt(2) > 0 && row.getInt(3) < last ? 1 : 0;
        last = row.getInt(4);
        offsets.put(row.getString(1) + "/" + row.getInt(2), new int[] {row.getInt(3), last});
      }
    }
    assertThat(overlaps).isPositive();
    return offsets;
  }

  private List<Map<String, Object>> examples(List<Stored> stored, int number) {
    var examples = new ArrayList<Map<String, Object>>();
    for (int i = 0; i < number; i++) {
      Stored chunk = stored.get(random.nextInt(stored.size()));
      Map<String, Object> example = new LinkedHashMap<>();
      example.put("document", chunk.document());
      if (random.nextBoolean()) {
        example.put("ordinal", chunk.ordinal());
      }
      examples.add(example);
    }
    return examples;
  }

  private static List<float[]> vectors(List<Stored> stored, Map<String, Object> example) {
    return stored.stream()
        .filter(chunk -> chunk.document().equals(example.get("document")))
        .filter(chunk ->
            !example.containsKey("ordinal") || example.get("ordinal").equals(chunk.ordinal()))
        .map(Stored::vector)
        .toList();
  }

  private static float[] mean(List<float[]> vectors) {
    var mean = new float[DIMENSIONS];
    for (int i = 0; i < DIMENSIONS; i++) {
      int component = i;
      mean[i] = (float) vectors.stream().mapToDouble(v -> v[component]).average().orElseThrow();
    }
    return mean;
  }

  private static double[] rocchio(Metric metric, List<float[]> like, List<float[]> unlike) {
    return IntStream.range(0, DIMENSIONS)
        .mapToDouble(i -> {
          double p =
              like.stream().mapToDouble(v -> v[i] / scale(metric, v)).average().orElseThrow();
          double n = unlike.stream().mapToDouble(v -> v[i] / scale(metric, v)).average().orElse(p);
          return 1.5 * p - 0.5 * n;
        })
        .toArray();
  }

  private static double scale(Metric metric, float[] vector) {
    return metric == Metric.COSINE ? Math.sqrt(dot(vector, vector)) : 1;
  }

  private static double dot(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> (double) a[i] * b[i]).sum();
  }

  private Map<String, Double> distances(
      String collection, Metric metric, double[] vector, Set<Object> excluded) throws SQLException {
    var distances = new HashMap<String, Double>();
    String literal =
        IntStream.range(0, vector.length)
            .mapToObj(i -> String.valueOf(vector[i]))
            .collect(Collectors.joining(",", "'[", "]'::vector"));
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row =
            statement.executeQuery(
                """
                SELECT d.external_id, e.ordinal, e.vector %s %s
                  FROM embedding e
                  JOIN document d ON d.collection_id = e.collection_id AND d.id = e.document_id
                  JOIN collection c ON c.id = e.collection_id
                 WHERE c.name = '%s'
                """
                    .formatted(metric.operator(), literal, collection))) {
      while (row.next()) {
        if (!excluded.contains(row.getString(1))) {
          distances.put(row.getString(1) + "/" + row.getInt(2), row.getDouble(3));
        }
      }
    }
    return distances;
  }

  /// Read once, because the tables of all collections are read.
  private List<Stored> stored(String collection) throws SQLException {
    List<Stored> known = STORED.get(collection);
    if (known != null) {
      return known;
    }
    var stored = new ArrayList<Stored>();
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row =
            statement.executeQuery(
                """
                SELECT d.external_id, d.id, e.ordinal, e.vector
                  FROM embedding e
                  JOIN document d ON d.collection_id = e.collection_id AND d.id = e.document_id
                  JOIN collection c ON c.id = e.collection_id
                 WHERE c.name = '%s'
                 ORDER BY d.id, e.ordinal
                """
                    .formatted(collection))) {
      while (row.next()) {
        stored.add(
            new Stored(
                row.getString(1),
                row.getString(2),
                row.getInt(3),
                ((PGvector) row.getObject(4)).toArray()));
      }
    }
    STORED.put(collection, stored);
    return stored;
  }

  private static String place(Hit hit) {
    return hit.document() + "/" + hit.ordinal();
  }

  private SearchResponse search(String collection, Map<String, ?> request) throws SQLException {
    try (MemoryBudget.Account account = memory.open()) {
      return searches.search(
          collection, json.convertValue(request, SearchRequest.class), null, account);
    }
  }
}
