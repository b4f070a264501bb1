package dev.sheaf.search;

import static dev.sheaf.testing.Patience.await;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.analysis.Lexemes;
import dev.sheaf.analysis.TextAnalyzer;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.SynonymQuery;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Collections whose texts the service analyzes.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class AnalyzedSearchIT {

  /// In a query, `or` and `-` are syntax.
  private static final List<String> PLAIN =
      List.of("tide", "moon", "sea", "salt", "wave", "shore", "or", "and", "it");

  private static final List<String> MULTILINGUAL =
      List.of(
          "tides",
          "HttpClientBuilder",
          "http",
          "client",
          "foo_bar.baz-1.2.3",
          "1.2.3",
          "C++",
          "don't",
          "/usr/lib/x86_64",
          "東京都",
          "京都",
          "水",
          "データベース",
          "서울에서",
          "ภาษาไทยสวยงาม",
          "الكتاب",
          "книги",
          "Straße",
          "café",
          "cafe\u0301",
          "１２３",
          "😀",
          "back\\slash",
          "<b>&amp;",
          "\"x\"",
          "𠮷野家");

  private final Random random = new Random(38);

  @Inject AgroalDataSource dataSource;
  @Inject SearchService searches;
  @Inject MemoryBudget memory;
  @Inject ObjectMapper json;

  /// Lucene stores the exact lengths of texts of up to 40 words, and does not count texts without
  /// words.
  @Test
  void scoresAreThoseOfLucene() throws Exception {
    List<String> texts = texts(MULTILINGUAL, 300, 3);
    assertScoresOfLucene(texts, new BM25Similarity(1.2f, 0.75f, false));
    assertScoresOfLucene(texts, new BM25Similarity(0.4f, 1, false));
  }

  private void assertScoresOfLucene(List<String> texts, BM25Similarity similarity)
      throws Exception {
    var bm25 = Map.of("k1", similarity.getK1(), "b", similarity.getB());
    String collection = collection(Map.of("analyzer", "lucene", "bm25", bm25), texts);
    TextAnalyzer analyzer = TextAnalyzer.of("english").orElseThrow();
    try (var directory = new ByteBuffersDirectory();
        var reader = DirectoryReader.open(indexed(directory, analyzer, texts, similarity))) {
      var lucene = new IndexSearcher(reader);
      lucene.setSimilarity(similarity);
      for (int i = 0; i < 60; i++) {
        String text = text(MULTILINGUAL, 1 + random.nextInt(4));
        assertScores(collection, text, scores(lucene, analyzer, text, Map.of()), texts);
      }
    }
  }

  private void assertScores(
      String collection, String text, Map<String, Double> expected, List<String> texts)
      throws SQLException {
    List<Hit> hits = search(collection, text, "any").hits();

    assertThat(hits).extracting(Hit::document).hasSameElementsAs(expected.keySet());
    assertThat(hits)
        .allSatisfy(hit ->
            assertThat(hit.score())
                .as("%s in %s", text, texts.get(Integer.parseInt(hit.document())))
                .isCloseTo(expected.get(hit.document()), within(1e-5)));
  }

  private static Directory indexed(
      Directory directory, TextAnalyzer analyzer, List<String> texts, BM25Similarity similarity)
      throws IOException {
    try (var writer =
        new IndexWriter(directory, new IndexWriterConfig().setSimilarity(similarity))) {
      for (int i = 0; i < texts.size(); i++) {
        var document = new Document();
        document.add(new StoredField("id", Integer.toString(i)));
        document.add(new TextField("text", new Lexemed(analyzer, texts.get(i))));
        writer.addDocument(document);
      }
    }
    return directory;
  }

  /// For words that both read alike, a collection answers as one that PostgreSQL analyzes: the same
  /// hits, scores, totals, marks and ranges.
  @Test
  void plainWordsAreFoundAsByPostgres() throws SQLException {
    List<String> texts = texts(PLAIN, 150, 30);
    String postgres = collection(Map.of("language", "simple"), texts);
    String lucene = collection(Map.of("language", "simple", "analyzer", "lucene"), texts);
    for (int i = 0; i < 80; i++) {
      String text = query();
      for (String match : List.of("any", "all", "query")) {
        Map<String, Object> request =
            Map.of(
                "text",
                text,
                "mode",
                "fulltext",
                "match",
                match,
                "limit",
                200,
                "total",
                true,
                "highlight",
                true,
                "matches",
                true,
                "passages",
                Map.of("limit", 2, "length", 40));
        SearchResponse expected = search(postgres, request);
        SearchResponse answer = search(lucene, request);

        assertThat(byDocument(answer)).as("%s %s", match, text).isEqualTo(byDocument(expected));
        assertThat(answer.total()).isEqualTo(expected.total());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          english | 昨日、東京都に行きました。       | 東京          | 昨日、<mark>東京</mark>都に行きました。
          english | 我住在北京市海淀区               | 北京          | 我住在<mark>北京</mark>市海淀区
          english | ภาษาไทยเป็นภาษาที่สวยงาม          | สวยงาม        | ภาษาไทยเป็นภาษาที่<mark>สวยงาม</mark>
          english | 서울에서 만나요                  | 서울          | <mark>서울</mark>에서 만나요
          arabic  | قرأت الكتاب أمس                  | كتاب          | قرأت <mark>الكتاب</mark> أمس
          german  | Die Häuser der Stadt             | haus          | Die <mark>Häuser</mark> der Stadt
          turkish | ISPARTA güzel                    | ısparta       | <mark>ISPARTA</mark> güzel
          english | a café <b>&amp;                  | CAFE          | a <mark>café</mark> &lt;b&gt;&amp;amp;
          english | new HttpClientBuilder()          | http builder  | new <mark>Http</mark>Client<mark>Builder</mark>()
          english | new HttpClientBuilder()          | httpclientbuilder | new <mark>HttpClientBuilder</mark>()
          english | see foo_bar.baz-1.2.3.           | baz           | see foo_bar.<mark>baz</mark>-1.2.3.
          english | see foo_bar.baz-1.2.3.           | foo_bar.baz-1.2.3 | see <mark>foo_bar.baz-1.2.3</mark>.
          english | in /usr/lib/x86_64 only          | x86_64        | in /usr/lib/<mark>x86</mark>_<mark>64</mark> only
          english | width １２３ here                | 123           | width <mark>１２３</mark> here
          english | a 👩‍👩‍👧 b 😀                        | 😀            | a 👩‍👩‍👧 b <mark>😀</mark>
          """)
  void knownItemsAreFoundAndMarked(String language, String text, String query, String marked)
      throws SQLException {
    String collection =
        collection(
            Map.of("language", language, "analyzer", "lucene"),
            List.of(text, "other words 別", "x"));
    for (String match : List.of("any", "all", "query")) {
      SearchResponse answer =
          search(
              collection,
              Map.of("text", query, "mode", "fulltext", "match", match, "highlight", true));

      assertThat(answer.hits()).as(match).extracting(Hit::document).containsExactly("0");
      assertThat(answer.hits().getFirst().highlight()).as(match).isEqualTo(marked);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          HttpClient              | 0,1
          "HttpClient builder"    | 0
          HttpClient -builder     | 1
          "東京 タワー" or 京都   | 2,3
          東京                    | 2
          -東京 client            | 0,1
          the                     |
          "                       |
          - or -                  |
          """)
  void syntaxOfSearchEngines(String query, String expected) throws SQLException {
    String collection =
        collection(
            Map.of("analyzer", "lucene"),
            List.of("HttpClientBuilder", "the http client", "東京タワー", "京都"));
    SearchResponse answer = search(collection, query, "query");

    assertThat(answer.hits().stream().map(Hit::document).sorted().collect(Collectors.joining(",")))
        .isEqualTo(expected == null ? "" : expected);
    if (expected == null) {
      assertThat(answer.warnings()).singleElement().asString().contains("no words to search for");
    }
  }

  /// With `any`, words and their synonyms have the scores of Lucene's `SynonymQuery`; with `all`
  /// and `query`, a chunk matches that contains one of each.
  @Test
  void synonymsCountAsOneWord() throws Exception {
    List<String> texts = texts(MULTILINGUAL, 300, 3);
    List<List<String>> groups =
        List.of(List.of("Tide", "CAFÉ", "水"), List.of("c++", "الكتاب"), List.of("123", "unused"));
    String collection = collection(Map.of("analyzer", "lucene", "synonyms", groups), texts);
    String plain = collection(Map.of("analyzer", "lucene"), texts);
    TextAnalyzer analyzer = TextAnalyzer.of("english").orElseThrow();
    var similarity = new BM25Similarity(1.2f, 0.75f, false);
    Map<String, List<String>> synonyms = new HashMap<>();
    for (List<String> group : groups) {
      List<String> lexemes = group.stream().map(each -> firstWord(analyzer, each)).toList();
      lexemes.forEach(lexeme -> synonyms.put(lexeme, lexemes));
    }
    try (var directory = new ByteBuffersDirectory();
        var reader = DirectoryReader.open(indexed(directory, analyzer, texts, similarity))) {
      var lucene = new IndexSearcher(reader);
      lucene.setSimilarity(similarity);
      for (int i = 0; i < 60; i++) {
        List<String> words =
            IntStream.range(0, 1 + random.nextInt(4))
                .mapToObj(_ -> MULTILINGUAL.get(random.nextInt(MULTILINGUAL.size())))
                .toList();
        String text = String.join(" ", words);
        assertScores(collection, text, scores(lucene, analyzer, text, synonyms), texts);

        // Each word in the place of one of its synonyms finds all that the others find.
        var withEach = new TreeSet<String>();
        for (String alternative : alternatives(analyzer, words, groups)) {
          search(
                  plain,
                  Map.of("text", alternative, "mode", "fulltext", "match", "all", "limit", 300))
              .hits()
              .forEach(hit -> withEach.add(hit.document()));
        }
        assertThat(
                search(
                        collection,
                        Map.of("text", text, "mode", "fulltext", "match", "all", "limit", 300))
                    .hits())
            .as(text)
            .extracting(Hit::document)
            .hasSameElementsAs(withEach);
      }
    }
  }

  /// The text with each word in the place of its synonyms.
  private static List<String> alternatives(
      TextAnalyzer analyzer, List<String> words, List<List<String>> groups) {
    List<String> texts = List.of("");
    for (String word : words) {
      String lexeme = firstWord(analyzer, word);
      List<String> each =
          groups.stream()
              .filter(
                  group -> group.stream().anyMatch(one -> firstWord(analyzer, one).equals(lexeme)))
              .findFirst()
              .orElse(List.of(word));
      texts = texts.stream().flatMap(text -> each.stream().map(one -> text + " " + one)).toList();
    }
    return texts;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          any   | nyc                | 0,1    | <mark>NYC</mark> hotels
          any   | new york city      | 0,1,2  | <mark>NYC</mark> hotels
          any   | a telly            | 3,4    |
          all   | NYC hotel          | 0,1    | <mark>NYC</mark> <mark>hotels</mark>
          all   | New York city hotel| 0,1    | <mark>NYC</mark> <mark>hotels</mark>
          all   | new york           | 1      |
          all   | city york new      | 1      |
          query | nyc -telly         | 0,1    | <mark>NYC</mark> hotels
          query | "nyc"              | 0      | <mark>NYC</mark> hotels
          query | nyc or television  | 0,1,3,4| <mark>NYC</mark> hotels
          query | -nyc hotel         | 2      |
          """)
  void phrasesHaveSynonyms(String match, String query, String expected, String marked)
      throws SQLException {
    String collection =
        collection(
            Map.of(
                "analyzer",
                "lucene",
                "synonyms",
                List.of(
                    List.of("NYC", "New York City"),
                    List.of("hotel", "motel"),
                    List.of("TV", "television", "telly", "the"))),
            List.of("NYC hotels", "New York City motel", "A new hotel", "a TV set", "televisions"));
    SearchResponse answer =
        search(
            collection,
            Map.of(
                "text",
                query,
                "mode",
                "fulltext",
                "match",
                match,
                "highlight",
                true,
                "explain",
                true));

    assertThat(answer.hits().stream().map(Hit::document).sorted().collect(Collectors.joining(",")))
        .isEqualTo(expected);
    if (marked != null) {
      assertThat(answer.hits())
          .filteredOn(hit -> hit.document().equals("0"))
          .extracting(Hit::highlight)
          .containsExactly(marked);
    }
    if (!match.equals("query")) {
      assertThat(answer.hits())
          .allSatisfy(hit ->
              assertThat(wordsOf(hit).stream().mapToDouble(HitExplanation.WordPart::score).sum())
                  .isCloseTo(hit.score(), within(1e-6)));
    }
  }

  private static List<HitExplanation.WordPart> wordsOf(Hit hit) {
    return requireNonNull(requireNonNull(requireNonNull(hit.explain()).fulltext()).words());
  }

  @Test
  void synonymsChangeWithoutAnalysis() throws SQLException {
    String collection =
        collection(
            Map.of("analyzer", "lucene", "synonyms", List.of(List.of("sea", "ocean"))),
            List.of("the ocean", "the lake"));

    assertThat(search(collection, "sea", "any").hits()).hasSize(1);
    Api.patch(collection, Map.of("synonyms", List.of(List.of("sea", "lake"), List.of("a", "b"))))
        .statusCode(200)
        .body("synonyms", equalTo(List.of(List.of("sea", "lake"), List.of("a", "b"))));
    await()
        .untilAsserted(() ->
            Api.search(collection, Map.of("text", "sea", "mode", "fulltext", "match", "any"))
                .body("hits.document", equalTo(List.of("1"))));
    Api.patch(collection, Map.of("analyzer", "postgresql"))
        .statusCode(422)
        .body("field", equalTo("synonyms"));
    Api.patch(collection, Map.of("analyzer", "postgresql", "synonyms", List.of()))
        .statusCode(200)
        .body("synonyms", nullValue());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [["a","b"]] on postgresql | synonyms       | synonyms require the analyzer lucene.
          [["a"]]                   | synonyms[0]    | synonyms[0] must have 2 to 16 words or phrases, not 1.
          [["a","b"],["c"," "]]     | synonyms[1][1] | synonyms[1][1] must have 1 to 100 characters.
          [["a",null]]              | synonyms[0][1] | synonyms[0][1] is required.
          [null]                    | synonyms[0]    | synonyms[0] is required.
          [["a","\\u0000"]]        | synonyms[0][1] | synonyms[0][1] contains U+0000 at position 0, which PostgreSQL cannot store. Remove it.
          """)
  void whatAreNoSynonyms(String synonyms, String field, String detail) throws IOException {
    Object groups = json.readValue(synonyms.replace(" on postgresql", ""), Object.class);
    String analyzer = synonyms.contains("on postgresql") ? "postgresql" : "lucene";
    Api.post("/collections", Map.of("name", "refused", "analyzer", analyzer, "synonyms", groups))
        .statusCode(422)
        .body("field", equalTo(field))
        .body("detail", equalTo(detail));
  }

  @Test
  void onlyTheFirstWordsAreSearched() throws SQLException {
    String collection = collection(Map.of("analyzer", "lucene"), List.of("w0 w1 w63 w64"));
    String words =
        IntStream.range(0, 70).mapToObj(i -> "w" + i).collect(Collectors.joining(" or "));
    for (String match : List.of("any", "query")) {
      SearchResponse answer =
          search(
              collection,
              Map.of(
                  "text",
                  match.equals("any") ? words.replace("or ", "") : words,
                  "mode",
                  "fulltext",
                  "match",
                  match,
                  "matches",
                  true));

      assertThat(answer.warnings())
          .containsExactly("The text has 70 different words. Only the first 64 were searched.");
      assertThat(answer.hits().getFirst().matches()).hasSize(3);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\"", "- ", "a or ", "-a ", "\"a b\" ", "fooBar-baz ", "東京", "( & ! ' \\ ", "x"})
  void longQueries(String part) throws SQLException {
    String collection = collection(Map.of("analyzer", "lucene"), List.of("a b fooBar-baz 東京"));
    for (String match : List.of("any", "all", "query")) {
      SearchResponse answer = search(collection, part.repeat(90_000 / (part.length() + 4)), match);

      assertThat(answer.hits()).hasSizeLessThan(2);
    }
  }

  /// PUT and upload store the same, which is what PostgreSQL reads from the text of a tsvector;
  /// also for texts that have more positions and lexemes than a tsvector.
  @Test
  void hostileTextsAreStoredWithinTheLimits() throws Exception {
    TextAnalyzer analyzer = TextAnalyzer.of("english").orElseThrow();
    List<String> texts =
        List.of(
            "'\\'' & | ! <-> :* \\ it''s back\\slash",
            "x".repeat(99_000),
            "ab ".repeat(30_000),
            IntStream.range(0, 14_000).mapToObj(i -> "w" + i).collect(Collectors.joining(" ")),
            IntStream.range(0x4e00, 0x4e00 + 20_000)
                .mapToObj(Character::toString)
                .collect(Collectors.joining()),
            "e" + "\u0301".repeat(40_000),
            "a-".repeat(40_000),
            "\u200c");
    String uploaded = collection(Map.of("analyzer", "lucene"), texts);
    String put = newCollection(Map.of("analyzer", "lucene"));
    for (int i = 0; i < texts.size(); i++) {
      Api.put(put, Integer.toString(i), Map.of("chunks", List.of(chunk(texts.get(i)))))
          .statusCode(201);
    }
    List<String> expected =
        texts.stream().map(text -> Lexemes.of(analyzer, null, text).toString()).toList();

    assertThat(differing(uploaded, expected)).isEmpty();
    assertThat(differing(put, expected)).isEmpty();
  }

  /// As in a database with a replica of an earlier version, or with another writer.
  @Test
  void aChunkWithoutLexemesGetsThoseOfPostgres() throws SQLException {
    String collection = collection(Map.of("analyzer", "lucene"), List.of("tides"));
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(
          """
          INSERT INTO %1$s (collection_id, document_id, ordinal, text, token_count, start_offset, end_offset)
               SELECT collection_id, document_id, 1, 'a known moon', 3, 5, 17 FROM %1$s
          """
              .formatted(table(connection, collection)));
    }

    assertThat(search(collection, "known", "any").hits())
        .extracting(Hit::ordinal)
        .containsExactly(1);
  }

  @Test
  void titlesAreSearchedFirst() throws SQLException {
    String collection = newCollection(Map.of("analyzer", "lucene", "titles", true));
    Api.put(collection, "a", Map.of("title", "東京 FooBar", "chunks", List.of(chunk("tower"))))
        .statusCode(201);

    assertThat(search(collection, "\"foo bar tower\" 東京", "query").hits()).hasSize(1);
    assertThat(search(collection, "\"tower foo\"", "query").hits()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"klingon", "pg_catalog"})
  void unknownLanguages(String language) {
    Api.post("/collections", Map.of("name", "unknown", "analyzer", "lucene", "language", language))
        .statusCode(422)
        .body("field", equalTo("language"));
  }

  @Test
  void everyLanguageIsOneOfPostgres() throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery("SELECT array_agg(cfgname::text) FROM pg_ts_config")) {
      row.next();
      assertThat((String[]) row.getArray(1).getArray()).containsAll(TextAnalyzer.languages());
    }
  }

  /// The numbers of the texts whose tsvector is another than the expected one.
  private List<Integer> differing(String collection, List<String> expected) throws SQLException {
    try (var connection = dataSource.getConnection();
        var select =
            connection.prepareStatement(
                """
                SELECT d.external_id::int
                  FROM %s c
                  JOIN document d ON d.collection_id = c.collection_id AND d.id = c.document_id
                  FULL JOIN unnest(?::text[]) WITH ORDINALITY e(search, number)
                       ON e.number = d.external_id::int + 1
                 WHERE c.search IS DISTINCT FROM e.search::tsvector
                """
                    .formatted(table(connection, collection)))) {
      select.setObject(1, expected.toArray(String[]::new));
      var numbers = new ArrayList<Integer>();
      try (var row = select.executeQuery()) {
        while (row.next()) {
          numbers.add(row.getInt(1));
        }
      }
      return numbers;
    }
  }

  private static String table(java.sql.Connection connection, String collection)
      throws SQLException {
    try (var select =
        connection.prepareStatement("SELECT 'chunk_' || id FROM collection WHERE name = ?")) {
      select.setString(1, collection);
      try (var row = select.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private static String firstWord(TextAnalyzer analyzer, String text) {
    var words = new ArrayList<String>();
    analyzer.wordsOfQuery(text, word -> words.add(word.lexeme()));
    return words.getFirst();
  }

  private static Map<String, Double> scores(
      IndexSearcher lucene, TextAnalyzer analyzer, String text, Map<String, List<String>> synonyms)
      throws IOException {
    var query = new BooleanQuery.Builder();
    analyzer.wordsOfQuery(
        text,
        word -> {
          var terms = new SynonymQuery.Builder("text");
          synonyms
              .getOrDefault(word.lexeme(), List.of(word.lexeme()))
              .forEach(lexeme -> terms.addTerm(new Term("text", lexeme)));
          query.add(terms.build(), Occur.SHOULD);
        });
    var scores = new HashMap<String, Double>();
    for (ScoreDoc hit : lucene.search(query.build(), 1_000).scoreDocs) {
      scores.put(
          requireNonNull(lucene.storedFields().document(hit.doc).get("id")), (double) hit.score);
    }
    return scores;
  }

  private record Found(
      double score, String highlight, List<Passage> passages, List<TextRange> matches) {}

  private static Map<String, Found> byDocument(SearchResponse answer) {
    return answer.hits().stream()
        .collect(
            Collectors.toMap(
                Hit::document,
                hit ->
                    new Found(
                        Math.round(hit.score() * 1e6) / 1e6,
                        requireNonNull(hit.highlight()),
                        requireNonNull(hit.passages()),
                        requireNonNull(hit.matches()))));
  }

  private SearchResponse search(String collection, Map<String, ?> request) throws SQLException {
    try (MemoryBudget.Account account = memory.open()) {
      return searches.search(
          collection, json.convertValue(request, SearchRequest.class), null, account);
    }
  }

  private SearchResponse search(String collection, String text, String match) throws SQLException {
    return search(
        collection, Map.of("text", text, "mode", "fulltext", "match", match, "limit", 1_000));
  }

  private String query() {
    return IntStream.rangeClosed(0, random.nextInt(4))
        .mapToObj(_ ->
            switch (random.nextInt(6)) {
              case 0 -> "-" + text(PLAIN, 1);
              case 1 -> "\"" + text(PLAIN, 1 + random.nextInt(3)) + "\"";
              case 2 -> "or";
              default -> text(PLAIN, 1);
            })
        .collect(Collectors.joining(" "));
  }

  private String text(List<String> words, int number) {
    return IntStream.range(0, number)
        .mapToObj(_ -> words.get(random.nextInt(words.size())))
        .collect(Collectors.joining(" "));
  }

  private List<String> texts(List<String> words, int number, int length) {
    return IntStream.range(0, number)
        .mapToObj(_ -> text(words, 1 + random.nextInt(length)))
        .toList();
  }

  private static Map<String, Object> chunk(String text) {
    return Map.of("text", text, "vector", List.of(1));
  }

  private static String newCollection(Map<String, ?> options) {
    var all = new HashMap<String, Object>(options);
    all.putAll(Map.of("model", "none", "dimensions", 1, "metric", "l2"));
    return Api.newCollection(all);
  }

  /// A collection with a document for each text, whose id is its number.
  private String collection(Map<String, ?> options, List<String> texts) {
    String collection = newCollection(options);
    String lines =
        IntStream.range(0, texts.size())
            .mapToObj(i ->
                json.valueToTree(
                        Map.of("id", Integer.toString(i), "chunks", List.of(chunk(texts.get(i)))))
                    .toString())
            .collect(Collectors.joining("\n"));
    Api.upload(collection, Map.of(), lines).statusCode(200).body("created", equalTo(texts.size()));
    return collection;
  }

  /// The words of a text as Lucene's tokens.
  private static final class Lexemed extends TokenStream {

    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
    private final List<String> lexemes = new ArrayList<>();
    private Iterator<String> next = List.<String>of().iterator();

    Lexemed(TextAnalyzer analyzer, String text) {
      analyzer.words(text, word -> lexemes.add(word.lexeme()));
    }

    @Override
    public void reset() {
      next = lexemes.iterator();
    }

    @Override
    public boolean incrementToken() {
      if (!next.hasNext()) {
        return false;
      }
      clearAttributes();
      term.append(next.next());
      return true;
    }
  }
}
