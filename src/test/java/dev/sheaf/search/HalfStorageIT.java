package dev.sheaf.search;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.pgvector.PGvector;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.Sql;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Space;
import dev.sheaf.embedding.VectorStorage;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.ContentType;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// A collection that stores half precision finds what a collection of the rounded vectors finds.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class HalfStorageIT {

  private static final int DIMENSIONS = 12;
  private static final int DOCUMENTS = 300;
  private static final String[] WORDS = {"moon", "tide", "bread", "yeast", "spring"};

  /// Examines all vectors.
  private static final int ALL = 2 * DOCUMENTS;

  @Inject AgroalDataSource dataSource;
  @Inject CollectionService collections;
  @Inject ObjectMapper json;

  @ParameterizedTest
  @EnumSource
  void exactHitsAreThoseOfPlainSql(Metric metric) throws Exception {
    String full = filled(Map.of("metric", metric.value()), VectorStorage.FULL::stored);
    String half =
        filled(Map.of("metric", metric.value(), "storage", "half"), VectorStorage.FULL::stored);
    Space space = collections.activeSpace(full);
    var random = new Random(11);
    for (int i = 0; i < 5; i++) {
      float[] vector = vector(random);
      Map<String, ?> request = Map.of("vector", vector, "limit", DOCUMENTS, "exact", true);
      List<Found> expected =
          Sql.of(
                  """
                  SELECT d.external_id, e.ordinal, e.vector::halfvec %s ?::halfvec AS distance
                    FROM %s e
                    JOIN %s d ON d.id = e.document_id
                   ORDER BY distance, d.id, e.ordinal
                   LIMIT %s
                  """
                      .formatted(
                          metric.operator(),
                          space.embeddingTable(),
                          space.documentTable(),
                          DOCUMENTS),
                  new PGvector(vector).toString())
              .list(
                  dataSource, row -> new Found(row.getString(1), row.getInt(2), row.getDouble(3)));
      List<Found> found = found(answer(half, request));
      assertThat(found).hasSize(DOCUMENTS).isEqualTo(expected);
      Map<String, Double> inFull = new HashMap<>();
      found(answer(full, request)).forEach(hit -> inFull.put(hit.key(), hit.distance()));
      for (Found hit : found) {
        Double distance = inFull.get(hit.key());
        if (distance != null) {
          assertThat(hit.distance()).isCloseTo(distance, within(0.005 + Math.abs(distance) / 500));
        }
      }
    }
  }

  private record Found(String document, int ordinal, double distance) {
    String key() {
      return document + " " + ordinal;
    }
  }

  private static List<Found> found(JsonNode answer) {
    var found = new ArrayList<Found>();
    for (JsonNode hit : answer.get("hits")) {
      found.add(
          new Found(
              hit.get("document").textValue(),
              hit.get("ordinal").intValue(),
              hit.get("distance").doubleValue()));
    }
    return found;
  }

  /// Each way to search, with the index where it uses one. The words are rare: equal scores would
  /// have another order in another collection.
  @ParameterizedTest
  @CsvSource({"cosine, half", "l2, half"})
  void everySearchFindsWhatItFindsAmongRoundedVectors(String metric, String precision)
      throws Exception {
    Map<String, ?> options = Map.of("metric", metric, "precision", precision);
    String rounded = filled(options, VectorStorage.HALF::stored);
    Map<String, Object> halfOptions = new HashMap<>(options);
    halfOptions.put("storage", "half");
    String half = filled(halfOptions, VectorStorage.FULL::stored);
    for (String collection : List.of(rounded, half)) {
      await()
          .until(() ->
              answer(collection, Map.of("vector", vector(new Random(1)), "limit", 1))
                  .get("strategy")
                  .textValue()
                  .equals("hnsw"));
    }
    float[] vector = VectorStorage.HALF.stored(vector(new Random(3)));
    List<Map<String, ?>> requests =
        List.of(
            Map.of("vector", vector, "ef", ALL, "explain", true),
            Map.of("vector", vector, "ef", ALL, "limit", 20, "offset", 40),
            Map.of("vector", vector, "select", List.of("vector", "title", "text")),
            Map.of("vector", vector, "filter", Map.of("n", Map.of("$lt", 150)), "ef", ALL),
            Map.of("vector", vector, "filter", Map.of("n", Map.of("$lt", 5))),
            Map.of("vector", vector, "text", "7 8 150", "mode", "hybrid", "ef", ALL),
            Map.of("vector", vector, "text", "9 17", "mode", "hybrid", "explain", true, "ef", ALL),
            Map.of("text", "42", "mode", "fulltext", "select", List.of("vector")),
            Map.of("vector", vector, "groupBy", "document", "groupSize", 2, "ef", ALL),
            Map.of("like", Map.of("document", "d7"), "ef", ALL),
            Map.of("like", Map.of("document", "d8", "ordinal", 0), "ef", ALL),
            Map.of(
                "vector",
                vector,
                "alsoLike",
                List.of(Map.of("document", "d9")),
                "unlike",
                List.of(Map.of("document", "d10")),
                "ef",
                ALL),
            Map.of("vector", vector, "diversity", 0.5, "window", 50, "ef", ALL));
    for (Map<String, ?> request : requests) {
      assertAlike(answer(half, request), answer(rounded, request));
    }
    assertAlike(batch(half, requests), batch(rounded, requests));
    assertAlike(similar(half), similar(rounded));
  }

  /// Numbers may differ where sums are computed in another order, and where a query is a mean of
  /// vectors, which is rounded. Times and counters of the planner are of each search alone.
  private static void assertAlike(JsonNode one, JsonNode other) {
    if (one.isNumber()) {
      assertThat(one.doubleValue())
          .isCloseTo(other.doubleValue(), within(1e-3 * (1 + Math.abs(other.doubleValue()))));
    } else if (one.isObject()) {
      one.properties()
          .forEach(field -> {
            if (!List.of("took", "plan", "explain", "explanation").contains(field.getKey())) {
              assertThat(other.has(field.getKey())).as(field.getKey()).isTrue();
              assertAlike(field.getValue(), other.get(field.getKey()));
            }
          });
    } else if (one.isArray()) {
      assertThat(one).hasSameSizeAs(other);
      for (int i = 0; i < one.size(); i++) {
        assertAlike(one.get(i), other.get(i));
      }
    } else {
      assertThat(one).isEqualTo(other);
    }
  }

  private JsonNode batch(String collection, List<Map<String, ?>> requests) throws Exception {
    var searches = new ArrayList<Map<String, ?>>();
    for (Map<String, ?> request : requests) {
      var search = new HashMap<String, Object>(request);
      search.remove("explain");
      searches.add(Map.of("collection", collection, "search", search));
    }
    JsonNode answer =
        json.readTree(
            Api.post("/search/batch", Map.of("searches", searches))
                .statusCode(200)
                .extract()
                .asString());
    assertThat(answer.get("answers")).hasSize(requests.size()).allMatch(one -> one.has("hits"));
    return answer;
  }

  private JsonNode similar(String collection) throws Exception {
    return json.readTree(
        given()
            .get("/api/v1/collections/{c}/documents/d7/similar", collection)
            .then()
            .statusCode(200)
            .extract()
            .asString());
  }

  private JsonNode answer(String collection, Map<String, ?> request) throws Exception {
    return json.readTree(Api.search(collection, request).statusCode(200).extract().asString());
  }

  @Test
  void anExportIsTheSameDocuments() throws Exception {
    String half = filled(Map.of("storage", "half"), VectorStorage.FULL::stored);
    String lines =
        given()
            .accept("application/x-ndjson")
            .get("/api/v1/collections/{c}/documents", half)
            .then()
            .statusCode(200)
            .extract()
            .asString();

    Api.upload(half, Map.of(), lines).statusCode(200).body("unchanged", equalTo(DOCUMENTS));
    for (String storage : List.of("half", "full")) {
      String copy = Api.newCollection(options(Map.of("storage", storage)));
      Api.upload(copy, Map.of(), lines).statusCode(200).body("created", equalTo(DOCUMENTS));
      assertThat(vectors(copy)).isEqualTo(vectors(half));
    }
    String texts = Api.newCollection(Map.of("storage", "half"));
    Api.put(texts, "tides", Map.of("text", "The Moon pulls the sea.")).statusCode(201);
    String embedded =
        given()
            .accept("application/x-ndjson")
            .queryParam("vectors", true)
            .get("/api/v1/collections/{c}/documents", texts)
            .asString();
    assertThat(embedded).contains("embedded");
    Api.upload(texts, Map.of(), embedded).statusCode(200).body("unchanged", equalTo(1));
    String copy = Api.newCollection(Map.of("storage", "half"));
    Api.upload(copy, Map.of(), embedded).statusCode(200).body("created", equalTo(1));
    assertThat(vectors(copy)).isEqualTo(vectors(texts));
    assertThat(answer(copy, Map.of("text", "ebb and flow")).get("hits")).hasSize(1);
  }

  /// All stored vectors, as text of full precision.
  private List<String> vectors(String collection) throws SQLException {
    Space space = collections.activeSpace(collection);
    return Sql.of(
            """
            SELECT d.external_id || ' ' || e.ordinal || ' ' || e.vector::vector
              FROM %s e
              JOIN %s d ON d.id = e.document_id
             ORDER BY 1
            """
                .formatted(space.embeddingTable(), space.documentTable()))
        .list(dataSource, row -> row.getString(1));
  }

  @Test
  void numbersThatHalfPrecisionCannotStoreAreRejected() {
    String collection =
        Api.newCollection(Map.of("model", "none", "dimensions", 2, "storage", "half"));
    Api.put(collection, "a", chunk(List.of(65_505, 1)))
        .statusCode(422)
        .body("field", equalTo("chunks[0].vector[0]"))
        .body("detail", containsString("65504"));
    Api.put(collection, "a", chunk(List.of(1e-9, -1e-9)))
        .statusCode(422)
        .body("field", equalTo("chunks[0].vector"))
        .body("detail", containsString("Scale the vectors"));
    Api.put(collection, "a", chunk(List.of(65_504, -1e-9))).statusCode(201);
    Api.search(collection, Map.of("vector", List.of(1e-9, 0)))
        .statusCode(422)
        .body("field", equalTo("vector"));
  }

  private static Map<String, ?> chunk(List<?> vector) {
    return Map.of("chunks", List.of(Map.of("text", "text", "vector", vector)));
  }

  @Test
  void theStorageIsThatOfTheCreation() throws Exception {
    Api.post(
            "/collections",
            Map.of("name", "full-index-of-half", "storage", "half", "precision", "full"))
        .statusCode(422)
        .body("field", equalTo("precision"));
    String collection =
        Api.newCollection(Map.of("model", "none", "dimensions", 4_000, "storage", "half"));
    given()
        .get("/api/v1/collections/{c}", collection)
        .then()
        .body("storage", equalTo("half"))
        .body("precision", equalTo("half"));
    patch(collection, Map.of("precision", "full"), "precision", "stored in full");
    patch(collection, Map.of("storage", "full"), "storage", "Create another collection");

    // The widest vectors that an index of half precision takes.
    var vector = new ArrayList<>(Collections.nCopies(4_000, 1));
    for (int i = 0; i < 4; i++) {
      vector.set(i, 7);
      Api.put(collection, "d" + i, chunk(vector)).statusCode(201);
    }
    Map<String, ?> request = Map.of("vector", vector, "limit", 4);
    await().until(() -> answer(collection, request).get("strategy").textValue().equals("hnsw"));
    Api.search(collection, request)
        .statusCode(200)
        .body("hits.document", equalTo(List.of("d3", "d2", "d1", "d0")));
  }

  private static void patch(String collection, Map<String, ?> body, String field, String detail) {
    given()
        .contentType(ContentType.JSON)
        .body(body)
        .patch("/api/v1/collections/{c}", collection)
        .then()
        .statusCode(422)
        .body("field", equalTo(field))
        .body("detail", containsString(detail));
  }

  private static Map<String, ?> options(Map<String, ?> more) {
    var options = new HashMap<String, Object>(more);
    options.put("model", "none");
    options.put("dimensions", DIMENSIONS);
    return options;
  }

  /// A new collection with the same vectors each time.
  ///
  /// @param sent what is sent of each vector
  private String filled(Map<String, ?> more, UnaryOperator<float[]> sent) throws Exception {
    String collection = Api.newCollection(options(more));
    var random = new Random(7);
    var lines = new ArrayList<String>();
    for (int i = 0; i < DOCUMENTS; i++) {
      var chunks = new ArrayList<Map<String, ?>>();
      for (int ordinal = 0; ordinal <= i % 2; ordinal++) {
        String text = WORDS[random.nextInt(5)] + " " + WORDS[random.nextInt(5)] + " " + i;
        chunks.add(Map.of("text", text, "vector", sent.apply(vector(random))));
      }
      lines.add(
          json.writeValueAsString(
              Map.of("id", "d" + i, "metadata", Map.of("n", i), "chunks", chunks)));
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
