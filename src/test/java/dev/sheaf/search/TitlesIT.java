package dev.sheaf.search;

import static io.restassured.RestAssured.given;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.startsWith;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// In a collection with `titles`, searches find what they would if each text began with the title.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class TitlesIT {

  private static final Map<String, String> TITLES =
      Map.of("a", "The Apollo programme", "b", "Ocean tides", "c", " ", "d", "Long ".repeat(700));

  private static final String TEXT = "Twelve people walked there between 1969 and 1972. ";

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
