package dev.sheaf.collection;

import static dev.sheaf.testing.Patience.await;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.EagerIndexes;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.LockWaits;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
@TestProfile(EagerIndexes.class)
class CollectionSettingsIT {

  private static final Map<String, ?> TWO_DIMENSIONS = Map.of("model", "none", "dimensions", 2);

  @Inject AgroalDataSource dataSource;

  @Test
  void settingsAreDescribed() {
    String name =
        Api.newCollection(
            Map.of(
                "hnsw", Map.of("m", 8, "efConstruction", 40),
                "language", "german",
                "fields", Map.of("year", "number", "author", "text")));

    Api.patch(name, Map.of("description", "Post", "hnsw", Map.of("efSearch", 200)))
        .statusCode(200)
        .body("description", equalTo("Post"))
        .body("hnsw", equalTo(Map.of("m", 8, "efConstruction", 40, "efSearch", 200)))
        .body("language", equalTo("german"))
        .body("fields", equalTo(Map.of("author", "text", "year", "number")));
    given()
        .get("/api/v1/collections/" + name)
        .then()
        .body("hnsw.efSearch", equalTo(200))
        .body("description", equalTo("Post"));
  }

  @Test
  void theLastOfRecallAndEfSearchDecides() {
    String name = Api.newCollection(Map.of("recall", 0.9, "hnsw", Map.of("m", 8, "efSearch", 50)));

    state(name)
        .body("efSearch", equalTo(50))
        .body("declaredRecall.recall", equalTo(0.9f))
        .body("declaredRecall.held", equalTo(true));
    Api.patch(name, Map.of("recall", 0.95))
        .statusCode(200)
        .body("recall", equalTo(0.95f))
        .body("hnsw", equalTo(Map.of("m", 8)));
    state(name).body("efSearch", equalTo(100));
    Api.patch(name, Map.of("hnsw", Map.of("efSearch", 60)))
        .body("recall", equalTo(0.95f))
        .body("hnsw", equalTo(Map.of("m", 8, "efSearch", 60)));
    Api.patch(name, Map.of("description", "Same")).body("recall", equalTo(0.95f));
    Api.patch(name, Collections.singletonMap("recall", null))
        .statusCode(200)
        .body("recall", nullValue())
        .body("hnsw", equalTo(Map.of("m", 8, "efSearch", 60)));
    state(name).body("declaredRecall", nullValue());
    for (Object wrong : List.of(0, 1, "high", List.of())) {
      Api.patch(name, Map.of("recall", wrong)).statusCode(422).body("field", equalTo("recall"));
    }
  }

  private static ValidatableResponse state(String collection) {
    return given().get("/api/v1/collections/" + collection + "/index").then().statusCode(200);
  }

  @Test
  void whoChangesItAtTheSameTimeTakesTurns() throws Exception {
    String name = newCollection(Map.of());
    try (var client = Executors.newSingleThreadExecutor();
        Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(
          "UPDATE collection SET description = 'Theirs', settings = '{\"hnsw\":{\"m\":8}}' WHERE name = '%s'"
              .formatted(name));
      Future<?> ours =
          client.submit(
              () -> Api.patch(name, Map.of("hnsw", Map.of("efSearch", 50))).statusCode(200));
      await().until(() -> LockWaits.behind(connection) > 0);
      connection.commit();
      ours.get();
    }

    given()
        .get("/api/v1/collections/" + name)
        .then()
        .body("description", equalTo("Theirs"))
        .body("hnsw", equalTo(Map.of("m", 8, "efSearch", 50)));
  }

  @Test
  void fieldsGetTheirIndexesAndLoseThem() throws SQLException {
    String name = Api.newCollection(Map.of("fields", Map.of("year", "number")));

    awaitIndexes(name, "number_year");
    Api.patch(name, Map.of("fields", Map.of("year", "text", "Year", "number", "day", "date")))
        .statusCode(200);
    awaitIndexes(name, "date_day", "number_Year", "text_year");
    Api.patch(name, Map.of("fields", Map.of())).statusCode(200);
    awaitIndexes(name);
  }

  @Test
  void aFieldMayHoldMoreThanItsIndex() throws SQLException {
    String name = newCollection(Map.of());
    String text = longText();
    put(name, "long", "Something.", Map.of("author", text));
    Api.patch(name, Map.of("fields", Map.of("author", "text"))).statusCode(200);
    awaitIndexes(name, "text_author");
    put(name, "longer", "Something.", Map.of("author", text + "z"));

    Api.search(
            name, Map.of("vector", List.of(1, 0), "filter", Map.of("author", Map.of("$gt", text))))
        .body("hits.document", equalTo(List.of("longer")));
  }

  @Test
  void anIndexOverWholeTextsIsBuiltAnew() throws SQLException {
    String name = newCollection(Map.of("fields", Map.of("author", "text")));
    awaitIndexes(name, "text_author");
    String id = query("SELECT id FROM collection WHERE name = '" + name + "'").getFirst();
    execute(
        """
        BEGIN;
        DROP INDEX document_%1$s_text_author;
        CREATE INDEX document_%1$s_text_author ON document_%1$s
            ((CASE WHEN jsonb_typeof(metadata -> 'author') = 'string' THEN (metadata -> 'author') #>> '{}' END COLLATE "C"));
        COMMIT
        """
            .formatted(id));

    await()
        .untilAsserted(() ->
            assertThat(
                    query(
                        "SELECT indexdef FROM pg_indexes WHERE indexname = 'document_%s_text_author'"
                            .formatted(id)))
                .singleElement()
                .asString()
                .contains("\"left\"("));
    put(name, "long", "Something.", Map.of("author", longText()));
  }

  @Test
  void anIndexThatCannotBeBuiltKeepsNoOtherBack() throws SQLException {
    String name = newCollection(Map.of());
    String id = query("SELECT id FROM collection WHERE name = '" + name + "'").getFirst();
    execute("CREATE VIEW document_" + id + "_number_year AS SELECT 1 AS one");
    try {
      Api.patch(name, Map.of("fields", Map.of("year", "number"))).statusCode(200);

      awaitIndexes(newCollection(Map.of("fields", Map.of("year", "number"))), "number_year");
    } finally {
      execute("DROP VIEW document_" + id + "_number_year");
    }
  }

  /// Longer than an index entry may be, and not compressible.
  private static String longText() {
    return new Random(1)
        .ints(4_000, 'a', 'z' + 1)
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  @Test
  void metadataIsIndexedOnceThereIsEnough() throws SQLException {
    String name = newCollection(Map.of());
    for (int i = 0; i < 3; i++) {
      put(name, "d" + i, "Something.");
    }

    awaitIndexes(name, "metadata");
  }

  @Test
  void theIndexHasTheShapeThatWasAskedFor() throws SQLException {
    String name = newCollection(Map.of("hnsw", Map.of("m", 40)));
    for (int i = 0; i < 3; i++) {
      put(name, "d" + i, "Something.");
    }

    await()
        .untilAsserted(() ->
            assertThat(
                    query(
                        """
                        SELECT array_to_string(reloptions, ',')
                          FROM pg_class
                         WHERE oid = to_regclass((SELECT 'embedding_' || active_space_id || '_hnsw'
                                                    FROM collection WHERE name = '%s'))
                        """
                            .formatted(name)))
                .containsExactly("m=40,ef_construction=80"));
  }

  @Test
  void eachParameterOfBm25ChangesAlone() {
    String name = newCollection(Map.of("bm25", Map.of("b", 0.5)));

    Api.patch(name, Map.of("bm25", Map.of("k1", 2)))
        .statusCode(200)
        .body("bm25", equalTo(Map.of("k1", 2f, "b", 0.5f)));
  }

  @Test
  void wordsAreThoseOfTheLanguage() {
    String german = newCollection(Map.of("language", "german"));
    String english = newCollection(Map.of());
    for (String name : List.of(german, english)) {
      put(name, "d", "Die Häuser am Hafen");
    }
    Map<String, ?> house = Map.of("text", "Haus", "mode", "fulltext", "highlight", true);

    Api.search(german, house)
        .statusCode(200)
        .body("hits.highlight", equalTo(List.of("Die <mark>Häuser</mark> am Hafen")));
    Api.search(english, house).statusCode(200).body("hits", equalTo(List.of()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"language":"klingon"}                 | language            | The language klingon is not available. Choose a text search configuration of PostgreSQL, such as english, german or simple.
          {"language":"english'; DROP TABLE x"}  | language            | The language english'; DROP TABLE x is not available. Choose a text search configuration of PostgreSQL, such as english, german or simple.
          {"analyzer":"icu"}                     | analyzer            | analyzer must be one of postgresql, lucene.
          {"hnsw":{"m":1}}                       | hnsw.m              | hnsw.m must be a whole number from 2 to 100, not 1.
          {"hnsw":{"efSearch":2000}}             | hnsw.efSearch       | hnsw.efSearch must be a whole number from 1 to 1000, not 2000.
          {"bm25":{"k1":0}}                      | bm25.k1             | bm25.k1 must be a number from 0.01 to 100, not 0.0.
          {"bm25":{"b":-0.1}}                    | bm25.b              | bm25.b must be a number from 0 to 1, not -0.1.
          {"recall":1}                           | recall              | recall must be a number from 0.5 to 0.99, not 1.0.
          {"recall":0.4}                         | recall              | recall must be a number from 0.5 to 0.99, not 0.4.
          {"recall":"high"}                      | recall              | recall must be a number.
          {"fields":{"a.b":"number"}}            | fields              | A field with an index must be at the top level of the metadata, and its name must have 1 to 27 characters of A-Z, a-z, 0-9 and _, unlike a.b.
          {"fields":{"a' OR 1":"number"}}        | fields              | A field with an index must be at the top level of the metadata, and its name must have 1 to 27 characters of A-Z, a-z, 0-9 and _, unlike a' OR 1.
          {"fields":{"a":"time"}}                | fields.a            | fields.a must be one of number, text, date.
          """)
  void whatCannotBeChosen(String options, String field, String detail) {
    given()
        .contentType(ContentType.JSON)
        .body("{\"name\":\"wrong\"," + options.substring(1))
        .post("/api/v1/collections")
        .then()
        .statusCode(422)
        .body("field", equalTo(field))
        .body("detail", equalTo(detail));
  }

  @ParameterizedTest
  @CsvSource({"metric", "model", "dimensions", "titles", "name"})
  void whatCannotChange(String field) {
    String name = newCollection(Map.of());

    Api.patch(name, Map.of(field, "x"))
        .statusCode(422)
        .body("field", equalTo(field))
        .body(
            "detail",
            equalTo(
                field
                    + " cannot be changed after the collection is created. Create another collection,"
                    + " and store the documents there."));
  }

  private static String newCollection(Map<String, ?> options) {
    var all = new java.util.HashMap<String, Object>(TWO_DIMENSIONS);
    all.putAll(options);
    return Api.newCollection(all);
  }

  private static void put(String collection, String id, String text) {
    put(collection, id, text, Map.of());
  }

  private static void put(String collection, String id, String text, Map<String, ?> metadata) {
    Api.put(
            collection,
            id,
            Map.of(
                "chunks",
                List.of(Map.of("text", text, "vector", List.of(1, 0))),
                "metadata",
                metadata))
        .statusCode(201);
  }

  private void awaitIndexes(String collection, String... names) {
    await()
        .untilAsserted(() ->
            assertThat(
                    query(
                        """
                        SELECT regexp_replace(i.relname, '^document_[0-9]+_', '') COLLATE "C"
                          FROM pg_index x
                          JOIN pg_class i ON i.oid = x.indexrelid
                         WHERE x.indrelid = to_regclass((SELECT 'document_' || id FROM collection WHERE name = '%s'))
                           AND x.indisvalid
                           AND NOT x.indisprimary
                         ORDER BY 1
                        """
                            .formatted(collection)))
                .containsExactly(names));
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private List<String> query(String sql) throws SQLException {
    var values = new ArrayList<String>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      while (row.next()) {
        values.add(row.getString(1));
      }
    }
    return values;
  }
}
