package dev.sheaf.search;

import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.is;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class SearchIT {

  @Test
  void findsByMeaning() {
    String collection = Api.newCollection();
    Api.put(
        collection,
        "moon",
        Map.of(
            "text", "The Moon turns once in the time it takes to go round the Earth.",
            "title", "Bound rotation",
            "metadata", Map.of("field", "astronomy")));
    Api.put(collection, "bread", Map.of("text", "Sourdough needs a day to rise."));
    Api.put(collection, "law", Map.of("text", "A contract needs an offer and an acceptance."));

    Api.search(collection, Map.of("text", "why do we always see one face of our satellite"))
        .statusCode(200)
        .body("hits.size()", equalTo(3))
        .body("hits[0].document", equalTo("moon"))
        .body("hits[0].title", equalTo("Bound rotation"))
        .body("hits[0].ordinal", equalTo(0))
        .body("hits[0].text", containsString("turns once"))
        .body("hits[0].metadata.field", equalTo("astronomy"))
        .body("strategy", equalTo("exact"))
        .body("exact", is(true))
        .body("took", greaterThan(0f));
  }

  @ParameterizedTest
  @CsvSource({"cosine, half", "cosine, full", "cosine, binary", "l2, half", "inner_product, full"})
  void aTextIsNearestToItself(String metric, String precision) {
    String collection = Api.newCollection(Map.of("metric", metric, "precision", precision));
    Api.put(collection, "same", Map.of("text", "Represent the herring fleet of 1902."));
    Api.put(collection, "other", Map.of("text", "A recipe for plum jam."));

    Api.search(collection, Map.of("text", "the herring fleet in 1902", "limit", 1))
        .statusCode(200)
        .body("hits.size()", equalTo(1))
        .body("hits[0].document", equalTo("same"));
  }

  @Test
  void scoreIsTheCosineSimilarity() {
    String collection = Api.newCollection();
    float[] vector = new float[384];
    vector[0] = 3;
    Api.put(collection, "a", Map.of("text", "Anything."));

    var hit = Api.search(collection, Map.of("vector", vector)).statusCode(200).extract();

    double score = hit.jsonPath().getDouble("hits[0].score");
    Api.search(collection, Map.of("vector", vector))
        .body("hits[0].distance.toDouble()", closeTo(1 - score, 1e-6));
  }

  @Test
  void anEmptyCollectionHasNoHits() {
    Api.search(Api.newCollection(), Map.of("text", "anything"))
        .statusCode(200)
        .body("hits.size()", equalTo(0));
  }

  @Test
  void limitBoundsTheHitsAndTheyComeBestFirst() {
    String collection = Api.newCollection();
    for (int i = 0; i < 12; i++) {
      Api.put(collection, "d" + i, Map.of("text", "Note " + i + " on harbour pilots."));
    }

    Api.search(collection, Map.of("text", "pilots", "limit", 5))
        .body("hits.size()", equalTo(5))
        .body("hits.distance", everyItem(greaterThanOrEqualTo(0f)));
    var distances =
        Api.search(collection, Map.of("text", "pilots", "limit", 1000))
            .body("hits.size()", equalTo(12))
            .extract()
            .jsonPath()
            .getList("hits.distance", Double.class);
    org.assertj.core.api.Assertions.assertThat(distances).isSorted();
  }
}
