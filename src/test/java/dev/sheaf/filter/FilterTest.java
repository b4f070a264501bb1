package dev.sheaf.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sheaf.filter.Field.Metadata;
import dev.sheaf.filter.Filter.And;
import dev.sheaf.filter.Filter.Compare;
import dev.sheaf.filter.Filter.In;
import dev.sheaf.filter.Filter.Not;
import dev.sheaf.filter.Filter.Order;
import dev.sheaf.problem.Problem;
import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilterTest {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  @Test
  void conditionsSideBySideAreAllToBeMet() throws Exception {
    assertThat(parse("{\"topic\":\"sea\",\"year\":{\"$gte\":1999,\"$ne\":2001}}"))
        .isEqualTo(
            new And(
                List.of(
                    new In(new Metadata(List.of("topic")), List.of(new Value.Text("sea"))),
                    new Compare(
                        new Metadata(List.of("year")),
                        Order.GREATER_OR_EQUAL,
                        new Value.Numeric(BigDecimal.valueOf(1999))),
                    new Not(
                        new In(
                            new Metadata(List.of("year")),
                            List.of(new Value.Numeric(BigDecimal.valueOf(2001))))))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a.b      | a, b
          a\\.b    | a.b
          \\$title | $title
          a\\\\b   | a\\b
          a.$b     | a, $b
          `a..`    | `a, , `
          """)
  void pathsGoByDots(String written, String names) {
    assertThat(String.join(", ", Metadata.parse("filter", written).path())).isEqualTo(names);
  }

  @Test
  void whatAClientWroteIsAParameter() throws Exception {
    FilterSql predicate =
        FilterSql.of(
            parse("{\"x'; DROP TABLE document; --\":{\"$gt\":\"' OR true\"},\"$title\":\"$1?\"}"));

    assertThat(predicate)
        .isEqualTo(
            new FilterSql(
                "((left(CASE WHEN jsonb_typeof((d.metadata -> ?::text)) = 'string' THEN (d.metadata"
                    + " -> ?::text) #>> '{}' END COLLATE \"C\", 600) >= left(?::text, 600) AND CASE"
                    + " WHEN jsonb_typeof((d.metadata -> ?::text)) = 'string' THEN (d.metadata ->"
                    + " ?::text) #>> '{}' END COLLATE \"C\" > ?::text) AND (d.title = ANY"
                    + " (?::text[])))",
                predicate.parameters()));
    String field = "x'; DROP TABLE document; --";
    String bound = "' OR true";
    assertThat(predicate.parameters().subList(0, 6))
        .containsExactly(field, field, bound, field, field, bound);
    assertThat((String[]) predicate.parameters().get(6)).containsExactly("$1?");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          []                              | filter               | filter must be an object.
          "x"                             | filter               | filter must be an object.
          {"$and":{}}                     | filter.$and          | filter.$and must be an array of filters.
          {"$or":[1]}                     | filter.$or[0]        | filter.$or[0] must be an object.
          {"$not":[]}                     | filter.$not          | filter.$not must be an object.
          {"a":{}}                        | filter.a             | filter.a has no operator. Give at least one, such as $eq.
          {"a":[1]}                       | filter.a             | filter.a must be a string, a number, true, false, null or a $date.
          {"a":{"$in":1}}                 | filter.a.$in         | filter.a.$in must be an array.
          {"a":{"$in":[[1]]}}             | filter.a.$in[0]      | filter.a.$in[0] must be a string, a number, true, false, null or a $date.
          {"a":{"$gt":true}}              | filter.a.$gt         | filter.a.$gt must be a number, a string or a $date.
          {"a":{"$lt":null}}              | filter.a.$lt         | filter.a.$lt must be a number, a string or a $date.
          {"a":{"$exists":1}}             | filter.a.$exists     | filter.a.$exists must be true or false.
          {"a":"\\u0000"}                 | filter.a             | filter.a contains U+0000 at position 0, which PostgreSQL cannot store. Remove it.
          {"\\u0000":1}                   | filter               | filter contains U+0000 at position 0, which PostgreSQL cannot store. Remove it.
          {"a":"\\ud800"}                 | filter.a             | filter.a contains an unpaired surrogate at position 0. Remove it.
          {"a":1e99999}                   | filter.a             | filter.a has more than 1000 digits when written without an exponent.
          {"a\\\\b":1}                    | filter               | In the name of a field, a backslash may only precede a dot, a dollar sign or another backslash. Write \\\\ for a backslash.
          {"$created":"yesterday"}        | filter.$created      | filter.$created must be a date or a time in the years 1 to 9999, with at most microseconds, such as 2026-01-31 or 2026-01-31T12:00:00Z.
          {"$created":5}                  | filter.$created      | filter.$created must be a date or a time in the years 1 to 9999, with at most microseconds, such as 2026-01-31 or 2026-01-31T12:00:00Z.
          {"$updated":{"$gt":"2026-01-01T00:00:00.0000001Z"}} | filter.$updated.$gt | filter.$updated.$gt must be a date or a time in the years 1 to 9999, with at most microseconds, such as 2026-01-31 or 2026-01-31T12:00:00Z.
          {"$updated":{"$gt":"+99999-01-01T00:00:00Z"}} | filter.$updated.$gt | filter.$updated.$gt must be a date or a time in the years 1 to 9999, with at most microseconds, such as 2026-01-31 or 2026-01-31T12:00:00Z.
          {"$created":{"$contains":"2026-01-01"}} | filter.$created.$contains | filter.$created.$contains cannot be used with a time. Use $gte and $lt.
          {"a":{"$prefix":1}}             | filter.a.$prefix     | filter.a.$prefix must be a string.
          {"$updated":{"$prefix":"2026"}} | filter.$updated.$prefix | filter.$updated.$prefix cannot be used with a time. Use $gte and $lt.
          {"a":{"$gt":{"$date":"2026-02-29"}}} | filter.a.$gt.$date | filter.a.$gt.$date must be a date or a time in the years 1 to 9999, with at most microseconds, such as 2026-01-31 or 2026-01-31T12:00:00Z.
          {"a":{"$in":[1,{"$date":1767225600}]}} | filter.a.$in[1].$date | filter.a.$in[1].$date must be a date or a time in the years 1 to 9999, with at most microseconds, such as 2026-01-31 or 2026-01-31T12:00:00Z.
          {"a":{"$date":"2026-01-31","$gt":1}} | filter.a             | filter.a must contain nothing beside $date.
          {"a":{"$any":[1,{"$date":"2026-01-31"}]}} | filter.a.$any[1] | filter.a.$any[1] must not be a date: the elements of an array are compared as they are written.
          {"a":{"$contains":{"$date":"2026-01-31"}}} | filter.a.$contains | filter.a.$contains must not be a date: the elements of an array are compared as they are written.
          {"$title":{"$ne":{"$date":"2026-01-31"}}} | filter.$title.$ne | filter.$title.$ne is no date. Only metadata, $created and $updated contain dates.
          {"a":{"$all":1}}                | filter.a.$all        | filter.a.$all must be an array.
          {"$title":{"$any":["a"]}}       | filter.$title.$any   | filter.$title.$any can only be used with a field of the metadata.
          {"a":{"$regex":"(a+)+$"}}       | filter.a.$regex      | Unknown operator $regex. The operators are $eq, $ne, $in, $nin, $gt, $gte, $lt, $lte, $exists, $contains, $any, $all and $prefix. Write a dot for a field inside of an object, as in a.b.
          {"$where":"1"}                  | filter               | filter contains the unknown name $where. Known names are $and, $or, $not, $id, $title, $uri, $created, $updated and the fields of the metadata. If a field's name begins with a dollar sign, write \\$.
          """)
  void whatIsNoFilter(String json, String field, String detail) throws Exception {
    JsonNode node = JSON.readTree(json);

    Problem problem = catchThrowableOfType(Problem.class, () -> Filter.parse("filter", node));

    assertThat(problem.detail()).isEqualTo(detail);
    assertThat(problem.field()).isEqualTo(field);
  }

  @Test
  void filtersAreBounded() {
    assertRefused(
        "{\"$not\":".repeat(32) + "{}" + "}".repeat(32),
        "filter is nested more than 32 levels deep.");
    assertRefused(
        "{\"a\":{\"$in\":[" + "1,".repeat(1_000) + "1]}}",
        "filter contains more than 1000 values.");
    assertRefused(
        "{\"$or\":[" + "{},".repeat(1_000) + "{}]}", "filter contains more than 1000 values.");
    assertRefused(
        "{\"" + "a.".repeat(32) + "a\":1}", "The path of a field may have at most 32 names.");
    assertRefused(
        "{\"a\":{\"$in\":[\"" + "é".repeat(4_000) + "\",\"" + "é".repeat(4_001) + "\"]}}",
        "filter.a.$in[1] has 8002 bytes. It may have at most 8000.");
  }

  private static void assertRefused(String json, String detail) {
    Problem problem = catchThrowableOfType(Problem.class, () -> parse(json));
    assertThat(problem.detail()).isEqualTo(detail);
  }

  private static Filter parse(String json) throws JsonProcessingException {
    return Filter.parse("filter", JSON.readTree(json));
  }
}
