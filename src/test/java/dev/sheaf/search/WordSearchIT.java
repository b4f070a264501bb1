package dev.sheaf.search;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;

import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Compares searches for words with BM25 in plain Java over the same tsvectors.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class WordSearchIT {

  /// Words that need quotes in a tsquery, and words of several lexemes, are among them.
  private static final List<String> ODD_WORDS =
      List.of("it's", "back\\slash", "well-known", "a@b.example", "1.2.3", "/etc/passwd", "$?%s:*");

  private final Random random = new Random(17);

  @Inject AgroalDataSource dataSource;
  @Inject SearchService searches;
  @Inject MemoryBudget memory;
  @Inject ObjectMapper json;

  @Test
  void scoresAndOrderAreThoseOfBm25() throws SQLException {
    for (int chunks : List.of(1, 7, 400)) {
      String collection = collection(IntStream.range(0, chunks).mapToObj(_ -> text()).toList());
      var model = new Bm25Model(collection);
      for (int search = 0; search < 25; search++) {
        String text = words(1 + random.nextInt(6));
        Set<String> lexemes = model.lexemes(text).keySet();
        assertRanked(search(collection, text, "any", 1_000), model.ranked(text, _ -> true));
        assertRanked(
            search(collection, text, "all", 1_000),
            model.ranked(text, chunk -> chunk.frequencies().keySet().containsAll(lexemes)));
      }
    }
  }

  /// One word is in each chunk, one in each second, and so on. Only some chunks are ranked, and
  /// those that are have the score that all words give them.
  @Test
  void frequentWordsAreNotAllRanked() throws SQLException {
    String collection = collection(IntStream.range(0, 9_000).mapToObj(this::ofFrequent).toList());
    execute("ANALYZE " + table(collection));
    var model = new Bm25Model(collection);

    // A chunk with the rare word is better than any without it, so the others need not be ranked.
    SearchResponse rare = search(collection, "rare half every", "any", 10);
    assertThat(rare.exact()).isTrue();
    assertThat(rare.scanned()).isEqualTo(18);
    assertBest(rare, model.ranked("rare half every", _ -> true));

    SearchResponse several = search(collection, "half fifth ninth", "any", 10);
    assertThat(several.exact()).isTrue();
    assertThat(several.scanned()).isEqualTo(2_600);
    assertBest(several, model.ranked("half fifth ninth", _ -> true));

    SearchResponse one = search(collection, "half", "any", 1_000);
    assertThat(one.exact()).isFalse();
    assertThat(one.hits()).hasSize(1_000);
    assertThat(one.truncated()).isFalse();

    // A filter that few documents match leaves nothing out.
    SearchResponse filtered =
        search(
            collection,
            Map.of(
                "text", "half ninth every",
                "mode", "fulltext",
                "match", "any",
                "filter", Map.of("$title", Map.of("$in", List.of("1", "2", "90", "111")))));
    assertThat(filtered.hits())
        .extracting(Hit::document)
        .containsExactlyInAnyOrder("1", "2", "90", "111");
    assertThat(filtered.exact()).isTrue();

    // Documents may have a score in common, so a page may end anywhere.
    Map<String, Object> page = new HashMap<>();
    page.putAll(Map.of("text", "half fifth ninth", "mode", "fulltext", "match", "any"));
    assertPagesAreOneList(collection, page, 250, 1_000);
  }

  @Test
  void aTextWithoutWordsSaysSo() throws SQLException {
    String collection = collection(List.of("The tide follows the moon.", "Bread rises."));
    String none =
        "The text has no words to search for. They are stop words of the language english, or not"
            + " words.";

    for (String match : List.of("any", "all", "query")) {
      Api.search(collection, Map.of("text", "to be or not", "mode", "fulltext", "match", match))
          .statusCode(200)
          .body("hits", hasSize(0))
          .body("exact", equalTo(true))
          .body("warnings", contains(none));
      Api.search(
              collection,
              Map.of(
                  "text",
                  "?!",
                  "mode",
                  "hybrid",
                  "match",
                  match,
                  "vector",
                  List.of(1),
                  "highlight",
                  true))
          .statusCode(200)
          .body("hits", hasSize(2))
          .body("warnings", contains(none));
      Api.search(collection, Map.of("text", "the tide", "mode", "fulltext", "match", match))
          .statusCode(200)
          .body("hits.document", contains("0"))
          .body("warnings", nullValue());
    }
  }

  @Test
  void aLongTextIsSearchedForItsFirstWords() throws SQLException {
    String collection = collection(List.of("w1 w64 w65", "w65"));
    String text = String.join(" ", IntStream.rangeClosed(1, 70).mapToObj(n -> "w" + n).toList());

    Api.search(
            collection, Map.of("text", text, "mode", "fulltext", "match", "any", "highlight", true))
        .statusCode(200)
        .body("hits.document", contains("0"))
        .body("hits.highlight", contains("<mark>w1</mark> <mark>w64</mark> w65"))
        .body(
            "warnings",
            contains("The text has 70 different words. Only the first 64 were searched."));
  }

  @Test
  void hybridReadsAnyWordByDefault() throws SQLException {
    String collection = collection(List.of("Bread rises.", "The tide follows the moon."));
    Map<String, Object> request =
        new HashMap<>(Map.of("text", "tides of bread", "mode", "hybrid", "vector", List.of(1)));
    request.put("hybrid", Map.of("vector", 0));

    Api.search(collection, request).body("hits.findAll{it.score > 0}", hasSize(2));
    request.put("match", "all");
    Api.search(collection, request).body("hits.findAll{it.score > 0}", hasSize(0));
  }

  /// The distances are 0, 1 and 2. Words count less if no text contains all of them.
  @Test
  void scoresOfBothListsAreScaled() throws SQLException {
    String collection = collection(List.of("tide", "tide and a filler", "bread"));
    var model = new Bm25Model(collection);
    Map<String, Double> vectors = Map.of("0", 1.0, "1", 0.5, "2", 0.0);
    Map<String, Object> request = new HashMap<>();
    request.putAll(Map.of("mode", "hybrid", "vector", List.of(0)));
    request.put("hybrid", Map.of("fulltext", 3));
    double ofTwo = Math.log(1 + 1.5 / 2.5);
    double ofNone = Math.log(1 + 3.5 / 0.5);

    Map<String, Double> weights =
        Map.of("tide", ofTwo, "tide unknown", ofTwo + ofNone, "unknown", ofNone);
    for (var text : weights.entrySet()) {
      Map<String, Double> words = model.ranked(text.getKey(), _ -> true);
      double best = words.values().stream().mapToDouble(score -> score).max().orElse(0);
      double highest = Math.max(best, text.getValue() / 2.2);
      request.put("text", text.getKey());
      assertThat(search(collection, request).hits())
          .hasSize(3)
          .allSatisfy(hit ->
              assertThat(hit.score())
                  .as("%s of %s", hit.document(), text)
                  .isCloseTo(
                      requireNonNull(vectors.get(hit.document()))
                          + 3 * words.getOrDefault(hit.document(), 0.0) / highest,
                      within(1e-9)));
    }
    request.put("text", "tide");
    assertThat(search(collection, request).hits().getFirst().score()).isEqualTo(4);
  }

  /// The parts of each hit add up to its score, to the last bit, and are those of the rules.
  @Test
  void explanationsAddUp() throws SQLException {
    String collection = collection(IntStream.range(0, 90).mapToObj(_ -> text()).toList());
    var model = new Bm25Model(collection);
    int words = 0;
    for (int search = 0; search < 120; search++) {
      Map<String, Object> request = new HashMap<>();
      String mode = List.of("vector", "fulltext", "hybrid", "hybrid").get(search % 4);
      String match = List.of("any", "all", "query").get(random.nextInt(3));
      String text = words(1 + random.nextInt(3));
      request.put("mode", mode);
      request.put("limit", 1_000);
      request.put("offset", 0);
      if (mode.equals("vector")) {
        request.put("vector", List.of(random.nextInt(5)));
      } else {
        request.put("text", text);
        request.put("match", match);
      }
      var fusion =
          Map.of(
              "depth",
              1 + random.nextInt(60),
              "by",
              List.of("rank", "score").get(random.nextInt(2)),
              "vector",
              0.3,
              "fulltext",
              0.7);
      if (mode.equals("hybrid")) {
        request.put("vector", List.of(random.nextInt(5)));
        request.put("hybrid", fusion);
      }
      SearchResponse plain = search(collection, request);
      request.put("explain", true);
      SearchResponse explained = search(collection, request);

      assertThat(plain.hits()).allMatch(hit -> hit.explain() == null);
      assertThat(places(explained)).isEqualTo(places(plain));
      assertThat(explained.hits())
          .extracting(hit -> requireNonNull(hit.explain()).rank())
          .isEqualTo(IntStream.rangeClosed(1, plain.hits().size()).boxed().toList());
      for (int place = 0; place < plain.hits().size(); place++) {
        Hit hit = explained.hits().get(place);
        assertThat(hit.score()).isEqualTo(plain.hits().get(place).score());
        HitExplanation parts = requireNonNull(hit.explain());
        double ofVector =
            parts.vector() == null
                ? 0
                : mode.equals("hybrid")
                    ? requireNonNull(parts.vector().gain())
                    : parts.vector().score();
        double ofWords =
            parts.fulltext() == null
                ? 0
                : mode.equals("hybrid")
                    ? requireNonNull(parts.fulltext().gain())
                    : parts.fulltext().score();
        assertThat(ofVector + ofWords).as("%s %s", hit, request).isEqualTo(hit.score());
        if (parts.vector() != null) {
          assertThat(parts.vector().score()).isEqualTo(1 / (1 + parts.vector().distance()));
        }
        if (parts.fulltext() != null && !match.equals("query")) {
          words += model.assertScored(text, hit.document(), parts.fulltext());
        }
      }
      if (mode.equals("hybrid")) {
        assertGains(
            explained.hits(),
            "rank".equals(fusion.get("by")),
            match.equals("query") ? 0 : model.scoreOfAll(text));
      }
      request.put("offset", 2);
      request.put("limit", 2);
      assertThat(search(collection, request).hits())
          .isEqualTo(explained.hits().stream().skip(2).limit(2).toList());
    }
    assertThat(words).isGreaterThan(500);
  }

  /// The gains of the hits of a fusion with weights 0.3 and 0.7 and the usual constant.
  private static void assertGains(List<Hit> hits, boolean byRank, double scoreOfAll) {
    List<HitExplanation.VectorPart> near =
        hits.stream()
            .map(hit -> requireNonNull(hit.explain()).vector())
            .filter(Objects::nonNull)
            .sorted(Comparator.comparing(HitExplanation.VectorPart::rank))
            .toList();
    List<HitExplanation.WordsPart> worded =
        hits.stream()
            .map(hit -> requireNonNull(hit.explain()).fulltext())
            .filter(Objects::nonNull)
            .sorted(Comparator.comparing(HitExplanation.WordsPart::rank))
            .toList();
    for (int place = 0; place < near.size(); place++) {
      HitExplanation.VectorPart part = near.get(place);
      double range = near.getLast().distance() - near.getFirst().distance();
      double scaled =
          part.distance() == near.getFirst().distance()
              ? 1
              : (near.getLast().distance() - part.distance()) / range;
      assertThat(part.rank()).isEqualTo(place + 1);
      assertThat(part.gain()).isCloseTo(0.3 * (byRank ? 1.0 / (61 + place) : scaled), within(1e-9));
    }
    for (int place = 0; place < worded.size(); place++) {
      HitExplanation.WordsPart part = worded.get(place);
      double highest = Math.max(worded.getFirst().score(), scoreOfAll);
      double scaled = highest == 0 ? 0 : part.score() / highest;
      assertThat(part.rank()).isEqualTo(place + 1);
      assertThat(part.gain()).isCloseTo(0.7 * (byRank ? 1.0 / (61 + place) : scaled), within(1e-9));
    }
  }

  /// Searches of all modes, page by page.
  @Test
  void pagesShowEachHitOnce() throws SQLException {
    String collection = collection(IntStream.range(0, 120).mapToObj(_ -> text()).toList());
    for (int search = 0; search < 1_000; search++) {
      Map<String, Object> request = new HashMap<>();
      String mode = List.of("vector", "fulltext", "hybrid", "hybrid").get(search % 4);
      request.put("mode", mode);
      if (!mode.equals("fulltext")) {
        request.put("vector", List.of(random.nextInt(5)));
      }
      if (!mode.equals("vector")) {
        request.put("text", words(1 + random.nextInt(3)));
        request.put("match", List.of("any", "all", "query").get(random.nextInt(3)));
      }
      if (mode.equals("hybrid")) {
        request.put(
            "hybrid",
            Map.of(
                "depth",
                1 + random.nextInt(40),
                "by",
                List.of("rank", "score").get(random.nextInt(2))));
      }
      if (random.nextInt(4) == 0) {
        request.put("groupBy", "document");
      }
      if (random.nextInt(4) == 0) {
        request.put("filter", Map.of("$title", Map.of("$gt", "3")));
      }
      assertPagesAreOneList(collection, request, 11 + random.nextInt(60), 1_000);
    }
  }

  /// The pages are the parts of the list that one large page returns.
  private void assertPagesAreOneList(
      String collection, Map<String, Object> request, int limit, int all) throws SQLException {
    request.put("select", List.of());
    request.put("offset", 0);
    request.put("limit", all);
    SearchResponse whole = search(collection, request);
    List<String> expected = places(whole);
    assertThat(new LinkedHashSet<>(expected)).hasSameSizeAs(expected);

    var found = new ArrayList<String>();
    request.put("limit", limit);
    for (int offset = 0; offset + limit <= all; offset += limit) {
      request.put("offset", offset);
      SearchResponse page = search(collection, request);
      found.addAll(places(page));
      if (page.hits().size() < limit) {
        assertThat(page.truncated()).as("%s", request).isEqualTo(whole.truncated());
        break;
      }
    }
    assertThat(found)
        .as("%s", request)
        .isEqualTo(expected.subList(0, Math.min(expected.size(), all - all % limit)));
  }

  private static List<String> places(SearchResponse answer) {
    return answer.hits().stream().map(hit -> hit.document() + "/" + hit.ordinal()).toList();
  }

  private SearchResponse search(String collection, Map<String, ?> request) throws SQLException {
    try (MemoryBudget.Account account = memory.open()) {
      return searches.search(
          collection, json.convertValue(request, SearchRequest.class), null, account);
    }
  }

  private SearchResponse search(String collection, String text, String match, int limit)
      throws SQLException {
    return search(
        collection, Map.of("text", text, "mode", "fulltext", "match", match, "limit", limit));
  }

  /// The hits are those of `expected`, in this order.
  private static void assertRanked(SearchResponse answer, Map<String, Double> expected) {
    assertThat(answer.hits())
        .extracting(Hit::document)
        .containsExactlyElementsOf(expected.keySet());
    assertThat(answer.hits())
        .allSatisfy(
            hit -> assertThat(hit.score()).isCloseTo(expected.get(hit.document()), within(1e-9)));
  }

  /// The hits have the best scores of `expected`. The statistics are those of a sample.
  private static void assertBest(SearchResponse answer, Map<String, Double> expected) {
    List<Double> best = List.copyOf(expected.values());
    for (int place = 0; place < answer.hits().size(); place++) {
      Hit hit = answer.hits().get(place);
      assertThat(hit.score())
          .isCloseTo(best.get(place), withinPercentage(3))
          .isCloseTo(expected.get(hit.document()), withinPercentage(3));
    }
  }

  /// Frequent words are much more frequent than others, as in texts.
  private String word() {
    if (random.nextInt(12) == 0) {
      return ODD_WORDS.get(random.nextInt(ODD_WORDS.size()));
    }
    return "w" + (int) Math.exp(random.nextDouble() * 5);
  }

  private String words(int number) {
    return String.join(" ", IntStream.range(0, number).mapToObj(_ -> word()).toList());
  }

  private String text() {
    return words(1 + random.nextInt(40));
  }

  private String ofFrequent(int chunk) {
    var text = new StringBuilder("every");
    Map<String, Integer> steps = Map.of("half", 2, "fifth", 5, "ninth", 9, "rare", 500);
    steps.forEach((word, step) -> {
      if (chunk % step == 0) {
        text.append(" ").append((word + " ").repeat(1 + random.nextInt(3)));
      }
    });
    return text.append(" filler".repeat(random.nextInt(5))).toString();
  }

  /// A collection with a document for each text, whose id and title are its number.
  private String collection(List<String> texts) throws SQLException {
    String name = Api.newCollection(Map.of("model", "none", "dimensions", 1, "metric", "l2"));
    try (var connection = dataSource.getConnection();
        var insert =
            connection.prepareStatement(
                """
                WITH target AS (SELECT id, active_space_id FROM collection WHERE name = ?),
                line AS (SELECT text, n - 1 AS n FROM unnest(?::text[]) WITH ORDINALITY t(text, n)),
                documents AS (
                     INSERT INTO document (collection_id, id, external_id, title, content_hash)
                          SELECT id, md5(id || ' ' || n)::uuid, n, n, sha256('') FROM target, line),
                chunks AS (
                     INSERT INTO chunk (collection_id, document_id, ordinal, text, token_count, start_offset, end_offset)
                          SELECT id, md5(id || ' ' || n)::uuid, 0, text, 1, 0, length(text) FROM target, line)
                INSERT INTO embedding (space_id, collection_id, document_id, ordinal, vector)
                     SELECT active_space_id, id, md5(id || ' ' || n)::uuid, 0, ARRAY[(n % 7)::real]::vector FROM target, line
                """)) {
      insert.setString(1, name);
      insert.setObject(2, texts.toArray(new String[0]));
      insert.executeUpdate();
      // Otherwise PostgreSQL counts these rows when they are analyzed, and again a second later.
      connection.createStatement().execute("SELECT pg_stat_force_next_flush()");
    }
    return name;
  }

  private String table(String collection) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row =
            statement.executeQuery(
                "SELECT 'chunk_' || id FROM collection WHERE name = '%s'".formatted(collection))) {
      row.next();
      return row.getString(1);
    }
  }

  private void execute(String sql) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /// A chunk, with how often it contains each lexeme.
  private record ModelChunk(String document, String id, Map<String, Integer> frequencies) {

    int length() {
      return frequencies.values().stream().mapToInt(Integer::intValue).sum();
    }
  }

  /// BM25 over all chunks of a collection.
  private final class Bm25Model {

    private final Map<String, ModelChunk> chunks = new HashMap<>();
    private final double meanLength;

    Bm25Model(String collection) throws SQLException {
      try (var connection = dataSource.getConnection();
          var statement = connection.createStatement();
          var row =
              statement.executeQuery(
                  """
                  SELECT d.external_id, d.id, w.lexeme, cardinality(w.positions)
                    FROM %1$s c
                    JOIN document d ON d.collection_id = c.collection_id AND d.id = c.document_id
                    LEFT JOIN LATERAL unnest(c.search) w ON true
                  """
                      .formatted(table(collection)))) {
        while (row.next()) {
          ModelChunk chunk =
              chunks.computeIfAbsent(
                  row.getString(1), id -> new ModelChunk(id, string(row, 2), new HashMap<>()));
          if (row.getString(3) != null) {
            chunk.frequencies().put(row.getString(3), row.getInt(4));
          }
        }
      }
      meanLength = chunks.values().stream().mapToInt(ModelChunk::length).average().orElseThrow();
    }

    private static String string(java.sql.ResultSet row, int column) {
      try {
        return row.getString(column);
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    /// The lexemes of a text, and how often it contains each.
    Map<String, Integer> lexemes(String text) throws SQLException {
      var lexemes = new HashMap<String, Integer>();
      try (var connection = dataSource.getConnection();
          var select =
              connection.prepareStatement(
                  "SELECT lexeme, cardinality(positions) FROM unnest(to_tsvector('english', ?))")) {
        select.setString(1, text);
        try (var row = select.executeQuery()) {
          while (row.next()) {
            lexemes.put(row.getString(1), row.getInt(2));
          }
        }
      }
      return lexemes;
    }

    /// The matching chunks with their scores, best first, in the order of their ids if equal.
    Map<String, Double> ranked(String text, java.util.function.Predicate<ModelChunk> matches)
        throws SQLException {
      ToDoubleFunction<ModelChunk> scorer = scorer(text);
      var ranked = new LinkedHashMap<String, Double>();
      chunks.values().stream()
          .filter(chunk -> scorer.applyAsDouble(chunk) > 0 && matches.test(chunk))
          .sorted(
              Comparator.comparingLong(
                      (ModelChunk chunk) -> -Math.round(scorer.applyAsDouble(chunk) * 1e9))
                  .thenComparing(ModelChunk::id))
          .forEach(chunk -> ranked.put(chunk.document(), scorer.applyAsDouble(chunk)));
      return ranked;
    }

    private Map<String, Double> weights(String text) throws SQLException {
      var weights = new HashMap<String, Double>();
      lexemes(text)
          .forEach((lexeme, times) -> {
            long with =
                chunks.values().stream()
                    .filter(chunk -> chunk.frequencies().containsKey(lexeme))
                    .count();
            weights.put(lexeme, times * Math.log(1 + (chunks.size() - with + 0.5) / (with + 0.5)));
          });
      return weights;
    }

    /// The score of a chunk of mean length with each word once.
    double scoreOfAll(String text) throws SQLException {
      return weights(text).values().stream().mapToDouble(weight -> weight / 2.2).sum();
    }

    private double norm(ModelChunk chunk) {
      return 1.2 * (1 - 0.75 + 0.75 * chunk.length() / meanLength);
    }

    /// The explained words are those of the chunk, and their scores add up exactly.
    ///
    /// @return the number of words
    int assertScored(String text, String document, HitExplanation.WordsPart part)
        throws SQLException {
      ModelChunk chunk = requireNonNull(chunks.get(document));
      Map<String, Double> weights = weights(text);
      List<HitExplanation.WordPart> words = requireNonNull(part.words());
      assertThat(words.stream().map(HitExplanation.WordPart::score).reduce(0.0, Double::sum))
          .isEqualTo(part.score());
      assertThat(part.length()).isEqualTo(chunk.length());
      assertThat(words)
          .extracting(HitExplanation.WordPart::word)
          .containsExactlyInAnyOrderElementsOf(
              weights.keySet().stream().filter(chunk.frequencies()::containsKey).toList());
      assertThat(words)
          .allSatisfy(word -> {
            int count = requireNonNull(chunk.frequencies().get(word.word()));
            double weight = requireNonNull(weights.get(word.word()));
            assertThat(word.count()).isEqualTo(count);
            assertThat(word.weight()).isCloseTo(weight, within(1e-9));
            assertThat(word.score())
                .isCloseTo(weight * count / (count + norm(chunk)), within(1e-9));
          });
      return words.size();
    }

    private ToDoubleFunction<ModelChunk> scorer(String text) throws SQLException {
      Map<String, Double> weights = weights(text);
      return chunk -> {
        double norm = norm(chunk);
        double score = 0;
        for (var word : weights.entrySet()) {
          int frequency = chunk.frequencies().getOrDefault(word.getKey(), 0);
          score += word.getValue() * frequency / (frequency + norm);
        }
        return score;
      };
    }
  }
}
