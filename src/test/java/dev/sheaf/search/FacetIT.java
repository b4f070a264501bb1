package dev.sheaf.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.collection.CollectionService;
import dev.sheaf.testing.Api;
import dev.sheaf.testing.InProcess;
import dev.sheaf.testing.PostgresTestResource;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Compares facets with SQL over the same documents.
@InProcess
@QuarkusTest
@QuarkusTestResource(PostgresTestResource.class)
class FacetIT {

  private static final ObjectMapper JSON = new ObjectMapper();

  /// Filters, and the same in SQL.
  private static final Map<String, String> FILTERS =
      Map.of(
          "{}", "true",
          "{\"year\": {\"$gte\": 2003}}",
              "jsonb_typeof(metadata -> 'year') = 'number' AND (metadata ->> 'year')::numeric >= 2003",
          "{\"$title\": {\"$exists\": true}}", "d.title IS NOT NULL");

  private final Random random = new Random(17);

  @Inject AgroalDataSource dataSource;
  @Inject CollectionService collections;

  private String collection = "";
  private long id;

  /// Odd values, of all types, are among the metadata.
  @BeforeEach
  void fill() throws JsonProcessingException {
    collection = Api.newCollection(Map.of("model", "none", "dimensions", 1, "metric", "l2"));
    List<Object> topics =
        List.of(
            "sea",
            "Sea",
            "it's \"x\"",
            "ü",
            1,
            1.0,
            true,
            Map.of("a", 1),
            List.of("sea", "sky", "sea"),
            List.of());
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      Map<String, Object> metadata = new HashMap<>();
      if (i % 5 > 0) {
        metadata.put("topic", topics.get(random.nextInt(topics.size())));
      }
      metadata.put(
          "year", i % 7 == 0 ? "2000" : 2000 + random.nextInt(9) + random.nextInt(2) / 2.0);
      metadata.put("a", Map.of("b.c", random.nextInt(3)));
      if (i % 11 == 0) {
        metadata.put("topic", null);
      }
      Map<String, Object> document = new HashMap<>();
      document.put("metadata", metadata);
      if (i % 3 == 0) {
        document.put("title", "title " + i % 4);
      }
      List<Map<String, Object>> chunks = new ArrayList<>();
      for (int chunk = 0; chunk <= i % 3; chunk++) {
        chunks.add(Map.of("text", i % 4 == chunk ? "tide and moon" : "tide", "vector", List.of(i)));
      }
      document.put("chunks", chunks);
      document.put("id", "d" + i);
      lines.add(JSON.writeValueAsString(document));
    }
    Api.upload(collection, Map.of(), String.join("\n", lines)).body("created", equalTo(60));
    id = collections.activeSpace(collection).collectionId();
  }

  @Test
  void countsAreThoseOfSql() throws SQLException, JsonProcessingException {
    Map<String, String> fields =
        Map.of(
            "topic", "metadata -> 'topic'",
            "a.b\\.c", "metadata -> 'a' -> 'b.c'",
            "year", "metadata -> 'year'",
            "nothing", "metadata -> 'nothing'",
            "$title", "to_jsonb(d.title)");
    Map<String, Object> facets = new HashMap<>();
    fields.keySet().forEach(field -> facets.put("by " + field, Map.of("field", field, "limit", 5)));
    for (var filter : FILTERS.entrySet()) {
      for (String words : List.of("", "any", "all", "query")) {
        Map<String, Object> search = search(words, filter.getKey());
        search.put("facets", facets);
        JsonNode answer = answer(search);
        for (var field : fields.entrySet()) {
          String values =
              """
              SELECT min(v::text COLLATE "C") AS value, count(DISTINCT s.id) AS documents
                FROM (SELECT d.id, e.v
                        FROM document d,
                             jsonb_path_query((%s), 'lax $[*] ? (@.type() != "object" && @.type() != "array")') e(v)
                       WHERE %s) s
               GROUP BY v
              """
                  .formatted(field.getValue(), condition(words, filter.getValue()));
          assertThat(answer.at("/facets").path("by " + field.getKey()))
              .as("%s of %s", field.getKey(), search)
              .isEqualTo(
                  json(
                      """
                      SELECT json_build_object(
                        'values', (SELECT COALESCE(json_agg(json_build_object('value', value::json, 'documents', documents)
                                                  ORDER BY documents DESC, value COLLATE "C"), '[]')
                                     FROM (SELECT * FROM all_values ORDER BY documents DESC, value COLLATE "C" LIMIT 5) v),
                        'distinct', (SELECT count(*) FROM all_values))
                      """,
                      values));
        }
      }
    }
  }

  @Test
  void rangesAndTotalsAreThoseOfSql() throws SQLException, JsonProcessingException {
    List<Map<String, Object>> ranges =
        List.of(
            Map.of("to", 2003), Map.of("from", 2003, "to", 2005.5), Map.of("from", "2", "to", "3"));
    String year = "(metadata ->> 'year')";
    String isNumber = "jsonb_typeof(metadata -> 'year') = 'number' AND ";
    List<String> conditions =
        List.of(
            isNumber + year + "::numeric < 2003",
            isNumber + year + "::numeric >= 2003 AND " + year + "::numeric < 2005.5",
            "jsonb_typeof(metadata -> 'year') = 'string' AND "
                + year
                + " >= '2' AND "
                + year
                + " < '3'");
    for (var filter : FILTERS.entrySet()) {
      for (String words : List.of("", "any", "all", "query")) {
        Map<String, Object> search = search(words, filter.getKey());
        search.put(
            "facets",
            Map.of(
                "years", Map.of("field", "year", "ranges", ranges),
                "new",
                    Map.of(
                        "field",
                        "$created",
                        "ranges",
                        List.of(Map.of("from", "2020-01-01"), Map.of("to", "2020-01-01")))));
        search.put("total", !words.isEmpty());
        JsonNode answer = answer(search);
        String matching = condition(words, filter.getValue());
        for (int range = 0; range < conditions.size(); range++) {
          assertThat(answer.at("/facets/years/ranges/" + range + "/documents").asLong())
              .as("%s of %s", ranges.get(range), search)
              .isEqualTo(
                  number(
                      "SELECT count(*) FROM document d WHERE "
                          + matching
                          + " AND "
                          + conditions.get(range)));
        }
        long documents = number("SELECT count(*) FROM document d WHERE " + matching);
        assertThat(answer.at("/facets/new/ranges/0/documents").asLong()).isEqualTo(documents);
        assertThat(answer.at("/facets/new/ranges/1/documents").asLong()).isZero();
        if (!words.isEmpty()) {
          assertThat(answer.at("/total/documents").asLong()).isEqualTo(documents);
          assertThat(answer.at("/total/chunks").asLong())
              .isEqualTo(
                  number(
                      "SELECT count(*) FROM document d JOIN chunk c ON c.document_id = d.id WHERE "
                          + matching
                          + " AND "
                          + ofWords(words)));
        }
      }
    }
  }

  @Test
  void badFacetsAreNamed() {
    Api.search(collection, Map.of("vector", List.of(1), "total", true))
        .statusCode(422)
        .body("field", equalTo("total"));
    facet(Map.of("field", "$created"), "field");
    facet(Map.of("field", "$unknown"), "field");
    facet(Map.of("field", "year", "limit", 0), "limit");
    facet(Map.of("field", "year", "ranges", List.of(Map.of())), "ranges[0]");
    facet(Map.of("field", "year", "ranges", List.of(Map.of("from", true))), "ranges[0].year.$gte");
    facet(Map.of("limit", 1), "field");
    Api.search(
            collection,
            Map.of(
                "text",
                "the",
                "mode",
                "fulltext",
                "match",
                "any",
                "total",
                true,
                "facets",
                Map.of("f", Map.of("field", "year"))))
        .statusCode(200)
        .body("total.documents", equalTo(0))
        .body("facets.f.distinct", equalTo(0))
        .body("warnings[0]", containsString("no words"));
    Api.search(collection, Map.of("vector", List.of(1), "limit", 1))
        .statusCode(200)
        .body("hits.document", contains("d1"))
        .body("facets", nullValue())
        .body("total", nullValue());
  }

  private void facet(Map<String, Object> facet, String field) {
    Api.search(collection, Map.of("vector", List.of(1), "facets", Map.of("f", facet)))
        .statusCode(422)
        .body("field", equalTo("facets.f." + field));
  }

  private static Map<String, Object> search(String words, String filter)
      throws JsonProcessingException {
    Map<String, Object> search = new HashMap<>();
    search.put("filter", JSON.readTree(filter));
    search.put("limit", 1);
    if (words.isEmpty()) {
      search.put("vector", List.of(1));
    } else {
      search.putAll(Map.of("text", "moon tides", "mode", "fulltext", "match", words));
    }
    return search;
  }

  private String condition(String words, String filter) {
    return words.isEmpty()
        ? filter
        : "%s AND EXISTS (SELECT FROM chunk c WHERE c.document_id = d.id AND %s)"
            .formatted(filter, ofWords(words));
  }

  private static String ofWords(String words) {
    return "to_tsvector('english', c.text) @@ to_tsquery('english', 'moon %s tides')"
        .formatted(words.equals("any") ? "|" : "&");
  }

  private JsonNode answer(Map<String, Object> search) throws JsonProcessingException {
    return JSON.readTree(Api.search(collection, search).statusCode(200).extract().asString());
  }

  private JsonNode json(String sql, String values) throws SQLException, JsonProcessingException {
    return JSON.readTree(first("WITH all_values AS (" + values + ") " + sql));
  }

  private long number(String sql) throws SQLException {
    return Long.parseLong(first(sql));
  }

  /// Through the tables of all collections, each statement would take a second.
  private String ofPartitions(String sql) {
    return sql.replaceAll("\\b(document|chunk) (?=[cd]\\b)", "$1_" + id + " ");
  }

  private String first(String sql) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery(ofPartitions(sql))) {
      row.next();
      return row.getString(1);
    }
  }
}
