package dev.sheaf.http;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.anyOf;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasEntry;
import static org.hamcrest.Matchers.is;

import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The response to any invalid input says what was wrong, and nothing is stored.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class BadInputIT {

  @TestHTTPResource URI base;

  @BeforeEach
  void collection() {
    Api.post("/collections", Map.of("name", "strict")).statusCode(anyOf(is(201), is(409)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"name":"x","colour":1}          | 422 | colour     | Unknown field colour. Known fields: analyzer, bm25, description, dimensions, fields, hnsw, language, metric, model, name, precision, recall, storage, synonyms, titles.
          {"name":"x","langauge":"german"} | 422 | langauge   | Unknown field langauge. Did you mean language? Known fields: analyzer, bm25, description, dimensions, fields, hnsw, language, metric, model, name, precision, recall, storage, synonyms, titles.
          {"name":"x","hnsw":{"n":1}}      | 422 | hnsw.n     | Unknown field n. Did you mean m? Known fields: efConstruction, efSearch, m.
          {"name":7}                       | 422 | name       | name must be a string.
          {"name":"Upper Case"}            | 422 | name       | name must have 1 to 63 characters of a-z, 0-9, - and _, and begin with a letter or a digit.
          {"name":""}                      | 422 | name       | name must have 1 to 63 characters of a-z, 0-9, - and _, and begin with a letter or a digit.
          {}                               | 422 | name       | name is required.
          {"name":null}                    | 422 | name       | name is required.
          {"name":"x","metric":"hamming"}  | 422 | metric     | metric must be one of cosine, l2, inner_product.
          {"name":"x","metric":1}          | 422 | metric     | metric must be one of cosine, l2, inner_product.
          {"name":"x","hnsw":{"m":1}}      | 422 | hnsw.m     | hnsw.m must be a whole number from 2 to 100, not 1.
          {"name":"x","precision":"8bit"}  | 422 | precision  | precision must be one of full, half, binary.
          {"name":"x","storage":"binary"}  | 422 | storage    | storage must be one of full, half.
          """)
  void collections(String body, int status, String field, String detail) {
    given()
        .contentType(ContentType.JSON)
        .body(body)
        .post("/api/v1/collections")
        .then()
        .statusCode(status)
        .contentType("application/problem+json")
        .body("$", hasEntry("status", status))
        .body("$", allOf(hasEntry("field", field), hasEntry("detail", detail)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"text":""}                                   | text         | text must not be empty.
          {"text":" \\n\\t "}                           | text         | text must not be empty.
          {"title":"x"}                                 | text         | text is required.
          {"text":["a"]}                                | text         | text must be a string.
          {"text":true}                                 | text         | text must be a string.
          {"text":"a\\u0000b"}                          | text         | text contains U+0000 at position 1, which PostgreSQL cannot store. Remove it.
          {"text":"a\\ud83d"}                           | text         | text contains an unpaired surrogate at position 1. Remove it.
          {"text":"a","title":"\\u0000"}                | title        | title contains U+0000 at position 0, which PostgreSQL cannot store. Remove it.
          {"text":"a","metadata":[]}                    | metadata     | metadata must be an object.
          {"text":"a","metadata":"x"}                   | metadata     | metadata must be an object.
          {"text":"a","metadata":{"k":{"\\u0000":1}}}   | metadata.k   | metadata.k contains U+0000 at position 0, which PostgreSQL cannot store. Remove it.
          {"text":"a","metadata":{"k":1e99999}}         | metadata.k   | metadata.k has more than 1000 digits when written without an exponent.
          {"chunks":[{"text":"a"},{}]}                  | chunks[1].text | chunks[1].text is required.
          {"chunks":[{"text":"a"},{"text":" "}]}        | chunks[1].text | chunks[1].text must not be empty. Omit the chunk.
          {"chunks":[{"text":"a"},{"text":"\\u0000"}]} | chunks[1].text | chunks[1].text contains U+0000 at position 0, which PostgreSQL cannot store. Remove it.
          {"chunks":[{"text":"a","vector":"="}]}        | chunks[0].vector | chunks[0].vector must be an array of numbers, or the base64 of 32-bit floats in little-endian order.
          {"text":"a","embedded":{"by":"x"}}            | embedded.vectors | embedded.vectors is required.
          {"text":"a","content":"b"}                    | content      | Unknown field content. Known fields: chunks, embedded, ifSimilar, metadata, text, title, uri.
          """)
  void documents(String body, String field, String detail) {
    given()
        .contentType(ContentType.JSON)
        .body(body)
        .put("/api/v1/collections/strict/documents/bad")
        .then()
        .statusCode(422)
        .contentType("application/problem+json")
        .body("$", allOf(hasEntry("field", field), hasEntry("detail", detail)));
    given().get("/api/v1/collections/strict/documents/bad").then().statusCode(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                | 422 | text      | Exactly one of text, vector and like is required.
          {"text":"a","vector":[1]}         | 422 | text      | Exactly one of text, vector and like is required.
          {"text":"  "}                     | 422 | text      | text must not be empty.
          {"text":"a","limit":0}            | 422 | limit     | limit must be a whole number from 1 to 1000, not 0.
          {"text":"a","limit":1001}         | 422 | limit     | limit must be a whole number from 1 to 1000, not 1001.
          {"text":"a","limit":"ten"}        | 422 | limit     | limit must be a whole number.
          {"text":"a","limit":"10"}         | 422 | limit     | limit must be a whole number.
          {"text":"a","limit":1.5}          | 422 | limit     | limit must be a whole number.
          {"text":"a","limit":99999999999}  | 422 | limit     | limit must be a whole number.
          {"vector":[1,2,3]}                | 422 | vector    | vector has 3 dimensions, but the model has 384.
          {"vector":[]}                     | 422 | vector    | vector has 0 dimensions, but the model has 384.
          {"vector":"1,2"}                  | 422 | vector    | vector must be an array of numbers, or the base64 of 32-bit floats in little-endian order.
          {"text":"a","mode":"words"}       | 422 | mode      | mode must be one of vector, fulltext, hybrid.
          {"vector":[1],"mode":"fulltext"}  | 422 | text      | Mode fulltext requires text, and accepts neither vector nor like.
          {"like":{"document":"a"},"mode":"hybrid"} | 422 | text | Mode hybrid requires text, accepts vector, and does not accept like.
          {"like":{}}                       | 422 | like.document | like.document is required.
          {"like":{"document":"a","ordinal":-1}} | 422 | like.ordinal | like.ordinal must be a whole number from 0 to 2147483647, not -1.
          {"text":"a","alsoLike":[]}        | 422 | alsoLike  | alsoLike must have 1 to 20 elements, not 0.
          {"text":"a","alsoLike":[{"document":"a"},{"ordinal":1}]} | 422 | alsoLike[1].document | alsoLike[1].document is required.
          {"text":"a","unlike":[null]}      | 422 | unlike[0] | unlike[0] is required.
          {"text":"a","unlike":1}           | 422 | unlike    | unlike must be an array.
          {"unlike":[{"document":"a"}]}     | 422 | text      | Exactly one of text, vector and like is required.
          {"text":"a","mode":"hybrid","unlike":[{"document":"a"}]} | 422 | unlike | unlike requires "mode": "vector".
          {"text":"a","offset":999,"limit":2} | 422 | offset  | offset + limit must be at most 1000. Use a narrower filter.
          {"text":"a","groupSize":2}        | 422 | groupSize | groupSize requires groupBy.
          {"text":"a","groupBy":"title"}    | 422 | groupBy   | groupBy must be one of document.
          {"text":"a","select":["body"]}    | 422 | select[0] | select[0] must be one of title, uri, text, metadata, vector, createdAt, updatedAt.
          {"text":"a","match":"any"}        | 422 | match     | match requires "mode": "fulltext" or "hybrid".
          {"text":"a","match":"or","mode":"fulltext"} | 422 | match | match must be one of any, all, query.
          {"text":"a","weights":{}}         | 422 | weights   | weights requires "mode": "fulltext" or "hybrid".
          {"text":"a","mode":"hybrid","weights":{"title":-0.1}} | 422 | weights.title | weights.title must be a number from 0 to 100, not -0.1.
          {"text":"a","mode":"hybrid","weights":{"text":2}} | 422 | weights.text | Unknown field text. Known fields: title.
          {"text":"a","mode":"hybrid","weights":{"title":2}} | 422 | weights.title | weights.title requires a collection with titles, and the collection strict has none. Leave it out, or create a collection with "titles": true.
          {"text":"a","hybrid":{}}          | 422 | hybrid    | hybrid requires "mode": "hybrid".
          {"text":"a","mode":"hybrid","hybrid":{"vector":-1}} | 422 | hybrid.vector | hybrid.vector must be a number from 0 to 1000, not -1.0.
          {"text":"a","mode":"hybrid","hybrid":{"by":"x"}} | 422 | hybrid.by | hybrid.by must be one of rank, score.
          {"vector":[1],"passages":{}}      | 422 | passages  | passages requires text, whose words it marks.
          {"text":"a","passages":{"limit":0}} | 422 | passages.limit | passages.limit must be a whole number from 1 to 100, not 0.
          {"vector":[1],"rerank":{}}        | 422 | rerank    | rerank requires text, with which the model compares the hits.
          {"text":"a","rerank":{"limit":0}} | 422 | rerank.limit | rerank.limit must be a whole number from 1 to 1000, not 0.
          {"text":"a","rerank":{}}          | 422 | rerank    | This service has no model for reranking. The operator sets sheaf.rerank.url or sheaf.rerank.directory.
          {"text":"a","diversity":1.1}      | 422 | diversity | diversity must be a number from 0 to 1, not 1.1.
          {"text":"a","window":10}          | 422 | window    | window requires boost or diversity.
          {"text":"a","diversity":0,"window":501} | 422 | window | window must be a whole number from 1 to 500, not 501.
          {"text":"a","diversity":0,"window":5} | 422 | window | offset + limit is 10, but only 5 hits are put in order. Raise window, or ask for fewer hits.
          {"text":"a","diversity":0,"window":84,"groupBy":"document","groupSize":6} | 422 | window | window times groupSize must be at most 500.
          {"text":"a","boost":[]}           | 422 | boost     | boost must have 1 to 10 elements, not 0.
          {"text":"a","boost":[{"field":"a"}]} | 422 | boost[0].halfLife | Exactly one of halfLife and pivot is required: halfLife for a time, pivot for a number.
          {"text":"a","boost":[{"field":"a","pivot":0}]} | 422 | boost[0].pivot | boost[0].pivot must be a number greater than 0, at most 1000000000000000, not 0.0.
          {"text":"a","boost":[{"field":"a","pivot":1,"weight":1001}]} | 422 | boost[0].weight | boost[0].weight must be a number from -1000 to 1000, not 1001.0.
          {"text":"a","boost":[{"field":"a","halfLife":1,"origin":"today"}]} | 422 | boost[0].origin | boost[0].origin must be a date or a time, such as 2026-01-31 or 2026-01-31T12:00:00Z.
          {"text":"a","expand":{}}          | 422 | expand.before | expand must have before or after greater than 0.
          {"text":"a","expand":{"after":11}} | 422 | expand.after | expand.after must be a whole number from 0 to 10, not 11.
          {"text":"a","ef":0}               | 422 | ef        | ef must be a whole number from 1 to 1000, not 0.
          {"text":"a","timeout":0}          | 422 | timeout   | timeout must be a whole number from 1 to 600000, not 0.
          {"text":"a","timeout":60001}      | 422 | timeout   | timeout must be at most 60000, not 60001. The operator's limit is sheaf.search.max-timeout.
          {"text":"a","filter":[]}          | 422 | filter    | filter must be an object.
          {"text":"a","filter":{"a":{"$regex":"(a+)+$"}}} | 422 | filter.a.$regex | Unknown operator $regex. The operators are $eq, $ne, $in, $nin, $gt, $gte, $lt, $lte, $exists, $contains, $any, $all and $prefix. Write a dot for a field inside of an object, as in a.b.
          {"vector":["a"]}                  | 422 | vector[0] | vector[0] must be a number.
          {"vector":[null]}                 | 422 | vector[0] | vector[0] must be a number.
          """)
  void searches(String body, int status, String field, String detail) {
    given()
        .contentType(ContentType.JSON)
        .body(body)
        .post("/api/v1/collections/strict/search")
        .then()
        .statusCode(status)
        .contentType("application/problem+json")
        .body("$", allOf(hasEntry("field", field), hasEntry("detail", detail)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          0,                 | vector    | vector contains only zeros, which have no cosine distance.
          1e39,              | vector[0] | vector[0] is not a finite 32-bit number.
          70000,             | vector[0] | vector[0] is larger than 65504.0, the largest number that this collection can store or index with half precision.
          """)
  void vectorsOfTheRightWidth(String first, String field, String detail) {
    given()
        .contentType(ContentType.JSON)
        .body("{\"vector\":[" + first + "0,".repeat(382) + "0]}")
        .post("/api/v1/collections/strict/search")
        .then()
        .statusCode(422)
        .body("$", allOf(hasEntry("field", field), hasEntry("detail", detail)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"text":                  | 400 | malformed-json
          nonsense                  | 400 | malformed-json
          {"text":"a"} {"text":"b"} | 400 | malformed-json
          {"text":"a","text":"b"}   | 400 | malformed-json
          {"text":NaN}              | 400 | malformed-json
          []                        | 400 | malformed-json
          "text"                    | 400 | malformed-json
          null                      | 422 | invalid-field
          """)
  void bodiesThatAreNoObject(String body, int status, String type) {
    given()
        .contentType(ContentType.JSON)
        .body(body)
        .put("/api/v1/collections/strict/documents/bad")
        .then()
        .statusCode(status)
        .contentType("application/problem+json")
        .body("$", hasEntry("type", "urn:sheaf:problem:" + type));
  }

  @Test
  void anEmptyBody() {
    given()
        .contentType(ContentType.JSON)
        .put("/api/v1/collections/strict/documents/bad")
        .then()
        .statusCode(422)
        .body("detail", equalTo("text is required."));
  }

  @Test
  void nestingWithoutEnd() throws Exception {
    HttpResponse<String> response =
        send(
            HttpRequest.newBuilder(base.resolve("/api/v1/collections/strict/documents/bad"))
                .header("Content-Type", "application/json")
                .PUT(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"text\":\"a\",\"metadata\":{\"a\":" + "[".repeat(100_000))));

    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(response.body()).contains("nested more than 100 levels deep");
  }

  @Test
  void bytesThatAreNoUtf8() {
    given()
        .contentType(ContentType.JSON)
        .body(new ByteArrayInputStream(new byte[] {'{', '"', (byte) 0xff, (byte) 0xfe, '"'}))
        .put("/api/v1/collections/strict/documents/bad")
        .then()
        .statusCode(400)
        .body("type", equalTo("urn:sheaf:problem:malformed-json"));
  }

  @Test
  void hostileNamesInFiltersAreNames() {
    for (String name :
        List.of(
            "x' OR '1'='1",
            "x\"; DROP TABLE document; --",
            "\\\\$title",
            "%s ? ${a} {b}",
            "..",
            "")) {
      given()
          .contentType(ContentType.JSON)
          .body("{\"text\":\"a\",\"filter\":{" + quoted(name) + ":" + quoted(name) + "}}")
          .post("/api/v1/collections/strict/search")
          .then()
          .statusCode(200)
          .body("hits.size()", equalTo(0));
    }
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\"", "\\\"") + "\"";
  }

  @Test
  void filtersNestedWithoutEnd() throws Exception {
    HttpResponse<String> response =
        send(
            HttpRequest.newBuilder(base.resolve("/api/v1/collections/strict/search"))
                .header("Content-Type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"text\":\"a\",\"filter\":" + "{\"$not\":".repeat(10_000))));

    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(response.body()).contains("nested more than 100 levels deep");
  }

  @Test
  void anotherMediaType() {
    given()
        .contentType("text/plain")
        .body("text")
        .put("/api/v1/collections/strict/documents/bad")
        .then()
        .statusCode(415)
        .contentType("application/problem+json")
        .body("detail", equalTo("Send Content-Type: application/json."));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Multipart/Form-Data", "application/x-www-form-urlencoded; charset=utf-8"})
  void formsAreNotTakenApart(String type) throws Exception {
    String body = "{\"text\":\"" + "x".repeat(4_096) + "\"}";

    HttpResponse<String> response =
        send(
            HttpRequest.newBuilder(base.resolve("/api/v1/collections/strict/search"))
                .header("Content-Type", type)
                .POST(HttpRequest.BodyPublishers.ofString(body)));

    assertThat(response.statusCode()).isEqualTo(415);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
  }

  @Test
  void answersOfAnotherType() {
    for (String type : List.of("text/html", "application/xml;q=0.1", "///", "nonsense")) {
      given()
          .accept(type)
          .contentType("application/x-ndjson")
          .body(new byte[0])
          .post("/api/v1/collections/strict/documents")
          .then()
          .statusCode(406)
          .contentType("application/problem+json");
    }
  }

  @Test
  void keysThatCannotBe() throws Exception {
    HttpResponse<String> response =
        send(HttpRequest.newBuilder(base.resolve("/api/v1/keys/a%00b")).DELETE());

    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(response.body()).contains("urn:sheaf:problem:key-not-found");
  }

  @ParameterizedTest
  @ValueSource(strings = {"vector", "hybrid", "fulltext"})
  void queriesThatTheModelCannotRead(String mode) {
    boolean isEmbedded = !mode.equals("fulltext");
    for (String text : List.of("bread ".repeat(520), "\u200b", "\u00a0", "\ufffd")) {
      var response = Api.search("strict", Map.of("text", text, "mode", mode));
      response.statusCode(isEmbedded ? 422 : 200);
      if (isEmbedded) {
        response.body("field", equalTo("text"));
      }
    }
    if (isEmbedded) {
      Api.search("strict", Map.of("text", "bread ".repeat(520), "mode", mode))
          .body(
              "detail",
              equalTo(
                  "text has 520 tokens, but the model bge-small-en-v1.5 accepts at most 510. Send a"
                      + " shorter text."));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u00a0", "\u200b", "\u0001", "\ufffd", "\u00a0 \u200b\n\u0007"})
  void textsInWhichTheModelSeesNothing(String text) {
    String detail =
        "text contains only characters that the model bge-small-en-v1.5 ignores. Send a text with"
            + " words.";
    Api.put("strict", "nothing", Map.of("text", text))
        .statusCode(422)
        .body("field", equalTo("text"))
        .body("detail", equalTo(detail));
    Api.put(
            "strict",
            "nothing",
            Map.of("chunks", List.of(Map.of("text", "a"), Map.of("text", text))))
        .statusCode(422)
        .body("field", equalTo("chunks[1].text"))
        .body("detail", equalTo("chunks[1]." + detail));
    given()
        .contentType("application/x-ndjson")
        .body(
            "{\"id\":\"nothing\",\"text\":\"%s\"}"
                .formatted(
                    text.replace("\n", "\\n")
                        .replace("\u0001", "\\u0001")
                        .replace("\u0007", "\\u0007"))
                .getBytes(StandardCharsets.UTF_8))
        .post("/api/v1/collections/strict/documents")
        .then()
        .body("errors.detail", equalTo(List.of(detail)));
    given().get("/api/v1/collections/strict/documents/nothing").then().statusCode(404);
  }

  @Test
  void aDefaultMayBeSaid() {
    Api.search("strict", Map.of("text", "a", "groupSize", 1, "limit", 10, "highlight", false))
        .statusCode(200);
  }

  @Test
  void anotherMethodAndAnotherPath() {
    given()
        .patch("/api/v1/collections")
        .then()
        .statusCode(405)
        .contentType("application/problem+json");
    given()
        .get("/api/v1/nothing-here")
        .then()
        .statusCode(404)
        .contentType("application/problem+json");
  }

  @ParameterizedTest
  @CsvSource({
    "/collections/nowhere",
    "/collections/nowhere/documents",
    "/collections/nowhere/documents/a",
    "/collections/NoName",
    "/collections/%00",
    "/collections/%27%3B%20DROP%20TABLE%20collection",
  })
  void collectionsThatAreNotThere(String path) throws Exception {
    HttpResponse<String> response =
        send(HttpRequest.newBuilder(base.resolve("/api/v1" + path)).GET());

    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(response.body()).contains("urn:sheaf:problem:collection-not-found");
  }

  @ParameterizedTest
  @CsvSource({"limit=0", "limit=x", "limit=1001", "after=x", "after=%00"})
  void parameters(String query) throws Exception {
    HttpResponse<String> response =
        send(
            HttpRequest.newBuilder(base.resolve("/api/v1/collections/strict/documents?" + query))
                .GET());

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("urn:sheaf:problem:invalid-parameter");
  }

  @Test
  void idsThatCannotBeStored() throws Exception {
    for (String id : new String[] {"a%00b", "x".repeat(513)}) {
      HttpResponse<String> response =
          send(
              HttpRequest.newBuilder(base.resolve("/api/v1/collections/strict/documents/" + id))
                  .header("Content-Type", "application/json")
                  .PUT(HttpRequest.BodyPublishers.ofString("{\"text\":\"a\"}")));
      assertThat(response.statusCode()).isBetween(400, 422);
      assertThat(response.body()).contains("urn:sheaf:problem:invalid-");
    }
  }

  @Test
  void bodiesOverTheLimit() throws Exception {
    byte[] body =
        ("{\"text\":\"" + "x".repeat(11 * 1024 * 1024) + "\"}").getBytes(StandardCharsets.UTF_8);
    URI uri = base.resolve("/api/v1/collections/strict/documents/big");

    HttpResponse<String> announced =
        send(
            HttpRequest.newBuilder(uri)
                .version(HttpClient.Version.HTTP_1_1)
                .expectContinue(true)
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofByteArray(body)));
    assertThat(announced.statusCode()).isEqualTo(413);
    assertThat(announced.body()).contains("The body may have at most 10485760 bytes.");

    given().get("/api/v1/collections/strict/documents/big").then().statusCode(404);
  }

  @Test
  void languagesTheModelDoesNotKnowAreAccepted() {
    Api.put("strict", "japanese", Map.of("text", "吾輩は猫である。名前はまだ無い。")).statusCode(201);
    Api.put("strict", "runes", Map.of("text", "ᚠᛇᚻ᛫ᛒᛦᚦ᛫ᚠᚱᚩᚠᚢᚱ")).statusCode(201);
    Api.search("strict", Map.of("text", "ᚠᛇᚻ")).statusCode(200);
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }
}
