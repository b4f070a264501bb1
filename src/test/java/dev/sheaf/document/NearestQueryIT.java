package dev.sheaf.document;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.pgvector.PGvector;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.DocumentCollection;
import dev.sheaf.embedding.HnswScan;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorStorage;
import dev.sheaf.filter.Filter;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.panache.common.Page;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.hibernate.Session;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Compares queries on entities with searches over HTTP, for each kind of index.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class NearestQueryIT {

  private static final int DIMENSIONS = 8;
  private static final int DOCUMENTS = 800;

  private static final Map<Kind, String> COLLECTIONS = new HashMap<>();

  @Inject AgroalDataSource dataSource;
  @Inject CollectionService collections;
  @Inject ObjectMapper json;

  /// Of a collection.
  enum Kind {
    COSINE(Metric.COSINE, Precision.HALF, VectorStorage.FULL),
    COSINE_BINARY(Metric.COSINE, Precision.BINARY, VectorStorage.FULL),
    L2(Metric.L2, Precision.FULL, VectorStorage.FULL),
    INNER_PRODUCT(Metric.INNER_PRODUCT, Precision.BINARY, VectorStorage.FULL),
    COSINE_STORED_HALF(Metric.COSINE, Precision.HALF, VectorStorage.HALF),
    L2_STORED_HALF(Metric.L2, Precision.BINARY, VectorStorage.HALF);

    private final Metric metric;
    private final Precision precision;
    private final VectorStorage storage;

    Kind(Metric metric, Precision precision, VectorStorage storage) {
      this.metric = metric;
      this.precision = precision;
      this.storage = storage;
    }
  }

  @ParameterizedTest
  @EnumSource
  void findsWhatASearchFinds(Kind kind) throws Exception {
    String collection = indexed(kind);
    Space space = collections.activeSpace(collection);
    var random = new Random(5);
    for (int i = 0; i < 3; i++) {
      float[] vector = vector(random);
      int limit = 1 + random.nextInt(30);
      assertThat(
              QuarkusTransaction.requiringNew()
                  .call(() -> Embedding.nearest(space, vector, limit).list()))
          .isEqualTo(searched(collection, Map.of("vector", vector, "limit", limit), "hnsw"));
      int ef = 1 + random.nextInt(60);
      assertThat(
              QuarkusTransaction.requiringNew()
                  .call(() -> Embedding.nearest(space, vector, limit).efSearch(ef).list()))
          .isEqualTo(
              searched(collection, Map.of("vector", vector, "limit", limit, "ef", ef), "hnsw"));
      for (Map<String, ?> filter :
          List.of(
              Map.of("number", Map.of("$lt", 20)),
              Map.of("odd", true),
              Map.of("day", Map.of("$gte", Map.of("$date", "2026-01-15T23:00:00-01:00"))),
              Map.of("$or", List.of(Map.of("odd", false), Map.of("name", "it's 'quoted'"))))) {
        Filter parsed = Filter.parse("filter", json.valueToTree(filter));
        assertThat(
                QuarkusTransaction.requiringNew()
                    .call(() -> Embedding.nearest(space, vector, limit).filter(parsed).list()))
            .isEqualTo(
                searched(
                    collection, Map.of("vector", vector, "limit", limit, "filter", filter), null));
      }
    }
  }

  /// The tenth execution of a prepared statement uses the index of the space, and locks nothing of
  /// other collections.
  @ParameterizedTest
  @EnumSource
  void usesTheIndexOfTheSpace(Kind kind) throws Exception {
    Space space = collections.activeSpace(indexed(kind));
    float[] vector = vector(new Random(3));
    List<String> statements = statementsOf(() -> Embedding.nearest(space, vector, 10).list());
    String sql = statements.getLast();
    assertThat(sql)
        .containsPattern(
            "from %s (\\w+) where \\1\\.space_id=%s "
                .formatted(space.storage().parentTable(), space.id()));
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("SET LOCAL jit = off");
      statement.execute("SET LOCAL plan_cache_mode = force_generic_plan");
      for (var setting : new HnswScan(100, 20_000, false).settings().entrySet()) {
        statement.execute("SET LOCAL " + setting.getKey() + " = " + setting.getValue());
      }
      int parameters = (int) sql.chars().filter(c -> c == '?').count();
      String types = String.join(", ", Collections.nCopies(parameters, "vector"));
      String values =
          String.join(", ", Collections.nCopies(parameters, "'" + new PGvector(vector) + "'"));
      statement.execute("PREPARE nearest (" + types + ") AS " + numbered(sql));
      for (int execution = 1; execution < 10; execution++) {
        statement.execute("EXECUTE nearest (" + values + ")");
      }
      var plan = new ArrayList<String>();
      try (ResultSet row = statement.executeQuery("EXPLAIN EXECUTE nearest (" + values + ")")) {
        while (row.next()) {
          plan.add(row.getString(1).strip());
        }
      }
      System.out.println(kind + "\n  " + String.join("\n  ", plan));
      assertThat(plan)
          .anyMatch(line ->
              line.startsWith(
                  "->  Index Scan using " + space.indexName() + " on " + space.embeddingTable()))
          .noneMatch(line -> line.contains("Seq Scan"));
      try (ResultSet row =
          statement.executeQuery(
              """
              SELECT c.relname
                FROM pg_locks l
                JOIN pg_class c ON c.oid = l.relation
               WHERE l.pid = pg_backend_pid() AND c.relname ~ '^(embedding|document|chunk)_'
              """)) {
        while (row.next()) {
          assertThat(row.getString(1))
              .matches("embedding_(half|(half_)?pkey|" + space.id() + "(_.*)?)");
        }
      }
      statement.execute("DEALLOCATE nearest");
      connection.rollback();
    }
  }

  private static String numbered(String sql) {
    var numbered = new StringBuilder();
    int parameter = 0;
    for (int i = 0; i < sql.length(); i++) {
      char c = sql.charAt(i);
      numbered.append(c == '?' ? "$" + ++parameter : String.valueOf(c));
    }
    return numbered.toString();
  }

  /// The SQL that Hibernate sends for this thread.
  private static List<String> statementsOf(Runnable work) {
    var statements = new ArrayList<String>();
    Thread caller = Thread.currentThread();
    var handler =
        new Handler() {
          @Override
          public void publish(LogRecord statement) {
            if (Thread.currentThread().equals(caller)) {
              statements.add(statement.getMessage());
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger log = Logger.getLogger("org.hibernate.SQL");
    Level level = log.getLevel();
    log.setLevel(Level.FINE);
    log.addHandler(handler);
    try {
      QuarkusTransaction.requiringNew().run(work);
    } finally {
      log.removeHandler(handler);
      log.setLevel(level);
    }
    return statements;
  }

  /// Similar documents are the documents that a search with `like` finds.
  @Test
  void findsSimilarDocuments() throws Exception {
    String collection = indexed(Kind.COSINE);
    for (String filter : List.of("{}", "{\"odd\":true}", "{\"number\":{\"$lt\":10}}")) {
      List<String> searched =
          Api.search(
                  collection,
                  Map.of(
                      "like",
                      Map.of("document", "d7"),
                      "groupBy",
                      "document",
                      "limit",
                      20,
                      "filter",
                      json.readTree(filter)))
              .statusCode(200)
              .extract()
              .path("hits.document");
      given()
          .queryParam("limit", 20)
          .queryParam("filter", filter)
          .get("/api/v1/collections/{c}/documents/{id}/similar", collection, "d7")
          .then()
          .statusCode(200)
          .body("documents.id", equalTo(searched));
    }
    given()
        .get("/api/v1/collections/{c}/documents/{id}/similar", collection, "nothing")
        .then()
        .statusCode(404)
        .body("type", equalTo("urn:sheaf:problem:document-not-found"));
    assertThat(
            QuarkusTransaction.requiringNew()
                .call(() ->
                    named(collection, "d7").similar(3).stream().map(SimilarDocument::id).toList()))
        .isEqualTo(
            given()
                .get("/api/v1/collections/{c}/documents/{id}/similar?limit=3", collection, "d7")
                .path("documents.id"));
  }

  private static Document named(String collection, String id) {
    return Document.named(DocumentCollection.findByName(collection).orElseThrow(), id)
        .orElseThrow();
  }

  @ParameterizedTest
  @EnumSource(names = {"L2", "L2_STORED_HALF"})
  void entitiesAnswer(Kind kind) throws Exception {
    String collection = indexed(kind);
    Space space = collections.activeSpace(collection);
    QuarkusTransaction.requiringNew()
        .run(() -> {
          Document document = named(collection, "d7");
          assertThat(document.externalId).isEqualTo("d7");
          assertThat(Chunk.of(document))
              .extracting(chunk -> chunk.text)
              .containsExactly("chunk 0\n", "chunk 1");
          assertThat(Chunk.around(document, 1, 1, 5))
              .extracting(chunk -> chunk.ordinal)
              .containsExactly(0, 1);
          assertThat(Chunk.around(document, 1, 0, 5))
              .extracting(chunk -> chunk.ordinal)
              .containsExactly(1);
          List<Embedding> embeddings = Embedding.of(document);
          assertThat(embeddings).extracting(embedding -> embedding.ordinal).containsExactly(0, 1);
          var mean = new float[DIMENSIONS];
          for (int i = 0; i < DIMENSIONS; i++) {
            mean[i] = (embeddings.get(0).vector[i] + embeddings.get(1).vector[i]) / 2;
          }
          assertThat(Embedding.mean(space, document.id))
              .containsExactly(mean, Offset.offset(1e-6f));
          // A vector that is stored is nearest to itself.
          List<Embedding> nearest =
              Embedding.nearest(space, embeddings.get(1).vector, 5).entities();
          assertThat(nearest).hasSize(5).first().isSameAs(embeddings.get(1));
          assertThat(Embedding.nearest(space, embeddings.get(1).vector, 5).exact().list())
              .extracting(Neighbor::ordinal)
              .isEqualTo(nearest.stream().map(embedding -> embedding.ordinal).toList());
          Filter odd = Filter.parse("filter", json.valueToTree(Map.of("odd", true)));
          DocumentCollection owner = DocumentCollection.findByName(collection).orElseThrow();
          assertThat(
                  IntStream.range(0, 8)
                      .mapToObj(i -> Document.findByMetadata(owner, odd, Page.of(i, 100)))
                      .flatMap(List::stream)
                      .map(found -> found.externalId))
              .doesNotHaveDuplicates()
              .hasSize(DOCUMENTS / 2)
              .allMatch(id -> Integer.parseInt(id.substring(1)) % 2 == 1);
        });
  }

  @Test
  void aSimilarDocumentIsRejectedOrReported() {
    String collection = vectors(2);
    put(collection, "a", List.of(new float[] {1, 0}), null).statusCode(201);
    List<float[]> near = List.of(new float[] {0.99f, 0.1f});

    put(collection, "b", near, Map.of("above", 0.9))
        .statusCode(409)
        .body("type", equalTo("urn:sheaf:problem:document-similar"))
        .body(
            "detail", startsWith("Document b is similar to the document a, with a score of 0.99"));
    given().get("/api/v1/collections/{c}/documents/b", collection).then().statusCode(404);
    put(collection, "b", near, Map.of("above", 0.9, "then", "report"))
        .statusCode(201)
        .body("similar.id", equalTo(List.of("a")));
    put(collection, "c", List.of(new float[] {0, 1}), Map.of("above", 0.9, "then", "reject"))
        .statusCode(201)
        .body("similar", equalTo(List.of()));
    put(collection, "b", near, Map.of("above", 0.9))
        .statusCode(200)
        .body("status", equalTo("unchanged"))
        .body("$", not(hasKey("similar")));
    put(collection, "d", near, Map.of("then", "reject"))
        .statusCode(422)
        .body("field", equalTo("ifSimilar.above"));
    given()
        .get("/api/v1/collections/{c}/documents/a/similar?limit=101", collection)
        .then()
        .statusCode(400);
  }

  /// The documents that `ifSimilar` reports, compared with the definition in plain Java.
  @Test
  void theScoreOfTwoDocumentsIsThatOfTheDefinition() {
    String collection = vectors(3);
    var random = new Random(11);
    var stored = new HashMap<String, List<float[]>>();
    for (int i = 0; i < 40; i++) {
      List<float[]> chunks = randomChunks(random, 1 + i % 3);
      stored.put("d" + i, chunks);
      put(collection, "d" + i, chunks, null).statusCode(201);
    }
    List<float[]> chunks = randomChunks(random, 20);
    var expected = new HashMap<String, Double>();
    for (int i = 0; i < 16; i++) {
      float[] chunk = chunks.get(i * 20 / 16);
      stored.entrySet().stream()
          .map(entry ->
              Map.entry(
                  entry.getKey(),
                  entry.getValue().stream()
                      .mapToDouble(one -> cosine(one, chunk))
                      .max()
                      .orElseThrow()))
          .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
          .limit(10)
          .forEach(best -> expected.merge(best.getKey(), best.getValue() / 16, Double::sum));
    }
    List<Map<String, Object>> reported =
        put(collection, "new", chunks, Map.of("above", 0.2, "then", "report"))
            .statusCode(201)
            .extract()
            .jsonPath()
            .getList("similar");
    assertThat(reported).isNotEmpty().hasSizeLessThanOrEqualTo(10);
    assertThat(
            reported.stream()
                .map(one ->
                    rounded(
                        String.valueOf(one.get("id")),
                        Double.parseDouble(String.valueOf(one.get("score"))))))
        .containsExactlyElementsOf(
            expected.entrySet().stream()
                .filter(score -> score.getValue() > 0.2)
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .limit(10)
                .map(score -> rounded(score.getKey(), score.getValue()))
                .toList());
  }

  private static String rounded(String document, double score) {
    return document + " " + Math.round(score * 1_000);
  }

  private static String vectors(int dimensions) {
    return Api.newCollection(Map.of("model", "none", "dimensions", dimensions));
  }

  private static List<float[]> randomChunks(Random random, int count) {
    return IntStream.range(0, count)
        .mapToObj(_ -> {
          var vector = new float[3];
          for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) random.nextGaussian();
          }
          return vector;
        })
        .toList();
  }

  private static double cosine(float[] one, float[] other) {
    double product = 0;
    double ones = 0;
    double others = 0;
    for (int i = 0; i < one.length; i++) {
      product += (double) one[i] * other[i];
      ones += (double) one[i] * one[i];
      others += (double) other[i] * other[i];
    }
    return product / Math.sqrt(ones * others);
  }

  private static ValidatableResponse put(
      String collection, String id, List<float[]> chunks, @Nullable Map<String, ?> ifSimilar) {
    var content = new HashMap<String, Object>();
    content.put(
        "chunks",
        chunks.stream().map(vector -> Map.of("text", "chunk", "vector", vector)).toList());
    content.put("ifSimilar", ifSimilar);
    return Api.put(collection, id, content);
  }

  /// The settings of the caller's transaction are as before.
  @Test
  void aQueryLeavesTheSessionAsItWas() throws Exception {
    String collection = indexed(Kind.COSINE_BINARY);
    Space space = collections.activeSpace(collection);
    QuarkusTransaction.requiringNew()
        .run(() -> {
          Map<String, String> before = settings();
          assertThat(Embedding.nearest(space, vector(new Random(1)), 10).list()).hasSize(10);
          assertThat(settings()).isEqualTo(before);
        });
    assertThatThrownBy(() -> Embedding.nearest(space, vector(new Random(1)), 10).list())
        .hasMessageContaining("@Transactional");
  }

  private static Map<String, String> settings() {
    var settings = new HashMap<String, String>();
    FullEmbedding.getEntityManager()
        .unwrap(Session.class)
        .createNativeQuery(
            "SELECT name, setting FROM pg_settings WHERE '[0]'::vector IS NOT NULL", Object[].class)
        .list()
        .forEach(row -> settings.put((String) row[0], (String) row[1]));
    return settings;
  }

  private List<Neighbor> searched(
      String collection, Map<String, ?> request, @Nullable String strategy) {
    long collectionId = collections.activeSpace(collection).collectionId();
    JsonNode answer = Api.json(Api.search(collection, request).statusCode(200).extract());
    if (strategy != null) {
      assertThat(answer.path("strategy").textValue()).isEqualTo(strategy);
    }
    List<Neighbor> neighbors = new ArrayList<>();
    for (JsonNode hit : answer.path("hits")) {
      neighbors.add(
          new Neighbor(
              DocumentId.of(collectionId, hit.path("document").textValue()),
              hit.path("ordinal").intValue(),
              hit.path("distance").doubleValue(),
              hit.path("score").doubleValue()));
    }
    return neighbors;
  }

  /// Creates the collections of all kinds first, so that their indexes are built meanwhile.
  private String indexed(Kind kind) throws Exception {
    if (COLLECTIONS.isEmpty()) {
      for (Kind each : Kind.values()) {
        COLLECTIONS.put(each, create(each));
      }
    }
    String collection = Objects.requireNonNull(COLLECTIONS.get(kind));
    await()
        .until(() ->
            Api.search(collection, Map.of("vector", vector(new Random(1)), "limit", 1))
                .extract()
                .path("strategy")
                .equals("hnsw"));
    return collection;
  }

  private String create(Kind kind) throws Exception {
    String collection =
        Api.newCollection(
            Map.of(
                "model",
                "none",
                "dimensions",
                DIMENSIONS,
                "metric",
                kind.metric.value(),
                "precision",
                kind.precision.value(),
                "storage",
                kind.storage.value()));
    var random = new Random(7);
    var lines = new ArrayList<String>();
    for (int i = 0; i < DOCUMENTS; i++) {
      lines.add(
          json.writeValueAsString(
              Map.of(
                  "id",
                  "d" + i,
                  "metadata",
                  Map.of(
                      "number",
                      i,
                      "odd",
                      i % 2 == 1,
                      "name",
                      "it's 'quoted'",
                      "day",
                      LocalDate.of(2026, 1, 1).plusDays(i % 28).toString()),
                  "chunks",
                  IntStream.range(0, 1 + i % 2)
                      .mapToObj(c -> Map.of("text", "chunk " + c, "vector", vector(random)))
                      .toList())));
    }
    Api.upload(collection, Map.of(), String.join("\n", lines))
        .statusCode(200)
        .body("created", equalTo(DOCUMENTS));
    return collection;
  }

  private static float[] vector(Random random) {
    var vector = new float[DIMENSIONS];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }
}
