package dev.sheaf.document;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.collection.DocumentCollection;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Filter;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.narayana.jta.QuarkusTransaction;
import io.quarkus.panache.common.Page;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import io.restassured.config.EncoderConfig;
import io.restassured.http.ContentType;
import io.restassured.path.json.config.JsonPathConfig;
import io.restassured.path.json.config.JsonPathConfig.NumberReturnType;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.hibernate.Session;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares queries on entities with searches over HTTP, for each kind of index.
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class NearestQueryIT {

  private static final int DIMENSIONS = 8;
  private static final int DOCUMENTS = 1_500;

  @Inject CollectionService collections;
  @Inject ObjectMapper json;

  static Stream<Arguments> kinds() {
    return Stream.of(Metric.values())
        .flatMap(metric ->
            Stream.of(Precision.values()).map(precision -> Arguments.of(metric, precision)));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void findsWhatASearchFinds(Metric metric, Precision precision) throws Exception {
    String collection = indexed(metric, precision);
    Space space = collections.activeSpace(collection);
    var random = new Random(5);
    for (int i = 0; i < 3; i++) {
      float[] vector = vector(random);
      int limit = 1 + random.nextInt(30);
      assertThat(
              QuarkusTransaction.requiringNew()
                  .call(() -> hits(Embedding.nearest(space, vector, limit))))
          .isEqualTo(searched(collection, Map.of("vector", vector, "limit", limit), "hnsw"));
      int ef = 1 + random.nextInt(60);
      assertThat(
              QuarkusTransaction.requiringNew()
                  .call(() -> hits(Embedding.nearest(space, vector, limit).efSearch(ef))))
          .isEqualTo(
              searched(collection, Map.of("vector", vector, "limit", limit, "ef", ef), "hnsw"));
      for (Map<String, ?> filter :
          List.of(
              Map.of("number", Map.of("$lt", 20)),
              Map.of("odd", true),
              Map.of("$or", List.of(Map.of("odd", false), Map.of("name", "it's 'quoted'"))))) {
        Filter parsed = Filter.parse("filter", json.valueToTree(filter));
        assertThat(
                QuarkusTransaction.requiringNew()
                    .call(() -> hits(Embedding.nearest(space, vector, limit).filter(parsed))))
            .isEqualTo(
                searched(
                    collection, Map.of("vector", vector, "limit", limit, "filter", filter), null));
      }
    }
  }

  /// Similar documents are the documents that a search with `like` finds.
  @Test
  void findsSimilarDocuments() throws Exception {
    String collection = indexed(Metric.COSINE, Precision.HALF);
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

  @Test
  void entitiesAnswer() throws Exception {
    String collection = indexed(Metric.L2, Precision.FULL);
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

  /// The settings of the caller's transaction are as before.
  @Test
  void aQueryLeavesTheSessionAsItWas() throws Exception {
    String collection = indexed(Metric.COSINE, Precision.BINARY);
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
    Embedding.getEntityManager()
        .unwrap(Session.class)
        .createNativeQuery(
            "SELECT name, setting FROM pg_settings WHERE '[0]'::vector IS NOT NULL", Object[].class)
        .list()
        .forEach(row -> settings.put((String) row[0], (String) row[1]));
    return settings;
  }

  private static List<String> hits(NearestQuery query) {
    return query.list().stream()
        .map(hit ->
            "%s %s %.6f %.6f"
                .formatted(hit.documentId(), hit.ordinal(), hit.distance(), hit.score()))
        .toList();
  }

  private List<String> searched(String collection, Map<String, ?> request, String strategy) {
    long collectionId = collections.activeSpace(collection).collectionId();
    var response =
        Api.search(collection, request)
            .statusCode(200)
            .extract()
            .jsonPath(JsonPathConfig.jsonPathConfig().numberReturnType(NumberReturnType.DOUBLE));
    if (strategy != null) {
      assertThat(response.getString("strategy")).isEqualTo(strategy);
    }
    return response.getList("hits", Map.class).stream()
        .map(hit ->
            "%s %s %.6f %.6f"
                .formatted(
                    DocumentId.of(collectionId, (String) hit.get("document")),
                    hit.get("ordinal"),
                    ((Number) hit.get("distance")).doubleValue(),
                    ((Number) hit.get("score")).doubleValue()))
        .toList();
  }

  private String indexed(Metric metric, Precision precision) throws Exception {
    String collection =
        Api.newCollection(
            Map.of(
                "model",
                "none",
                "dimensions",
                DIMENSIONS,
                "metric",
                metric.value(),
                "precision",
                precision.value()));
    var random = new Random(7);
    var lines = new ArrayList<String>();
    for (int i = 0; i < DOCUMENTS; i++) {
      lines.add(
          json.writeValueAsString(
              Map.of(
                  "id",
                  "d" + i,
                  "metadata",
                  Map.of("number", i, "odd", i % 2 == 1, "name", "it's 'quoted'"),
                  "chunks",
                  IntStream.range(0, 1 + i % 2)
                      .mapToObj(c -> Map.of("text", "chunk " + c, "vector", vector(random)))
                      .toList())));
    }
    given()
        .config(
            RestAssured.config()
                .encoderConfig(
                    EncoderConfig.encoderConfig()
                        .encodeContentTypeAs("application/x-ndjson", ContentType.TEXT)))
        .contentType("application/x-ndjson")
        .body(String.join("\n", lines))
        .post("/api/v1/collections/{c}/documents", collection)
        .then()
        .statusCode(200)
        .body("created", equalTo(DOCUMENTS));
    await()
        .until(() ->
            Api.search(collection, Map.of("vector", vector(random), "limit", 1))
                .extract()
                .path("strategy")
                .equals("hnsw"));
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
