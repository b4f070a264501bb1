package dev.sheaf.search;

import static io.restassured.RestAssured.given;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.analysis.Lexemes;
import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.database.Sql;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// In a collection with `titles`, searches find what they would if each text began with the title.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class TitlesIT {

  private static final Map<String, String> TITLES =
      Map.of("a", "The Apollo programme", "b", "Ocean tides", "c", " ", "d", "Long ".repeat(700));

  /// No word of a query follows `salt` with `sea`.
  private static final List<String> WORDS =
      List.of("wave", "tide", "shore", "sea", "salt", "moon", "gull");

  private static final String TEXT = "Twelve people walked there between 1969 and 1972. ";

  private final Random random = new Random(45);

  @Inject AgroalDataSource dataSource;
  @Inject ObjectMapper json;

  @Test
  void aTitleIsReadBeforeEachText() {
    String titled = Api.newCollection(Map.of("titles", true));
    String uploaded = Api.newCollection(Map.of("titles", true));
    String plain = Api.newCollection();
    var lines = new StringBuilder();
    TITLES.forEach((id, title) -> {
      String text = TEXT + id;
      Api.put(titled, id, Map.of("title", title, "text", text)).statusCode(201);
      lines.append(
          "{\"id\": \"%s\", \"title\": \"%s\", \"text\": \"%s\"}\n".formatted(id, title, text));
      if (!id.equals("d")) {
        String before = title.isBlank() ? "" : title + "\n\n";
        Api.put(plain, id, Map.of("title", title, "text", before + text)).statusCode(201);
      }
    });
    Api.upload(uploaded, Map.of(), lines.toString()).statusCode(200);

    for (Map<String, Object> search :
        List.<Map<String, Object>>of(
            Map.of("text", "moon landings of NASA"),
            Map.of("text", "apollo tides", "mode", "fulltext", "match", "any"),
            Map.of("text", "apollo walked", "mode", "fulltext", "match", "all"))) {
      Map<String, Double> expected = scores(plain, search);
      Map<String, Double> found = scores(titled, search);
      assertThat(scores(uploaded, search)).isEqualTo(found);
      if (search.containsKey("mode")) {
        // The number of chunks is another, because of the long title.
        assertThat(found.keySet()).isEqualTo(expected.keySet()).isNotEmpty();
      } else {
        expected.forEach((id, score) -> assertThat(found.get(id)).isCloseTo(score, within(1e-6)));
      }
    }
    Api.search(titled, Map.of("text", "apollo", "mode", "fulltext", "highlight", true))
        .body("hits", hasSize(1))
        .body("hits[0].text", equalTo(TEXT + "a"))
        .body("hits[0].highlight", startsWith("Twelve people"));
  }

  /// BM25F in plain Java. A phrase among the synonyms counts once in the chunk, and once in the
  /// title.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"analyzer\": \"lucene\"}",
        "{\"analyzer\": \"lucene\", \"synonyms\": [[\"moon\", \"lune\", \"salt sea\"]]}"
      })
  void wordsOfTitlesHaveAWeight(String settings) throws Exception {
    List<TitledText> documents =
        IntStream.range(0, 80)
            .mapToObj(_ -> new TitledText(words(random.nextInt(5)), words(1 + random.nextInt(12))))
            .toList();
    List<List<String>> synonyms =
        settings.contains("synonyms")
            ? List.of(List.of("moon"), List.of("lune"), List.of("salt", "sea"))
            : List.of(List.of("moon"));
    String collection = collection(settings, documents);
    if (synonyms.size() == 1) {
      assertWeightsInTheSyntaxOfSearchEngines(collection, documents);
    }
    for (int i = 0; i < 20; i++) {
      double weight = List.of(0.0, 0.5, 1.0, 3.0, 100.0).get(random.nextInt(5));
      List<String> words = WORDS.stream().filter(_ -> random.nextInt(3) == 0).toList();
      boolean all = random.nextBoolean();
      Map<String, Object> search = weighted(String.join(" ", words), all ? "all" : "any", weight);
      var found = new HashSet<Integer>();
      for (JsonNode hit : hits(collection, search)) {
        TitledText document = documents.get(hit.path("document").asInt());
        JsonNode part = hit.at("/explain/fulltext");
        double norm = 1.2 * (0.25 + 0.75 * document.words().size() / meanLength(documents));
        double sum = 0;
        for (JsonNode word : part.path("words")) {
          List<List<String>> each =
              word.path("word").asText().equals("moon")
                  ? synonyms
                  : List.of(List.of(word.path("word").asText()));
          int count = each.stream().mapToInt(one -> count(one, document.words())).sum();
          int inTitle = each.stream().mapToInt(one -> count(one, document.title())).sum();
          double frequency = count - inTitle + weight * inTitle;
          double score = word.path("weight").asDouble() * frequency / (frequency + norm);
          assertThat(word.path("count").asInt()).as("%s in %s", word, document).isEqualTo(count);
          assertThat(word.path("inTitle").asInt(inTitle)).isEqualTo(inTitle);
          assertThat(word.has("inTitle")).isEqualTo(weight != 1);
          assertThat(word.path("score").asDouble())
              .as("%s in %s", word, document)
              .isCloseTo(score, within(1e-6));
          if (each.size() == 1) {
            assertThat(word.path("weight").asDouble())
                .isCloseTo(rarity(each.getFirst(), documents), within(1e-9));
          }
          sum += score;
        }
        assertThat(part.path("titleWeight").asDouble(1)).isEqualTo(weight);
        assertThat(part.path("length").asInt()).isEqualTo(document.words().size());
        assertThat(hit.path("score").asDouble()).isCloseTo(sum, within(1e-6));
        found.add(hit.path("document").asInt());
      }
      assertThat(found)
          .as("%s", search)
          .isEqualTo(
              IntStream.range(0, documents.size())
                  .filter(document -> matches(words, all, synonyms, documents.get(document)))
                  .boxed()
                  .collect(Collectors.toSet()));
    }
  }

  /// The syntax of search engines has the weights of `ts_rank_cd`, and by default those of a text
  /// that begins with the title.
  private void assertWeightsInTheSyntaxOfSearchEngines(
      String collection, List<TitledText> documents) throws Exception {
    for (double weight : List.of(0.0, 0.5, 1.0, 3.0, 10.0)) {
      String query = words(2).getFirst() + " \"" + String.join(" ", words(2)) + "\" or moon";
      Map<Integer, Double> expected = new HashMap<>();
      for (int i = 0; i < documents.size(); i++) {
        int document = i;
        Sql.of(
                weight == 1
                    ? "SELECT ts_rank_cd(v, q) FROM (SELECT to_tsvector('simple', ? || ' ' || ?) v, websearch_to_tsquery('simple', ?) q) d WHERE v @@ q"
                    : "SELECT ts_rank_cd(ARRAY[0.1, 0.1, 0.1, 0.1 * %s]::real[], v, q) FROM (SELECT setweight(to_tsvector('simple', ?), 'A') || to_tsvector('simple', ?) v, websearch_to_tsquery('simple', ?) q) d WHERE v @@ q"
                        .formatted(weight),
                String.join(" ", documents.get(i).title()),
                String.join(" ", documents.get(i).text()),
                query)
            .first(dataSource, row -> row.getDouble(1))
            .ifPresent(score -> expected.put(document, score));
      }
      Map<Integer, Double> scores = new HashMap<>();
      for (JsonNode hit : hits(collection, weighted(query, "query", weight))) {
        scores.put(hit.path("document").asInt(), hit.path("score").asDouble());
        assertThat(hit.at("/explain/fulltext/titleWeight").asDouble(1)).isEqualTo(weight);
      }
      assertThat(scores.keySet()).isEqualTo(expected.keySet()).isNotEmpty();
      scores.forEach((document, score) ->
          assertThat(score).isCloseTo(requireNonNull(expected.get(document)), within(1e-5)));
    }
  }

  /// What earlier versions stored has no labels.
  @Test
  void titlesWithoutLabelsHaveTheWeightOfTexts() throws Exception {
    String collection =
        collection("{}", List.of(new TitledText(List.of("moon"), List.of("moon", "tide"))));
    JsonNode labelled = hits(collection, weighted("moon", "any", 3)).path(0);
    JsonNode plain = hits(collection, weighted("moon", "any", 1)).path(0);
    Sql.of(
            "UPDATE chunk SET search = setweight(search, 'D') WHERE collection_id = (SELECT id FROM collection WHERE name = ?)",
            collection)
        .update(dataSource);
    JsonNode unlabelled = hits(collection, weighted("moon", "any", 3)).path(0);

    assertThat(labelled.path("score").asDouble()).isGreaterThan(plain.path("score").asDouble());
    assertThat(unlabelled.path("score")).isEqualTo(plain.path("score"));
    assertThat(unlabelled.at("/explain/fulltext/words/0/inTitle").asInt(-1)).isZero();
    assertThat(hits(collection, weighted("moon", "query", 1)).path(0).path("score").asDouble())
        .isCloseTo(0.2, within(1e-6));
  }

  @Test
  void labelsAreThoseOfSetweight() throws Exception {
    TextAnalyzer analyzer = TextAnalyzer.of("english").orElseThrow();
    List<String> texts =
        List.of(
            "",
            "the",
            "it's 'a' back\\slash:1A",
            "moon ".repeat(100),
            "tide ".repeat(20_000),
            IntStream.range(0, 9_000).mapToObj(i -> "w" + i).collect(Collectors.joining(" ")));
    try (Connection connection = dataSource.getConnection()) {
      // `||` goes on after the last position that is stored, and of a word 255 are.
      for (String title : texts.subList(0, 4)) {
        for (String text : texts) {
          assertThat(
                  Sql.of(
                          "SELECT ?::tsvector = setweight(?::tsvector, 'A') || ?::tsvector",
                          Lexemes.of(analyzer, title, text).toString(),
                          Lexemes.of(analyzer, null, title).toString(),
                          Lexemes.of(analyzer, null, text).toString())
                      .isTrue(connection))
              .as("%.20s and %.20s", title, text)
              .isTrue();
        }
      }
    }
  }

  @Test
  void anotherTitleIsEmbeddedAgain() {
    String collection = Api.newCollection(Map.of("titles", true));
    Map<String, Object> document = new HashMap<>(Map.of("title", "Tides", "text", TEXT));
    Api.put(collection, "a", document).statusCode(201).body("status", equalTo("created"));
    Api.put(collection, "a", document).statusCode(200).body("status", equalTo("unchanged"));
    Map<String, Object> tides = Map.of("text", "tides", "mode", "fulltext");
    Api.search(collection, tides).body("hits", hasSize(1));
    Double before = scores(collection, Map.of("text", "tides")).get("a");

    String exported = export(collection);
    assertThat(exported).contains(", titles\"");
    Api.upload(collection, Map.of(), exported).statusCode(200).body("unchanged", equalTo(1));

    document.put("title", "Apollo");
    Api.put(collection, "a", document).statusCode(200).body("status", equalTo("updated"));
    Api.search(collection, tides).body("hits", hasSize(0));
    assertThat(scores(collection, Map.of("text", "tides")).get("a")).isLessThan(before);

    patch(collection, "{\"title\": \"Moon\"}")
        .statusCode(422)
        .body("field", equalTo("title"))
        .body("detail", startsWith("title is embedded with the text in this collection"));
    patch(collection, "{\"uri\": \"https://example.org\"}").statusCode(200);
    given()
        .contentType(ContentType.JSON)
        .body("{\"titles\": false}")
        .patch("/api/v1/collections/" + collection)
        .then()
        .statusCode(422)
        .body("field", equalTo("titles"));
  }

  private record TitledText(List<String> title, List<String> text) {

    List<String> words() {
      return Stream.concat(title.stream(), text.stream()).toList();
    }
  }

  /// How often a text contains a word, or 1 if it contains a phrase.
  private static int count(List<String> phrase, List<String> text) {
    return phrase.size() == 1
        ? Collections.frequency(text, phrase.getFirst())
        : Collections.indexOfSubList(text, phrase) < 0 ? 0 : 1;
  }

  private static double meanLength(List<TitledText> documents) {
    return documents.stream().mapToInt(document -> document.words().size()).average().orElseThrow();
  }

  private static double rarity(List<String> word, List<TitledText> documents) {
    long with = documents.stream().filter(document -> count(word, document.words()) > 0).count();
    return Math.log(1 + (documents.size() - with + 0.5) / (with + 0.5));
  }

  private static boolean matches(
      List<String> words, boolean all, List<List<String>> synonyms, TitledText document) {
    Predicate<String> contains =
        word ->
            (word.equals("moon") ? synonyms : List.of(List.of(word)))
                .stream().anyMatch(one -> count(one, document.words()) > 0);
    return (all && !words.isEmpty())
        ? words.stream().allMatch(contains)
        : words.stream().anyMatch(contains);
  }

  private static Map<String, Object> weighted(String text, String match, double weight) {
    var search = new HashMap<String, Object>();
    search.putAll(Map.of("text", text.isEmpty() ? "unknown" : text, "mode", "fulltext"));
    search.putAll(Map.of("match", match, "limit", 200, "explain", true));
    search.put("weights", Map.of("title", weight));
    return search;
  }

  private static JsonNode hits(String collection, Map<String, Object> search) {
    return Api.json(Api.search(collection, search).statusCode(200).extract()).path("hits");
  }

  private List<String> words(int number) {
    return IntStream.range(0, number)
        .mapToObj(_ -> {
          int word = random.nextInt(WORDS.size() + 1);
          return word == WORDS.size() ? "lune" : WORDS.get(word);
        })
        .toList();
  }

  /// Some of the documents are put, the others uploaded.
  private String collection(String settings, List<TitledText> documents) throws Exception {
    var all = new HashMap<String, Object>();
    json.readTree(settings).properties().forEach(each -> all.put(each.getKey(), each.getValue()));
    all.putAll(Map.of("model", "none", "dimensions", 1, "metric", "l2", "titles", true));
    all.put("language", "simple");
    String collection = Api.newCollection(all);
    var lines = new StringBuilder();
    for (int i = 0; i < documents.size(); i++) {
      var document = new HashMap<String, Object>();
      String title = String.join(" ", documents.get(i).title());
      if (!title.isEmpty()) {
        document.put("title", title);
      }
      String text = String.join(" ", documents.get(i).text());
      document.put("chunks", List.of(Map.of("text", text, "vector", List.of(1))));
      if (i % 10 == 0) {
        Api.put(collection, Integer.toString(i), document).statusCode(201);
      } else {
        document.put("id", Integer.toString(i));
        lines.append(json.writeValueAsString(document)).append("\n");
      }
    }
    if (!lines.isEmpty()) {
      Api.upload(collection, Map.of(), lines.toString()).statusCode(200);
    }
    return collection;
  }

  private static ValidatableResponse patch(String collection, String body) {
    return given()
        .contentType(ContentType.JSON)
        .body(body)
        .patch("/api/v1/collections/" + collection + "/documents/a")
        .then();
  }

  private static String export(String collection) {
    return given()
        .accept("application/x-ndjson")
        .get("/api/v1/collections/" + collection + "/documents?vectors=true")
        .then()
        .statusCode(200)
        .extract()
        .asString();
  }

  private static Map<String, Double> scores(String collection, Map<String, Object> search) {
    Map<String, Double> scores = new HashMap<>();
    List<Map<String, Object>> hits =
        Api.search(collection, search).statusCode(200).extract().jsonPath().getList("hits");
    hits.forEach(hit ->
        scores.put(
            (String) hit.get("document"), requireNonNull((Number) hit.get("score")).doubleValue()));
    return scores;
  }
}
