package dev.sheaf.contract;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;

import dev.sheaf.contract.ExecutedStatements.Statement;
import dev.sheaf.embedding.HnswScan;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.quarkus.scheduler.Scheduler;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Sends the same requests to a small and to a large collection, and compares what PostgreSQL reads
/// for each statement. The answers are of the same size, so the costs must be, too.
///
/// The large collection has 20,000 chunks, or `-Dsheaf.soak.growth-rows`.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(GrowthSoak.Explained.class)
class GrowthSoak {

  private static final int SMALL = 2_000;
  private static final int LARGE = Integer.getInteger("sheaf.soak.growth-rows", 20_000);

  /// Many indexes are a level deeper in the large collection.
  private static final int MAX_GROWTH = 2;

  /// Rows and pages that are not worth a comparison.
  private static final long FEW = 100;

  /// The first search with a filter that many documents match compares some vectors exactly, at
  /// most as many as would cost more than the index: the square root of all. A join reads several
  /// rows for each.
  private static final long TRIED = 4 * HnswScan.worthComparing(10, LARGE);

  /// The mean length of chunks is that of a sample of about 2,000, which is cached.
  private static final long SAMPLED = 4_000;

  /// Frequent words are found in the index, which has an entry for each chunk with the word, before
  /// a limited number of these chunks is read (ADR 28). A page has hundreds of entries.
  private static final long ENTRIES = 3L * LARGE;

  private static final long PAGES_OF_ENTRIES = FEW + LARGE / 100;

  /// Operations on one collection whose costs may grow with it, and why.
  private static final Map<String, String> GROWING =
      Map.of(
          "measureIndex", "compares all vectors",
          "tuneIndex", "compares all vectors",
          "dropCollection", "deletes everything",
          "createCollection", "there is nothing yet");

  public static final class Explained implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      var settings = new HashMap<>(ExecutedStatements.CONFIGURATION);
      settings.put("sheaf.index.check-every", "1s");
      settings.put("sheaf.index.min-rows", "1000");
      settings.put("sheaf.metrics.every", "1s");
      return settings;
    }
  }

  @Inject AgroalDataSource dataSource;
  @Inject Scheduler scheduler;

  private interface Sent {
    Response to(RequestSpecification http, String collection);
  }

  /// @param operation its name in the OpenAPI document
  /// @param what the difference to other requests of the operation
  /// @param rows that its statements may read in the large collection in any case
  /// @param pages likewise
  private record Request(String operation, String what, long rows, long pages, Sent sent) {
    Request(String operation, String what, Sent sent) {
      this(operation, what, FEW, FEW, sent);
    }

    Request allowing(long rows, long pages) {
      return new Request(operation, what, rows, pages, sent);
    }
  }

  private static Request get(String operation, String what, String path, String... query) {
    return new Request(
        operation,
        what,
        (http, collection) -> {
          for (int i = 0; i < query.length; i += 2) {
            http.queryParam(query[i], query[i + 1]);
          }
          return http.get("/api/v1/collections/" + collection + path);
        });
  }

  private static Request post(String operation, String what, String path, Object body) {
    return new Request(
        operation,
        what,
        (http, collection) -> http.body(body).post("/api/v1/collections/" + collection + path));
  }

  private static Request search(String what, Map<String, ?> options) {
    return post("search", what, "/search", options);
  }

  private static Request put(String what, String id, String text) {
    return new Request(
        "putDocument",
        what,
        (http, collection) ->
            http.body(document("stored", text))
                .put("/api/v1/collections/" + collection + "/documents/" + id));
  }

  private static Map<String, ?> document(String kind, String text) {
    return Map.of(
        "chunks",
        List.of(Map.of("text", text, "vector", VECTOR)),
        "metadata",
        Map.of("kind", kind));
  }

  private static final List<Double> VECTOR = List.of(0.5, 0.1, 0.2, 0.4);

  /// What the service does without requests.
  private static final Request BACKGROUND = get("background", "", "");

  private static final List<Request> REQUESTS =
      List.of(
          get("listDocuments", "first page", "/documents", "limit", "10"),
          get(
              "listDocuments",
              "far page",
              "/documents",
              "limit",
              "10",
              "after",
              "gAAAAAAAAAAAAAAAAAAAAA"),
          get(
              "listDocuments",
              "of an equal value",
              "/documents",
              "limit",
              "10",
              "filter",
              "{\"kind\": \"rare\"}"),
          get(
              "listDocuments",
              "of a range of a declared field",
              "/documents",
              "limit",
              "10",
              "filter",
              "{\"number\": {\"$lt\": 10}}"),
          get(
              "listDocuments",
              "of most documents",
              "/documents",
              "limit",
              "10",
              "filter",
              "{\"most\": true}"),
          get("describeCollection", "", ""),
          get("describeIndex", "", "/index"),
          get("getDocument", "", "/documents/d1"),
          get("listChunks", "", "/documents/d1/chunks"),
          get("listSimilarDocuments", "", "/documents/d1/similar", "limit", "5"),
          search("nearest", Map.of("vector", VECTOR)),
          search("nearest of few", Map.of("vector", VECTOR, "filter", Map.of("kind", "rare"))),
          search(
              "nearest of a range",
              Map.of("vector", VECTOR, "filter", Map.of("number", Map.of("$lt", 10)))),
          search("nearest of most", Map.of("vector", VECTOR, "filter", Map.of("most", true)))
              .allowing(TRIED, TRIED),
          search("like a document", Map.of("like", Map.of("document", "d1"))),
          search(
              "documents, vectors, marks",
              Map.of("vector", VECTOR, "groupBy", "document", "select", List.of("text", "vector"))),
          search("rare word", Map.of("mode", "fulltext", "text", "seldom")),
          search("rare word, any", words("fulltext", "any", "seldom")).allowing(SAMPLED, FEW),
          search("frequent word, any", words("fulltext", "any", "common"))
              .allowing(ENTRIES, PAGES_OF_ENTRIES),
          search("frequent and rare words, any", words("fulltext", "any", "seldom common usual"))
              .allowing(ENTRIES, PAGES_OF_ENTRIES),
          search("frequent and rare words, all", words("fulltext", "all", "seldom common usual"))
              .allowing(SAMPLED, FEW),
          search("hybrid, rare word", Map.of("mode", "hybrid", "text", "seldom", "vector", VECTOR))
              .allowing(SAMPLED, FEW),
          search(
                  "hybrid, frequent words",
                  Map.of("mode", "hybrid", "text", "common usual", "vector", VECTOR))
              .allowing(ENTRIES, PAGES_OF_ENTRIES),
          search(
                  "hybrid of few",
                  Map.of(
                      "mode",
                      "hybrid",
                      "text",
                      "common usual",
                      "vector",
                      VECTOR,
                      "filter",
                      Map.of("kind", "rare")))
              .allowing(SAMPLED, FEW),
          search(
              "facets of a rare word",
              Map.of(
                  "mode",
                  "fulltext",
                  "text",
                  "seldom",
                  "total",
                  true,
                  "facets",
                  Map.of("kinds", Map.of("field", "kind")))),
          post(
              "evaluate",
              "",
              "/evaluate",
              Map.of(
                  "queries",
                  List.of(Map.of("text", "seldom", "relevant", Map.of("d1", 1))),
                  "settings",
                  List.of(Map.of("name", "words", "mode", "fulltext")))),
          put("new", "d2", "another text"),
          put("unchanged", "d2", "another text"),
          put("changed", "d2", "yet another text"),
          new Request(
              "uploadDocuments",
              "",
              (http, collection) ->
                  http.contentType("application/x-ndjson")
                      .body(
                          "{\"id\": \"d3\", \"chunks\": [{\"text\": \"uploaded\", \"vector\": %s}]}\n"
                              .formatted(VECTOR)
                              .getBytes(UTF_8))
                      .post("/api/v1/collections/" + collection + "/documents")),
          new Request(
              "updateDocument",
              "",
              (http, collection) ->
                  http.contentType("application/merge-patch+json")
                      .body("{\"title\": \"A title\"}")
                      .patch("/api/v1/collections/" + collection + "/documents/d2")),
          new Request(
              "deleteDocument",
              "",
              (http, collection) ->
                  http.delete("/api/v1/collections/" + collection + "/documents/d2")),
          new Request(
              "deleteDocuments",
              "one",
              (http, collection) ->
                  http.queryParam("filter", "{\"kind\": \"unique\"}")
                      .delete("/api/v1/collections/" + collection + "/documents")),
          new Request(
              "updateCollection",
              "",
              (http, collection) ->
                  http.contentType("application/merge-patch+json")
                      .body("{\"description\": \"described\"}")
                      .patch("/api/v1/collections/" + collection)));

  private static Map<String, ?> words(String mode, String match, String text) {
    return Map.of("mode", mode, "match", match, "text", text);
  }

  @Test
  void costsDoNotGrowWithTheCollection() throws Exception {
    var comparison = new Comparison();
    try (var executed = new ExecutedStatements()) {
      String small = newCollection();
      String large = newCollection();
      fill(small, SMALL);
      List<Statement> background = background(executed);
      fill(large, LARGE);
      comparison.add(BACKGROUND, background, background(executed));

      scheduler.pause();
      for (String plans : List.of("auto", "force_generic_plan")) {
        sessions("SET plan_cache_mode = " + plans);
        prepare(small);
        prepare(large);
        for (Request request : REQUESTS) {
          executed.take();
          send(request, small);
          List<Statement> ofSmall = executed.take();
          send(request, large);
          comparison.add(request, ofSmall, executed.take());
        }
      }
    } finally {
      sessions("RESET plan_cache_mode");
      scheduler.resume();
    }

    System.out.println(comparison);
    assertThat(comparison.failures()).isEmpty();
    assertThat(comparison.operations()).containsAll(operationsOnCollections());
  }

  private static Set<String> operationsOnCollections() throws IOException {
    return Contract.committed().operations().stream()
        .filter(operation -> operation.path().contains("{collection}"))
        .map(Contract.Operation::id)
        .filter(id -> !GROWING.containsKey(id))
        .collect(Collectors.toSet());
  }

  private static void send(Request request, String collection) {
    ValidatableResponse answer =
        request
            .sent()
            .to(given().contentType(ContentType.JSON), collection)
            .then()
            .statusCode(allOf(greaterThanOrEqualTo(200), lessThan(300)));
    switch (request.operation()) {
      case "search" -> answer.body("hits", not(empty()));
      case "listDocuments", "listSimilarDocuments" -> answer.body("documents", not(empty()));
      default -> {}
    }
  }

  private static void prepare(String collection) {
    given().delete("/api/v1/collections/" + collection + "/documents/d3");
    Api.put(collection, "d1", document("stored", "the first text"));
    Api.put(collection, "d4", document("unique", "a text to delete"));
  }

  private static String newCollection() {
    return Api.newCollection(
        Map.of(
            "model",
            "none",
            "dimensions",
            VECTOR.size(),
            "fields",
            Map.of("number", "number"),
            "hnsw",
            Map.of("m", 4, "efConstruction", 16)));
  }

  /// Stores documents of one chunk in an empty collection, and waits until its index is built and
  /// measured.
  private void fill(String collection, int rows) throws SQLException {
    // ANALYZE of a table and a concurrent build of its index wait for each other.
    scheduler.pause();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(
          "SELECT id, active_space_id FROM collection WHERE name = '%s'".formatted(collection));
      String id;
      String space;
      try (var row = statement.getResultSet()) {
        row.next();
        id = row.getString(1);
        space = row.getString(2);
      }
      connection.setAutoCommit(false);
      statement.execute("SET LOCAL session_replication_role = replica");
      for (String insert :
          List.of(
              """
              document_%1$s (collection_id, id, external_id, content_hash, metadata)
              SELECT %1$s, md5(n::text)::uuid, 'row ' || n, sha256(''),
                     jsonb_build_object('number', n, 'most', n %% 4 > 0, 'kind', CASE WHEN n <= 10 THEN 'rare' ELSE 'usual' END)
              """,
              """
              chunk_%1$s (collection_id, document_id, ordinal, text, token_count, start_offset, end_offset, search)
              SELECT %1$s, md5(n::text)::uuid, 0, words, 4, 0, length(words), to_tsvector('english', words)
              """,
              """
              embedding_%2$s (space_id, collection_id, document_id, ordinal, vector)
              SELECT %2$s, %1$s, md5(n::text)::uuid, 0,
                     ARRAY[sin(n), sin(n * sqrt(2)), sin(n * sqrt(3)), sin(n * sqrt(5))]::vector
              """)) {
        statement.execute(
            ("INSERT INTO "
                    + insert
                    + """
                     FROM generate_series(1, %3$s) n
                    CROSS JOIN concat_ws(' ', 'usual words', CASE WHEN n %% 3 = 0 THEN 'common' END,
                                         CASE WHEN n <= 10 THEN 'seldom' END, 'w' || n) words
                    ORDER BY md5(n::text)
                    """)
                .formatted(id, space, rows));
      }
      connection.commit();
      connection.setAutoCommit(true);
      statement.execute(
          "VACUUM ANALYZE document_%1$s, chunk_%1$s, embedding_%2$s".formatted(id, space));
    } finally {
      scheduler.resume();
    }
    await()
        .untilAsserted(() ->
            given()
                .get("/api/v1/collections/" + collection + "/index")
                .then()
                .body("recall.value", notNullValue()));
  }

  /// The statements that the service runs without requests, some of each kind.
  private static List<Statement> background(ExecutedStatements executed) throws IOException {
    executed.take();
    var statements = new ArrayList<Statement>();
    await()
        .until(() -> {
          statements.addAll(executed.take());
          return Stream.of("index_recall r WHERE", "JOIN index_recall", "ingestion_job")
              .allMatch(part ->
                  statements.stream().filter(each -> each.text().contains(part)).count() > 2);
        });
    return statements;
  }

  /// Changes what new connections start with, and replaces those that exist.
  private void sessions(String setting) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(
          """
          DO $$
          BEGIN
            EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %%I %s', current_database());
          END $$
          """
              .formatted(setting));
    }
    dataSource.flush(FlushMode.GRACEFUL);
  }

  /// What the statements of each request read in both collections.
  private static final class Comparison {

    /// By request and text of the statement.
    private final Map<Key, Line> lines = new LinkedHashMap<>();

    private record Key(Request request, String text) {}

    /// The most that executions of a statement read in the small (0) and the large (1) collection.
    private static final class Line {
      private String relations = "";
      private String plan = "";
      private long returned;
      private final long[] rows = new long[2];
      private final long[] pages = new long[2];

      private void add(int collection, Statement statement) {
        relations = statement.relations();
        plan = statement.plan();
        returned = Math.max(returned, statement.returned());
        rows[collection] = Math.max(rows[collection], statement.rows());
        pages[collection] = Math.max(pages[collection], statement.buffers());
      }
    }

    void add(Request request, List<Statement> small, List<Statement> large) {
      small.forEach(statement -> line(request, statement).add(0, statement));
      large.forEach(statement -> line(request, statement).add(1, statement));
    }

    private Line line(Request request, Statement statement) {
      return lines.computeIfAbsent(new Key(request, statement.text()), _ -> new Line());
    }

    Set<String> operations() {
      return lines.keySet().stream()
          .map(key -> key.request().operation())
          .collect(Collectors.toSet());
    }

    List<String> failures() {
      return lines.entrySet().stream()
          .filter(line -> isTooMuch(line.getKey().request(), line.getValue()))
          .map(line ->
              String.join(
                  "\n",
                  format(line.getKey(), line.getValue()),
                  line.getKey().text(),
                  line.getValue().plan))
          .toList();
    }

    /// The service may have another statement for the large collection. It is compared with the
    /// most expensive one of the same request.
    private boolean isTooMuch(Request request, Line line) {
      boolean same = line.pages[0] > 0;
      long rows = same ? line.rows[0] : most(request, other -> other.rows[0]);
      long pages = same ? line.pages[0] : most(request, other -> other.pages[0]);
      return line.rows[1] > MAX_GROWTH * rows + request.rows()
          || line.pages[1] > MAX_GROWTH * pages + request.pages();
    }

    private long most(Request request, ToLongFunction<Line> cost) {
      return lines.entrySet().stream()
          .filter(line -> line.getKey().request().equals(request))
          .mapToLong(line -> cost.applyAsLong(line.getValue()))
          .max()
          .orElse(0);
    }

    private static String format(Key key, Line line) {
      return row(
          key.request().operation(),
          key.request().what(),
          line.relations,
          line.returned,
          line.rows[0],
          line.rows[1],
          line.pages[0],
          line.pages[1]);
    }

    private static String row(Object... cells) {
      return "| %-20s | %-32s | %-60.60s | %8s | %8s | %8s | %8s | %8s |".formatted(cells);
    }

    @Override
    public String toString() {
      String head =
          row(
              "operation",
              "request",
              "statement on",
              "returned",
              "rows " + SMALL,
              "rows " + LARGE,
              "pages " + SMALL,
              "pages " + LARGE);
      return lines.entrySet().stream()
          .map(line -> format(line.getKey(), line.getValue()))
          .collect(Collectors.joining("\n", head + "\n", ""));
    }
  }
}
