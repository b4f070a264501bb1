package dev.sheaf.document;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// ETag, If-Match and If-None-Match of documents and collections.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class PreconditionsIT {

  private static final int CLIENTS = 4;

  private String collection = "";
  private String path = "";

  @BeforeEach
  void collection() {
    collection = Api.newCollection(Map.of("model", "none", "dimensions", 1));
    path = "/api/v1/collections/" + collection + "/documents/a";
  }

  private static RequestSpecification request(String... headers) {
    RequestSpecification request = given().contentType(ContentType.JSON);
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return request;
  }

  private static Map<String, ?> content(String text, int number) {
    return Map.of(
        "chunks", List.of(Map.of("text", text, "vector", List.of(1))),
        "metadata", Map.of("number", number));
  }

  private Response put(String text, int number, String... headers) {
    return request(headers).body(content(text, number)).put(path);
  }

  private static String etag(Response response) {
    assertThat(response.statusCode()).as(response.asString()).isBetween(200, 201);
    assertThat(response.header("ETag")).matches("\"[0-9a-f]{32}\"");
    return response.header("ETag");
  }

  @Test
  void aTagChangesWithTheDocument() {
    var tags = new ArrayList<String>();
    tags.add(etag(put("one", 1)));
    tags.add(etag(put("two", 1)));
    tags.add(etag(put("two", 2)));
    tags.add(etag(request().body(Map.of("title", "x")).patch(path)));
    tags.add(etag(request().body(Map.of("title", "y")).patch(path)));

    assertThat(new HashSet<>(tags)).hasSize(5);
    assertThat(etag(given().get(path))).isEqualTo(tags.getLast());
    // Without its title again, and once more the same.
    String last = etag(put("two", 2));
    assertThat(etag(put("two", 2))).isEqualTo(last);
    assertThat(given().head(path).header("ETag")).isEqualTo(last);
  }

  @Test
  void aReaderMayKeepWhatItHas() {
    String etag = etag(put("one", 1));

    Response unchanged = request("If-None-Match", "\"x\", W/" + etag).get(path);
    assertThat(unchanged.statusCode()).isEqualTo(304);
    assertThat(unchanged.header("ETag")).isEqualTo(etag);
    assertThat(unchanged.asString()).isEmpty();
    assertThat(request("If-None-Match", "\"x\"").get(path).statusCode()).isEqualTo(200);
    assertThat(request("If-Match", "\"x\"").get(path).statusCode()).isEqualTo(412);
    assertThat(request("If-None-Match", etag).get(path + "x").statusCode()).isEqualTo(404);
    assertThat(request("If-None-Match", "x").get(path).statusCode()).isEqualTo(400);
  }

  @Test
  void aChangeOfAnotherStateIsRejected() {
    assertThat(put("one", 1, "If-Match", "*").statusCode()).isEqualTo(412);
    assertThat(put("one", 1, "If-Match", "\"x\"").statusCode()).isEqualTo(412);
    String etag = etag(put("one", 1, "If-None-Match", "*"));

    // The same document, the same text with other metadata, another text.
    for (Map<String, ?> body : List.of(content("one", 1), content("one", 2), content("two", 1))) {
      for (List<String> condition :
          List.of(
              List.of("If-None-Match", "*"),
              List.of("If-None-Match", etag),
              List.of("If-Match", "\"x\""),
              List.of("If-Match", "W/" + etag))) {
        Response refused = request(condition.toArray(String[]::new)).body(body).put(path);
        assertThat(refused.statusCode()).as("%s %s", condition, body).isEqualTo(412);
        assertThat(refused.jsonPath().getString("type"))
            .isEqualTo("urn:sheaf:problem:precondition-failed");
      }
    }
    assertThat(request("If-Match", "\"x\"").body(Map.of("title", "x")).patch(path).statusCode())
        .isEqualTo(412);
    assertThat(request("If-Match", "\"x\"").delete(path).statusCode()).isEqualTo(412);
    assertThat(etag(given().get(path))).isEqualTo(etag);

    String next = etag(put("one", 2, "If-Match", etag));
    next = etag(put("two", 2, "If-Match", "\"x\", " + next));
    next = etag(request("If-Match", next).body(Map.of("title", "x")).patch(path));
    assertThat(request("If-Match", next).delete(path).statusCode()).isEqualTo(204);
    assertThat(request("If-Match", next).delete(path).statusCode()).isEqualTo(404);
    assertThat(request("If-Match", next).body(Map.of("title", "x")).patch(path).statusCode())
        .isEqualTo(404);
  }

  @Test
  void ofManyClientsThatCreateOneSucceeds() throws Exception {
    for (int round = 0; round < 5; round++) {
      List<Integer> statuses =
          atOnce(client -> put("text of " + client, client, "If-None-Match", "*").statusCode());

      assertThat(statuses).filteredOn(status -> status == 201).hasSize(1);
      assertThat(statuses).filteredOn(status -> status == 412).hasSize(CLIENTS - 1);
      assertThat(given().delete(path).statusCode()).isEqualTo(204);
    }
  }

  /// Each client counts up, in the text or in the metadata. No step gets lost.
  @Test
  void noUpdateIsLost() throws Exception {
    int steps = 10;
    put("0", 0);

    atOnce(client -> {
      int done = 0;
      while (done < steps) {
        Response read = given().get(path);
        JsonNode stored = Api.json(read);
        int text = Integer.parseInt(stored.get("text").asText());
        int number = stored.at("/metadata/number").asInt();
        Response written =
            client % 2 == 0
                ? put(String.valueOf(text + 1), number, "If-Match", etag(read))
                : put(String.valueOf(text), number + 1, "If-Match", etag(read));
        assertThat(written.statusCode()).as(written.asString()).isIn(200, 412);
        done += written.statusCode() == 200 ? 1 : 0;
      }
      return done;
    });

    assertThat(given().get(path).jsonPath().getString("text"))
        .isEqualTo(String.valueOf(steps * CLIENTS / 2));
    assertThat(given().get(path).jsonPath().getInt("metadata.number"))
        .isEqualTo(steps * CLIENTS / 2);
  }

  private interface Client {
    int run(int number);
  }

  private static List<Integer> atOnce(Client client) throws Exception {
    try (var threads = Executors.newFixedThreadPool(CLIENTS)) {
      var tasks = new ArrayList<Callable<Integer>>();
      for (int i = 0; i < CLIENTS; i++) {
        int number = i;
        tasks.add(() -> client.run(number));
      }
      var results = new ArrayList<Integer>();
      for (Future<Integer> result : threads.invokeAll(tasks)) {
        results.add(result.get());
      }
      return results;
    }
  }

  @Test
  void collectionsHaveTagsThatDependOnTheirSettings() {
    String address = "/api/v1/collections/" + collection;
    String etag = etag(given().get(address));
    put("one", 1);
    assertThat(etag(given().get(address))).isEqualTo(etag);

    String next = etag(request("If-Match", etag).body(Map.of("description", "x")).patch(address));
    assertThat(next).isNotEqualTo(etag);
    assertThat(
            request("If-Match", etag).body(Map.of("description", "y")).patch(address).statusCode())
        .isEqualTo(412);
    String last = etag(request().body(Map.of("hnsw", Map.of("efSearch", 50))).patch(address));
    assertThat(last).isNotEqualTo(next);
    assertThat(etag(given().get(address))).isEqualTo(last);
    assertThat(given().get(address).jsonPath().getString("description")).isEqualTo("x");

    assertThat(request("If-Match", etag).delete(address).statusCode()).isEqualTo(412);
    assertThat(request("If-Match", last).delete(address).statusCode()).isEqualTo(204);
    Response again =
        request()
            .body(Map.of("name", collection, "model", "none", "dimensions", 1))
            .post("/api/v1/collections");
    assertThat(etag(again)).isNotEqualTo(etag);
  }
}
