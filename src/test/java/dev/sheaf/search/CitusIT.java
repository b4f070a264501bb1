package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.testing.Patience;
import dev.sheaf.testing.SheafProcess;
import dev.sheaf.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A Citus cluster answers like a single server with the same documents, to the order of hits with
/// equal scores: the collections have the same id, so their documents have the same ids.
/// `SHEAF_TEST_CITUS_URL` is the URL of a database on its coordinator: empty, or that of an earlier
/// run.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CitusIT {

  private static final String URL = "SHEAF_TEST_CITUS_URL";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int DOCUMENTS = 400;
  private static final List<String> NAMES = List.of("texts", "more");

  /// Enough rows for an index, which finds all of them.
  private static final Map<String, String> SETTINGS =
      Map.of(
          "SHEAF_INDEX_MIN_ROWS", "500",
          "SHEAF_INDEX_CHECK_EVERY", "1s",
          "SHEAF_INDEX_DEFER_ABOVE", "1000000",
          "SHEAF_SEARCH_EF_SEARCH", "1000");

  private static final String[] WORDS = {
    "moon", "sun", "tide", "sea", "storm", "river", "mountain", "planet", "orbit", "gravity",
    "light", "shadow", "winter", "summer", "harbour", "anchor", "sail", "wind", "rain", "cloud"
  };

  private final List<SheafProcess> services = new ArrayList<>();
  private SheafProcess citus;
  private SheafProcess single;
  private TestDatabase cluster;
  private TestDatabase server;

  @BeforeAll
  void load() throws Exception {
    String url = System.getenv(URL);
    assumeTrue(url != null, URL + " names no Citus cluster");
    cluster = TestDatabase.at(DatabaseAddress.parse(Objects.requireNonNull(url)));
    server = TestDatabase.migrated();
    citus = start(cluster, Map.of("SHEAF_CITUS_ENABLED", "true"));
    single = start(server, Map.of());
    for (String name : NAMES) {
      citus.send("DELETE", "/api/v1/collections/" + name, "");
    }
    server.query(
        "SELECT setval('collection_id_seq', %s)"
            .formatted(cluster.query("SELECT nextval('collection_id_seq')").getFirst()));
    for (String name : NAMES) {
      String lines = documents(name);
      for (SheafProcess service : services) {
        HttpResponse<String> created =
            service.send(
                "POST",
                "/api/v1/collections",
                """
                {"name": "%s", "model": "none", "dimensions": 8, "analyzer": "lucene", "titles": true,
                 "fields": {"year": "number", "day": "date"},
                 "synonyms": [["gravity", "winter storm"], ["light", "shadow", "sea wind"]]}
                """
                    .formatted(name));
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
        HttpResponse<String> loaded =
            service.upload(
                "/api/v1/collections/%s/documents".formatted(name),
                Map.of(),
                new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)));
        assertThat(loaded.body()).contains("\"created\":" + DOCUMENTS);
      }
    }
    for (SheafProcess service : services) {
      Patience.await()
          .until(
              () -> get(service, "/api/v1/collections/texts/index").at("/index/valid").asBoolean());
    }
  }

  private SheafProcess start(TestDatabase database, Map<String, String> more) throws Exception {
    Map<String, String> settings = new HashMap<>(SETTINGS);
    settings.putAll(more);
    SheafProcess service = SheafProcess.start(database, settings);
    services.add(service);
    return service;
  }

  @AfterAll
  void stop() throws Exception {
    if (citus != null) {
      for (String name : NAMES) {
        citus.send("DELETE", "/api/v1/collections/" + name, "");
      }
    }
    services.forEach(SheafProcess::close);
    if (server != null) {
      server.close();
    }
  }

  private static String documents(String collection) {
    var random = new Random(collection.hashCode());
    return IntStream.range(0, DOCUMENTS)
        .mapToObj(i -> document(i, random).put("id", "text/" + i).toString())
        .collect(Collectors.joining("\n"));
  }

  private static ObjectNode document(int number, Random random) {
    ObjectNode document = JSON.createObjectNode().put("title", "Title " + number);
    document
        .putObject("metadata")
        .put("year", 1980 + number % 40)
        .put("field", number % 3 == 0 ? "sea" : "sky")
        .put(
            "day",
            String.format(
                Locale.ROOT, "2026-%02d-%02dT23:30:00-03:00", 1 + number % 12, 1 + number % 28))
        .putArray("tags")
        .add(number % 2 == 0 ? "red" : "green")
        .add(number % 5 == 0 ? "blue" : "red");
    var chunks = document.putArray("chunks");
    for (int chunk = 0; chunk <= number % 3; chunk++) {
      ObjectNode one = chunks.addObject();
      one.put(
          "text",
          IntStream.range(0, 4 + random.nextInt(20))
              .mapToObj(_ -> WORDS[Math.min(random.nextInt(20), random.nextInt(20))])
              .collect(Collectors.joining(" ")));
      var vector = one.putArray("vector");
      for (int i = 0; i < 8; i++) {
        vector.add((float) random.nextGaussian());
      }
    }
    return document;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'vector': V",
        "'vector': V, 'exact': true",
        "'vector': V, 'limit': 5, 'offset': 7",
        "'vector': V, 'filter': {'field': 'sea'}",
        "'vector': V, 'filter': {'year': {'$gte': 1990}}, 'exact': true",
        "'vector': V, 'groupBy': 'document', 'groupSize': 2",
        "'vector': V, 'groupBy': 'document', 'groupSize': 3, 'exact': true, 'offset': 3",
        "'vector': V, 'expand': {'before': 1, 'after': 1}",
        "'vector': V, 'select': ['title', 'vector', 'uri', 'metadata']",
        "'vector': V, 'minScore': 0.8",
        "'like': {'document': 'text/5'}",
        "'vector': V, 'facets': {'fields': {'field': 'field'}}",
        "'mode': 'fulltext', 'text': 'moon harbour', 'match': 'any'",
        "'mode': 'fulltext', 'text': 'moon harbour', 'match': 'all'",
        "'mode': 'fulltext', 'text': 'moon -harbour', 'match': 'query'",
        "'mode': 'fulltext', 'text': 'anchor', 'match': 'any', 'filter': {'field': 'sky'}, 'total': true",
        "'mode': 'fulltext', 'text': 'cloud rain', 'match': 'any', 'groupBy': 'document', 'groupSize': 2",
        "'mode': 'fulltext', 'text': 'the', 'match': 'any'",
        "'mode': 'fulltext', 'text': 'rain', 'match': 'any', 'highlight': true, 'facets': {'years': {'field': 'year', 'ranges': [{'to': 2000}]}}",
        "'mode': 'fulltext', 'text': 'gravity', 'match': 'any', 'highlight': true, 'explain': true",
        "'mode': 'fulltext', 'text': 'winter storm light tide', 'match': 'any', 'explain': true, 'limit': 50",
        "'mode': 'fulltext', 'text': 'light rain', 'match': 'any', 'groupBy': 'document', 'groupSize': 2, 'total': true",
        "'mode': 'fulltext', 'text': 'sea wind gravity', 'match': 'all', 'filter': {'field': 'sky'}",
        "'mode': 'fulltext', 'text': 'gravity -light', 'match': 'query'",
        "'mode': 'fulltext', 'text': '\\\"winter storm\\\" or shadow', 'match': 'query', 'highlight': true",
        "'mode': 'fulltext', 'text': 'title 7 moon', 'match': 'any', 'weights': {'title': 3}, 'explain': true",
        "'mode': 'fulltext', 'text': 'title moon', 'match': 'query', 'weights': {'title': 0}",
        "'mode': 'hybrid', 'text': 'title 7 moon', 'vector': V, 'match': 'any', 'weights': {'title': 5}",
        "'mode': 'hybrid', 'text': 'gravity shadow', 'vector': V, 'match': 'any', 'explain': true",
        "'mode': 'hybrid', 'text': 'winter storm', 'vector': V, 'match': 'all', 'exact': true, 'groupBy': 'document'",
        "'mode': 'hybrid', 'text': 'moon harbour', 'vector': V",
        "'mode': 'hybrid', 'text': 'moon harbour', 'vector': V, 'exact': true",
        "'mode': 'hybrid', 'text': 'moon harbour', 'vector': V, 'match': 'any', 'hybrid': {'by': 'rank', 'depth': 20}",
        "'mode': 'hybrid', 'text': 'rain cloud', 'vector': V, 'filter': {'field': 'sea'}, 'groupBy': 'document'",
        "'vector': V, 'filter': {'day': {'$gte': {'$date': '2026-02-01'}, '$lt': {'$date': '2026-06-01T00:00:00+02:00'}}}",
        "'vector': V, 'exact': true, 'filter': {'day': {'$ne': {'$date': '2026-03-04T02:30:00Z'}}, '$created': {'$gt': '2026-01-31'}}",
        "'vector': V, 'filter': {'tags': {'$any': ['blue', 'none']}}",
        "'mode': 'fulltext', 'text': 'moon light', 'match': 'any', 'filter': {'tags': {'$all': ['red', 'blue']}, 'day': {'$lt': {'$date': '2026-07-01'}}}",
        "'mode': 'hybrid', 'text': 'moon', 'vector': V, 'filter': {'$not': {'tags': {'$all': ['red', 'green']}}}",
      })
  void findsTheSameHits(String search) throws Exception {
    JsonNode expected = search(single, search);
    JsonNode found = search(citus, search);

    assertThat(rounded(found.get("hits"))).isEqualTo(rounded(expected.get("hits")));
    for (String field : List.of("strategy", "exact", "facets", "total", "truncated", "warnings")) {
      assertThat(found.get(field)).as(field).isEqualTo(expected.get(field));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'vector': V",
        "'vector': V, 'exact': true, 'filter': {'field': 'sea'}, 'groupBy': 'document', 'groupSize': 2",
        "'mode': 'fulltext', 'text': 'title 7 moon', 'match': 'any', 'weights': {'title': 3}, 'total': true",
        "'mode': 'fulltext', 'text': 'gravity light', 'match': 'all', 'highlight': true, 'limit': 5, 'offset': 5",
        "'mode': 'fulltext', 'text': 'moon -harbour', 'match': 'query', 'passages': {'limit': 2}",
        "'mode': 'hybrid', 'text': 'moon harbour', 'vector': V, 'match': 'any', 'expand': {'after': 1}",
        "'mode': 'hybrid', 'text': 'rain cloud', 'vector': V, 'hybrid': {'by': 'rank'}, 'boost': [{'field': 'year', 'pivot': 10}]",
      })
  void findsTheSameHitsInSeveralCollections(String search) throws Exception {
    String body =
        "{\"collections\": [\"texts\", \"more\"], \"search\": %s}".formatted(body(search));
    HttpResponse<String> expected = single.send("POST", "/api/v1/search", body);
    HttpResponse<String> found = citus.send("POST", "/api/v1/search", body);

    assertThat(expected.statusCode()).as(expected.body()).isEqualTo(200);
    assertThat(found.statusCode()).as(found.body()).isEqualTo(200);
    assertThat(rounded(JSON.readTree(found.body()).get("hits")))
        .isEqualTo(rounded(JSON.readTree(expected.body()).get("hits")))
        .isNotEmpty();
    assertThat(JSON.readTree(found.body()).get("total"))
        .isEqualTo(JSON.readTree(expected.body()).get("total"));
  }

  /// Each shard ranks with its own index, and sends no more than the best chunks.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'vector': V",
        "'vector': V, 'exact': true",
        "'vector': V, 'groupBy': 'document', 'exact': true",
        "'mode': 'fulltext', 'text': 'moon harbour', 'match': 'any'",
        "'mode': 'fulltext', 'text': 'moon harbour', 'match': 'any', 'groupBy': 'document'",
        "'mode': 'fulltext', 'text': 'gravity shadow', 'match': 'any'",
        "'mode': 'fulltext', 'text': 'winter storm shadow', 'match': 'all', 'groupBy': 'document'",
        "'mode': 'fulltext', 'text': 'gravity', 'match': 'query'",
        "'vector': V, 'exact': true, 'filter': {'day': {'$gte': {'$date': '2026-11-01'}}, 'tags': {'$any': ['blue']}}",
      })
  void eachShardRanksItsOwn(String search) throws Exception {
    JsonNode explained = search(citus, search + ", 'explain': true").at("/explain/0/plan");
    var lines = new ArrayList<String>();
    explained.forEach(line -> lines.add(line.asText()));
    String plan = String.join("\n", lines);
    List<String> shards =
        cluster.query(
            "SELECT shard_count FROM citus_tables WHERE table_name = 'embedding'::regclass");

    assertThat(plan).containsPattern("Task Count: " + shards.getFirst() + "\\b");
    assertThat(plan).doesNotContain("Distributed Subplan");
    if (!search.contains("exact") && !search.contains("mode")) {
      assertThat(plan).containsPattern("Index Scan using embedding_\\d+_hnsw_\\d+");
    }
  }

  @Test
  void eachShardHasTheIndexesOfFields() throws Exception {
    String indexesOfShards =
        """
        SELECT DISTINCT result
          FROM run_command_on_shards((SELECT ('document_' || id)::regclass FROM collection WHERE name = 'texts'), $$
               SELECT string_agg(substring(k.relname FROM '(?:date|number)_[a-z]+'), ' ' ORDER BY k.relname)
                 FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid
                WHERE i.indrelid = '%s'::regclass AND i.indisvalid AND k.relname ~ '_(date|number)_' $$)
        """;

    Patience.await()
        .untilAsserted(() ->
            assertThat(cluster.query(indexesOfShards)).containsExactly("date_day number_year"));
  }

  @Test
  void describesTheIndexesOfAllShards() throws Exception {
    JsonNode index = get(citus, "/api/v1/collections/texts/index");
    String sizes =
        """
        SELECT citus_table_size(('embedding_' || active_space_id)::regclass) || ' '
               || citus_relation_size(('embedding_' || active_space_id || '_hnsw')::regclass)
          FROM collection WHERE name = 'texts'
        """;

    assertThat(index.get("bytes").asLong() + " " + index.at("/index/bytes").asLong())
        .isEqualTo(cluster.query(sizes).getFirst());
    assertThat(index.get("rows"))
        .isEqualTo(get(single, "/api/v1/collections/texts/index").get("rows"));
  }

  @Test
  void writesAndReadsTheSame() throws Exception {
    // Not the collection of the searches, whose statistics of words are kept for seconds.
    citus.send("DELETE", "/api/v1/collections/written", "");
    assertSame(
        "POST",
        "/api/v1/collections",
        "{\"name\": \"written\", \"model\": \"none\", \"dimensions\": 8, \"analyzer\": \"lucene\"}",
        201);
    ObjectNode document = document(2, new Random(2));
    String text = document.toString();
    String again = document.put("title", "Another").toString();
    String other = document(1, new Random(3)).toString();
    String path = "/api/v1/collections/written/documents/written";

    assertSame("PUT", path, text, 201);
    assertSame("PUT", path, text, 200);
    assertSame("PUT", path, again, 200);
    assertSame("PUT", path, other, 200);
    assertSame("GET", path, "", 200);
    assertSame("GET", path + "/chunks", "", 200);
    assertSame("GET", path + "/similar?limit=5", "", 200);
    assertSame("PATCH", path, "{\"title\": \"A title\", \"metadata\": {\"year\": 7}}", 200);
    assertSame("GET", "/api/v1/collections/written?count=true", "", 200);
    assertSame("DELETE", path, "", 204);
    assertSame("DELETE", path, "", 404);
    assertSame("DELETE", "/api/v1/collections/written", "", 204);
    assertThat(exported(citus)).isEqualTo(exported(single)).hasSize(DOCUMENTS);
    assertThat(get(citus, "/api/v1/schema/verify")).isEmpty();
  }

  @Test
  void evaluatesTheSame() throws Exception {
    String body =
        """
        {"queries": [{"text": "moon harbour", "vector": [1, 0, -1, 0.5, 0.2, -0.3, 0.7, 0.1],
                      "relevant": {"text/5": 1, "text/7": 2, "absent": 1}}],
         "settings": [{"name": "vector"}, {"name": "hybrid", "mode": "hybrid"}]}
        """;
    JsonNode expected = evaluation(single, body);
    JsonNode found = evaluation(citus, body);

    assertThat(found.get("missing")).isEqualTo(expected.get("missing")).hasSize(1);
    assertThat(found.at("/settings/1/metrics")).isEqualTo(expected.at("/settings/1/metrics"));
  }

  private static JsonNode evaluation(SheafProcess service, String body) throws Exception {
    HttpResponse<String> response =
        service.send("POST", "/api/v1/collections/texts/evaluate", body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  @Test
  void refusesWhatTheShardsCannotDo() throws Exception {
    HttpResponse<String> created =
        citus.send(
            "POST",
            "/api/v1/collections",
            "{\"name\": \"other\", \"model\": \"none\", \"dimensions\": 3}");
    HttpResponse<String> changed =
        citus.send("PATCH", "/api/v1/collections/texts", "{\"language\": \"german\"}");

    assertThat(created.statusCode()).isEqualTo(422);
    assertThat(created.body()).contains("Choose the analyzer lucene.");
    assertThat(changed.statusCode()).isEqualTo(422);
    assertThat(changed.body()).contains("cannot be changed");
  }

  /// What is on the other servers can be read and written, and the rest again when the server is
  /// back.
  @Test
  void answersWhileAServerIsAway() throws Exception {
    String path = "/api/v1/collections/texts/documents/";
    List<String> searches = List.of("'vector': V", "'mode': 'hybrid', 'text': 'moon', 'vector': V");
    String worker = "FROM (SELECT * FROM pg_dist_node WHERE groupid > 0 ORDER BY nodeid LIMIT 1) n";
    String port = cluster.query("SELECT nodeport " + worker).getFirst();
    String move = "SELECT citus_update_node(nodeid, nodename, %s) " + worker;
    var reads = new ArrayList<Integer>();
    var deletions = new ArrayList<Integer>();
    var answers = new ArrayList<String>();

    cluster.query(move.formatted(1));
    try {
      for (int i = 0; i < 20; i++) {
        reads.add(citus.send("GET", path + "text%2F" + i, "").statusCode());
        deletions.add(citus.send("DELETE", path + "absent" + i, "").statusCode());
      }
      for (String search : searches) {
        answers.add(send(citus, search).body());
      }
      answers.add(
          citus
              .send(
                  "POST",
                  "/api/v1/collections",
                  "{\"name\": \"late\", \"model\": \"none\", \"dimensions\": 8, \"analyzer\": \"lucene\"}")
              .body());
      assertThat(citus.send("GET", "/q/health/ready", "").statusCode()).isEqualTo(200);
    } finally {
      cluster.query(move.formatted(port));
    }
    // Until then, no collection can be created.
    Patience.await()
        .until(() ->
            cluster
                .query("SELECT bool_and(metadatasynced) FROM pg_dist_node")
                .equals(List.of("t")));

    assertThat(reads).containsOnly(200, 503);
    assertThat(deletions).containsOnly(404, 503);
    assertThat(answers)
        .allSatisfy(body ->
            assertThat(body)
                .contains("urn:sheaf:problem:database-unavailable", "of the Citus cluster"));
    for (int i = 0; i < 20; i++) {
      assertThat(citus.send("GET", path + "text%2F" + i, "").statusCode()).isEqualTo(200);
    }
    for (String search : searches) {
      assertThat(send(citus, search).statusCode()).isEqualTo(200);
    }
  }

  private void assertSame(String method, String path, String body, int status) throws Exception {
    HttpResponse<String> expected = single.send(method, path, body);
    HttpResponse<String> found = citus.send(method, path, body);

    assertThat(expected.statusCode()).as(expected.body()).isEqualTo(status);
    assertThat(found.statusCode()).as(found.body()).isEqualTo(status);
    assertThat(withoutTimes(found.body())).isEqualTo(withoutTimes(expected.body()));
  }

  private static String withoutTimes(String json) {
    return json.replaceAll("\"\\d{4}-\\d\\d-\\d\\dT[^\"]*\"", "\"time\"");
  }

  private static List<String> exported(SheafProcess service) throws Exception {
    return service
        .send(
            "GET",
            "/api/v1/collections/texts/documents",
            "",
            Map.of("Accept", "application/x-ndjson"))
        .body()
        .lines()
        .toList();
  }

  private static JsonNode get(SheafProcess service, String path) throws Exception {
    HttpResponse<String> response = service.send("GET", path, "");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  private static HttpResponse<String> send(SheafProcess service, String search) throws Exception {
    return service.send("POST", "/api/v1/collections/texts/search", body(search));
  }

  private static String body(String search) {
    return "{"
        + search.replace("V", "[1, 0, -1, 0.5, 0.2, -0.3, 0.7, 0.1]").replace('\'', '"')
        + "}";
  }

  private static JsonNode search(SheafProcess service, String search) throws Exception {
    HttpResponse<String> response = send(service, search);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  /// The sum of scores may be rounded in another way.
  private static String rounded(JsonNode hits) {
    return hits.toPrettyString().replaceAll("(\\d\\.\\d{6})\\d+", "$1");
  }
}
