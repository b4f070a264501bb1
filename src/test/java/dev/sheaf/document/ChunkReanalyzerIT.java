package dev.sheaf.document;

import static io.restassured.RestAssured.given;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.database.Sql;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Collections whose analyzer or language changes.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class ChunkReanalyzerIT {

  private static final List<String> WORDS =
      List.of(
          "tides",
          "houses",
          "Häuser",
          "HttpClient",
          "client",
          "東京都",
          "京都",
          "the",
          "and",
          "it",
          "don't",
          "/usr/lib/x86_64",
          "1.2.3",
          "running",
          "runs",
          "café",
          "cafe",
          "C++");

  private final Random random = new Random(39);

  @Inject AgroalDataSource dataSource;
  @Inject ChunkReanalyzer reanalyzer;
  @Inject ObjectMapper json;

  /// The same rows and the same answers as in a collection that had the analyzer from the start,
  /// with writers during the change and several replicas that work on it.
  @Test
  void afterwardsTheWordsAreThoseOfACollectionFromTheStart() throws Exception {
    List<Map<String, ?>> analyses =
        List.of(
            Map.of("analyzer", "postgresql", "language", "english"),
            Map.of("analyzer", "lucene", "language", "german"),
            Map.of("analyzer", "postgresql", "language", "simple"));
    List<String> texts = texts(130);
    List<String> later = texts(20);
    var changed = new ArrayList<String>();
    for (int i = 0; i < analyses.size(); i++) {
      String collection = collection(analyses.get(i), texts);
      Api.patch(collection, analyses.get((i + 1) % analyses.size())).statusCode(200);
      put(collection, 120, later);
      delete(collection, 3);
      changed.add(collection);
    }
    begin();

    await()
        .untilAsserted(() -> {
          inParallel(3, reanalyzer::run);
          changed.forEach(this::assertComplete);
        });

    for (int i = 0; i < analyses.size(); i++) {
      String expected = collection(analyses.get((i + 1) % analyses.size()), texts);
      put(expected, 120, later);
      delete(expected, 3);
      assertThat(words(changed.get(i))).isEqualTo(words(expected));
      for (int search = 0; search < 3; search++) {
        String text = text(1 + random.nextInt(3));
        for (String match : List.of("any", "all", "query")) {
          assertThat(scores(changed.get(i), text, match))
              .as("%s %s", match, text)
              .isEqualTo(scores(expected, text, match));
        }
      }
    }
  }

  /// During the change, a chunk is found if the analysis that it has finds it. What is done is not
  /// done again after a failure.
  @Test
  void eachChunkIsFoundByTheWordsThatItHas() throws Exception {
    Map<String, ?> former = Map.of("language", "english");
    Map<String, ?> target = Map.of("analyzer", "lucene", "language", "german");
    List<String> texts = texts(250);
    String inOld = collection(former, texts);
    String inNew = collection(target, texts);
    String changing = collection(former, texts);
    Api.patch(changing, target)
        .statusCode(200)
        .body("analyzer", equalTo("lucene"))
        .body("reanalysis.analyzer", equalTo("postgresql"))
        .body("reanalysis.remaining", equalTo(250));
    begin();
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      Sql.of(
              """
              SELECT text FROM %1$s WHERE ctid =
                     (SELECT ctid FROM %1$s ORDER BY document_id, ordinal OFFSET 230 LIMIT 1) FOR UPDATE
              """
                  .formatted(table(changing)))
          .list(connection, row -> row.getString(1));

      await()
          .untilAsserted(() -> {
            reanalyzer.run();
            describe(changing).body("reanalysis.remaining", equalTo(50));
          });

      Set<String> done =
          new HashSet<>(
              query(
                  """
                  SELECT d.external_id
                    FROM document d
                    JOIN collection c ON c.id = d.collection_id
                    JOIN reanalysis r ON r.collection_id = c.id AND d.id <= r.document_id
                   WHERE c.name = ?
                  """,
                  changing));
      assertThat(done).hasSize(200);
      for (int search = 0; search < 8; search++) {
        String text = text(1 + random.nextInt(3));
        for (String match : List.of("any", "all", "query")) {
          Set<String> old = scores(inOld, text, match).keySet();
          Set<String> now = scores(inNew, text, match).keySet();
          Set<String> found = scores(changing, text, match).keySet();

          assertThat(found)
              .as("not done: %s %s", match, text)
              .containsAll(old.stream().filter(document -> !done.contains(document)).toList());
          assertThat(found)
              .as("done: %s %s", match, text)
              .containsAll(now.stream().filter(done::contains).toList());
        }
      }
      Api.patch(changing, Map.of("language", "french"))
          .statusCode(409)
          .body("type", endsWith("busy"))
          .body("detail", containsString("or go back to the analyzer postgresql and the language"));
      connection.rollback();
    }
    List<String> before = versions(changing, 200);

    await()
        .untilAsserted(() -> {
          reanalyzer.run();
          assertComplete(changing);
        });

    assertThat(versions(changing, 200)).isEqualTo(before);
    assertThat(words(changing)).isEqualTo(words(inNew));
  }

  /// A writer that read the former settings before the change is committed may store its chunks
  /// long after it, anywhere.
  @Test
  void writersThatDoNotKnowTheChangeAreAwaited() throws Exception {
    String collection = collection(Map.of(), List.of("tides", "moon"));
    try (Connection writer = dataSource.getConnection()) {
      writer.setAutoCommit(false);
      Sql.of("SELECT settings FROM collection WHERE name = ? FOR KEY SHARE", collection)
          .list(writer, row -> row.getString(1));
      Api.patch(collection, Map.of("language", "german")).statusCode(200);
      begin();
      Thread worker = Thread.startVirtualThread(() -> await().until(() -> isComplete(collection)));
      Thread.sleep(1_000);
      describe(collection).body("reanalysis.remaining", equalTo(2));
      Sql.of(
              """
              INSERT INTO %1$s (collection_id, document_id, ordinal, text, token_count, start_offset, end_offset, search)
                   SELECT collection_id, document_id, 1, 'late moons', 2, 5, 15, 'stale:1'
                     FROM %1$s ORDER BY document_id LIMIT 1
              """
                  .formatted(table(collection)))
          .update(writer);
      writer.commit();
      worker.join();
    }

    assertThat(words(collection))
        .doesNotContainValue("'stale':1")
        .containsValue("'lat':1 'moon':2");
  }

  /// A change back needs no third analysis. It also gives the words of titles the labels that
  /// earlier versions did not store.
  @Test
  void aChangeCanBeTakenBack() throws Exception {
    String collection = collection(Map.of("language", "simple"), texts(30));
    Map<String, String> before = words(collection);
    assertThat(before.values()).anyMatch(words -> words.contains("'houses':1A"));
    Sql.of("UPDATE %s SET search = setweight(search, 'D')".formatted(table(collection)))
        .update(dataSource);
    assertThat(words(collection)).isNotEqualTo(before);
    Api.patch(collection, Map.of("analyzer", "lucene")).statusCode(200);
    Api.patch(collection, Map.of("analyzer", "lucene")).statusCode(200);
    Api.patch(collection, Map.of("analyzer", "postgresql"))
        .statusCode(200)
        .body("reanalysis.analyzer", equalTo("lucene"));
    Api.patch(collection, Map.of("analyzer", "lucene", "language", "klingon")).statusCode(422);
    begin();

    await().until(() -> isComplete(collection));

    assertThat(words(collection)).isEqualTo(before);
    Api.patch(collection, Map.of("language", "simple")).body("reanalysis", nullValue());
  }

  /// Begins all changes now, without the time in which replicas search with earlier settings.
  private void begin() throws SQLException {
    Sql.of("UPDATE reanalysis SET started_at = started_at - interval '1 minute'")
        .update(dataSource);
  }

  private boolean isComplete(String collection) {
    reanalyzer.run();
    return describe(collection).extract().path("reanalysis") == null;
  }

  private void assertComplete(String collection) {
    describe(collection).body("reanalysis", nullValue());
  }

  private static void inParallel(int number, Runnable work) throws InterruptedException {
    List<Thread> threads =
        IntStream.range(0, number).mapToObj(_ -> Thread.startVirtualThread(work)).toList();
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /// The words of each chunk.
  private Map<String, String> words(String collection) throws SQLException {
    return Sql.of(
            """
            SELECT d.external_id || '/' || c.ordinal, c.search::text
              FROM %s c
              JOIN document d ON d.collection_id = c.collection_id AND d.id = c.document_id
            """
                .formatted(table(collection)))
        .list(dataSource, row -> Map.entry(row.getString(1), row.getString(2)))
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /// The places of the first rows, which each update changes.
  private List<String> versions(String collection, int number) throws SQLException {
    return Sql.of(
            "SELECT ctid::text FROM %s ORDER BY document_id, ordinal LIMIT %s"
                .formatted(table(collection), number))
        .list(dataSource, row -> row.getString(1));
  }

  private String table(String collection) throws SQLException {
    return "chunk_" + query("SELECT id FROM collection WHERE name = ?", collection).getFirst();
  }

  private List<String> query(String sql, String parameter) throws SQLException {
    return Sql.of(sql, parameter).list(dataSource, row -> row.getString(1));
  }

  private static Map<String, Double> scores(String collection, String text, String match) {
    List<Map<String, Object>> hits =
        Api.search(
                collection,
                Map.of("text", text, "mode", "fulltext", "match", match, "limit", 1_000))
            .statusCode(200)
            .extract()
            .path("hits");
    return hits.stream()
        .collect(
            Collectors.toMap(
                hit -> requireNonNull(hit.get("document")).toString(),
                hit ->
                    Math.round(((Number) requireNonNull(hit.get("score"))).doubleValue() * 1e4)
                        / 1e4));
  }

  private String text(int words) {
    return IntStream.range(0, words)
        .mapToObj(_ -> WORDS.get(random.nextInt(WORDS.size())))
        .collect(Collectors.joining(" "));
  }

  private List<String> texts(int number) {
    return IntStream.range(0, number).mapToObj(_ -> text(1 + random.nextInt(6))).toList();
  }

  /// A collection with a document for each text, whose id is its number.
  private String collection(Map<String, ?> options, List<String> texts) {
    var all = new HashMap<String, Object>(options);
    all.putAll(Map.of("model", "none", "dimensions", 1, "metric", "l2", "titles", true));
    String collection = Api.newCollection(all);
    String lines =
        IntStream.range(0, texts.size())
            .mapToObj(i -> {
              var line = new HashMap<String, Object>(document(texts.get(i)));
              line.put("id", Integer.toString(i));
              return json.valueToTree(line).toString();
            })
            .collect(Collectors.joining("\n"));
    Api.upload(collection, Map.of(), lines).statusCode(200).body("created", equalTo(texts.size()));
    return collection;
  }

  private static void put(String collection, int first, List<String> texts) {
    for (int i = 0; i < texts.size(); i++) {
      Api.put(collection, Integer.toString(first + i), document(texts.get(i)));
    }
  }

  private static void delete(String collection, int document) {
    given()
        .delete("/api/v1/collections/{c}/documents/{d}", collection, document)
        .then()
        .statusCode(204);
  }

  private static Map<String, Object> document(String text) {
    var document = new HashMap<String, Object>();
    document.put("chunks", List.of(Map.of("text", text, "vector", List.of(1))));
    if (text.length() % 2 == 0) {
      document.put("title", "Houses 東京");
    }
    return document;
  }

  private static ValidatableResponse describe(String name) {
    return given().get("/api/v1/collections/" + name).then().statusCode(200);
  }
}
