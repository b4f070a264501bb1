package dev.sheaf.filter;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sheaf.testing.DatabaseExtension;
import dev.sheaf.testing.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Evaluates random filters on random documents with PostgreSQL, and with a simple implementation
/// of `docs/search.md` in Java that uses neither [Filter] nor SQL. Both must give the same result.
///
/// `-Dsheaf.test.seed=N` repeats the run that printed N.
@ExtendWith(DatabaseExtension.class)
class FilterPropertyIT {

  private static final int FILTERS = 2_000;
  private static final int DOCUMENTS = 150;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  /// Names of metadata fields. Some must be escaped in a filter.
  private static final List<String> NAMES =
      List.of("a", "b", "a.b", "$title", "quo'te\"", "back\\slash", "", "0", "ключ");

  /// Some texts have a common prefix that is longer than the part in an index.
  private static final List<String> TEXTS =
      List.of(
          "",
          "a",
          "A",
          "ab",
          "Z",
          "é",
          "z",
          "\uFF5E",
          "😀",
          "1",
          "true",
          "' OR 1=1 --",
          "%",
          "😀".repeat(600),
          "😀".repeat(600) + "a",
          "😀".repeat(600) + "é",
          "2026-02-28",
          "2024-02-29",
          "2026-02-29",
          "2100-02-29",
          "0000-02-29",
          "0001-01-01T00:00Z",
          "2026-01-01T01:00:00+01:00",
          "2025-12-31T18:29:59.9999999-05:30",
          "2025-12-31T23:59:59.999999Z",
          "2026-01-01T00:00:00",
          "2026-01-01T24:00:00Z",
          "2026-1-1",
          " 2026-01-01",
          "2026-01-01\n");

  private static final List<String> TIMES =
      List.of(
          "2025-12-31T23:59:59.999999Z", "2026-01-01", "2026-01-01T01:00:00+01:00", "2026-02-03");

  private record Doc(
      String id,
      @Nullable String title,
      @Nullable String uri,
      Instant created,
      Instant updated,
      JsonNode metadata) {}

  @Test
  void aDateIsComparedByTheIndexOfItsField(TestDatabase database) throws Exception {
    var random = new Random(1);
    try (Connection connection = database.connect();
        var statement = connection.createStatement();
        var template =
            FilterPropertyIT.class.getResourceAsStream(
                "/db/changelog/template/field_date_index.sql")) {
      store(
          connection,
          IntStream.range(0, DOCUMENTS).mapToObj(number -> document(random, number)).toList());
      statement.execute(
          new String(template.readAllBytes(), StandardCharsets.UTF_8)
              .replace("${collection_id}", "1")
              .replace("${field}", "a"));
      statement.execute("SET enable_seqscan = off");

      for (String condition : List.of("{'$gte': %s, '$lt': %s}", "%s", "{'$in': [%s, %s]}")) {
        String date = "{'$date': '2026-01-01'}";
        FilterSql filter =
            FilterSql.of(
                Filter.parse(
                    "filter",
                    json("{'a': %s}".formatted(condition.replace("%s", date)).replace('\'', '"'))));
        try (PreparedStatement explain =
            connection.prepareStatement("EXPLAIN SELECT FROM document_1 d WHERE " + filter.sql())) {
          filter.bind(explain, 1);
          try (ResultSet row = explain.executeQuery()) {
            var plan = new StringBuilder();
            while (row.next()) {
              plan.append(row.getString(1)).append('\n');
            }
            assertThat(plan.toString()).contains("document_1_date_a").contains("Index Cond");
          }
        }
      }
    }
  }

  @Test
  void filtersMeanInPostgresWhatTheyMean(TestDatabase database) throws SQLException {
    long seed = Long.getLong("sheaf.test.seed", new Random().nextLong());
    System.getLogger(FilterPropertyIT.class.getName())
        .log(System.Logger.Level.INFO, "-Dsheaf.test.seed={0}", Long.toString(seed));
    var random = new Random(seed);
    var documents = new ArrayList<Doc>();
    for (int i = 0; i < DOCUMENTS; i++) {
      documents.add(document(random, documents.size()));
    }
    long met = 0;
    try (Connection connection = database.connect()) {
      store(connection, documents);
      for (int i = 0; i < FILTERS; i++) {
        ObjectNode filter = filter(random, 3);
        var expected = new TreeSet<Integer>();
        for (int number = 0; number < DOCUMENTS; number++) {
          if (meets(documents.get(number), filter)) {
            expected.add(number);
          }
        }
        met += expected.size();

        assertThat(found(connection, FilterSql.of(Filter.parse("filter", filter))))
            .as("seed %s, filter %s: %s", seed, i, filter)
            .isEqualTo(expected);
      }
    }
    assertThat(met / (double) FILTERS / DOCUMENTS)
        .as("share of documents that a filter matches, if the test is to tell anything")
        .isBetween(0.1, 0.9);
  }

  private static void store(Connection connection, List<Doc> documents) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute("CREATE TABLE document_1 PARTITION OF document FOR VALUES IN (1)");
    }
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO document (collection_id, id, external_id, content_hash,
                                  title, uri, created_at, updated_at, metadata)
                 VALUES (1, gen_random_uuid(), ?, sha256(''), ?, ?, ?, ?, ?::jsonb)
            """)) {
      for (int number = 0; number < documents.size(); number++) {
        Doc document = documents.get(number);
        insert.setString(1, document.id());
        insert.setString(2, document.title());
        insert.setString(3, document.uri());
        insert.setObject(4, document.created().atOffset(ZoneOffset.UTC));
        insert.setObject(5, document.updated().atOffset(ZoneOffset.UTC));
        insert.setString(6, document.metadata().toString());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static Set<Integer> found(Connection connection, FilterSql predicate)
      throws SQLException {
    var found = new TreeSet<Integer>();
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT d.external_id FROM document_1 d WHERE " + predicate.sql())) {
      predicate.bind(select, 1);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          found.add(row.getInt(1));
        }
      }
    }
    return found;
  }

  // Random documents and filters

  private static Doc document(Random random, int number) {
    return new Doc(
        String.valueOf(number),
        random.nextInt(4) == 0 ? null : pick(random, TEXTS),
        random.nextInt(4) == 0 ? null : pick(random, TEXTS),
        instant(pick(random, TIMES)),
        instant(pick(random, TIMES)),
        object(random, 2));
  }

  private static ObjectNode object(Random random, int depth) {
    ObjectNode object = NODES.objectNode();
    for (int i = random.nextInt(6); i > 0; i--) {
      object.set(
          pick(random, NAMES),
          switch (depth == 0 ? 0 : random.nextInt(5)) {
            case 1 -> array(random);
            case 2, 3 -> object(random, depth - 1);
            default -> scalar(random);
          });
    }
    return object;
  }

  private static ArrayNode array(Random random) {
    ArrayNode array = NODES.arrayNode();
    for (int i = random.nextInt(3); i > 0; i--) {
      array.add(random.nextInt(5) == 0 ? NODES.arrayNode().add(scalar(random)) : scalar(random));
    }
    return array;
  }

  private static JsonNode scalar(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> NODES.nullNode();
      case 1 -> NODES.booleanNode(random.nextBoolean());
      case 2, 3 ->
          json(
              pick(
                  random,
                  List.of("0", "1", "1.0", "-1.50", "1e2", "100", "12345678901234567890.5")));
      default -> NODES.textNode(pick(random, TEXTS));
    };
  }

  private static ObjectNode filter(Random random, int depth) {
    ObjectNode filter = NODES.objectNode();
    int conditions = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(2);
    for (int i = 0; i < conditions; i++) {
      switch (depth == 0 ? 9 : random.nextInt(10)) {
        case 0, 1 -> filter.set("$and", filters(random, depth - 1));
        case 2, 3, 4 -> filter.set("$or", filters(random, depth - 1));
        case 5, 6 -> filter.set("$not", filter(random, depth - 1));
        default -> condition(random, filter);
      }
    }
    return filter;
  }

  private static ArrayNode filters(Random random, int depth) {
    ArrayNode filters = NODES.arrayNode();
    for (int i = random.nextInt(4); i > 0; i--) {
      filters.add(filter(random, depth));
    }
    return filters;
  }

  private static void condition(Random random, ObjectNode filter) {
    switch (random.nextInt(6)) {
      case 0 ->
          filter.set(
              pick(random, List.of("$title", "$uri", "$id")), operators(random, false, false));
      case 1 ->
          filter.set(pick(random, List.of("$created", "$updated")), operators(random, true, false));
      default -> {
        String path = escaped(pick(random, NAMES));
        if (random.nextInt(3) == 0) {
          path += "." + escaped(pick(random, NAMES));
        }
        filter.set(
            path,
            random.nextInt(5) == 0 ? operand(random, false, true) : operators(random, false, true));
      }
    }
  }

  private static ObjectNode operators(Random random, boolean time, boolean metadata) {
    ObjectNode operators = NODES.objectNode();
    for (int i = random.nextInt(4) == 0 ? 2 : 1; i > 0; i--) {
      String operator =
          pick(
              random,
              List.of(
                  "$eq",
                  "$ne",
                  "$in",
                  "$nin",
                  "$gt",
                  "$gte",
                  "$lt",
                  "$lte",
                  "$exists",
                  time ? "$exists" : "$contains",
                  metadata ? "$any" : "$exists",
                  metadata ? "$all" : "$exists",
                  time ? "$exists" : "$prefix"));
      operators.set(
          operator,
          switch (operator) {
            case "$prefix" -> NODES.textNode(prefix(random));
            case "$exists" -> NODES.booleanNode(random.nextBoolean());
            case "$in", "$nin", "$any", "$all" -> {
              ArrayNode list = NODES.arrayNode();
              // Long lists use other SQL than short ones.
              int size = random.nextInt(10) == 0 ? 60 : random.nextInt(4);
              boolean elements = operator.equals("$any") || operator.equals("$all");
              while (list.size() < size) {
                list.add(elements ? scalar(random) : operand(random, time, metadata));
              }
              yield list;
            }
            case "$contains" -> scalar(random);
            case "$gt", "$gte", "$lt", "$lte" -> {
              JsonNode bound = operand(random, time, metadata);
              while (!bound.isTextual() && !bound.isNumber() && !bound.isObject()) {
                bound = operand(random, time, metadata);
              }
              yield bound;
            }
            default -> operand(random, time, metadata);
          });
    }
    return operators;
  }

  private static JsonNode operand(Random random, boolean time, boolean metadata) {
    if ((time || metadata) && random.nextInt(4) == 0) {
      return NODES.objectNode().put("$date", pick(random, TIMES));
    }
    return time ? NODES.textNode(pick(random, TIMES)) : scalar(random);
  }

  /// The beginning of a text, or the first digit of an id.
  private static String prefix(Random random) {
    String text = pick(random, TEXTS);
    int end = random.nextInt(text.codePointCount(0, text.length()) + 1);
    return random.nextInt(4) == 0
        ? String.valueOf(random.nextInt(10))
        : text.substring(0, text.offsetByCodePoints(0, end));
  }

  private static String escaped(String name) {
    String escaped = name.replace("\\", "\\\\").replace(".", "\\.");
    return escaped.startsWith("$") ? "\\" + escaped : escaped;
  }

  private static <T> T pick(RandomGenerator random, List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  // The reference implementation

  private static boolean meets(Doc document, JsonNode filter) {
    return filter.properties().stream()
        .allMatch(entry ->
            switch (entry.getKey()) {
              case "$and" -> all(entry.getValue()).allMatch(each -> meets(document, each));
              case "$or" -> all(entry.getValue()).anyMatch(each -> meets(document, each));
              case "$not" -> !meets(document, entry.getValue());
              case String name -> meets(value(document, name), entry.getValue());
            });
  }

  private static boolean meets(@Nullable Object value, JsonNode condition) {
    if (!condition.isObject() || condition.has("$date")) {
      return equal(value, condition);
    }
    return condition.properties().stream()
        .allMatch(entry -> {
          JsonNode operand = entry.getValue();
          return switch (entry.getKey()) {
            case "$eq" -> equal(value, operand);
            case "$ne" -> !equal(value, operand);
            case "$in" -> all(operand).anyMatch(each -> equal(value, each));
            case "$nin" -> all(operand).noneMatch(each -> equal(value, each));
            case "$exists" -> (value != null) == operand.booleanValue();
            case "$contains" -> contains(value, operand);
            case "$any" -> isArray(value) && all(operand).anyMatch(each -> contains(value, each));
            case "$all" -> isArray(value) && all(operand).allMatch(each -> contains(value, each));
            case "$prefix" ->
                value instanceof JsonNode json
                    && json.isTextual()
                    && json.textValue().startsWith(operand.textValue());
            case "$gt" -> compare(value, operand).filter(sign -> sign > 0).isPresent();
            case "$gte" -> compare(value, operand).filter(sign -> sign >= 0).isPresent();
            case "$lt" -> compare(value, operand).filter(sign -> sign < 0).isPresent();
            case "$lte" -> compare(value, operand).filter(sign -> sign <= 0).isPresent();
            case String other -> throw new AssertionError(other);
          };
        });
  }

  private static @Nullable Object value(Doc document, String name) {
    return switch (name) {
      case "$id" -> text(document.id());
      case "$title" -> text(document.title());
      case "$uri" -> text(document.uri());
      case "$created" -> document.created();
      case "$updated" -> document.updated();
      default -> {
        JsonNode value = document.metadata();
        for (String part : name.split("(?<!(?<!\\\\)\\\\)\\.", -1)) {
          value =
              value.isObject() ? value.path(part.replaceAll("\\\\(.)", "$1")) : NODES.missingNode();
        }
        yield value.isMissingNode() ? null : value;
      }
    };
  }

  private static @Nullable JsonNode text(@Nullable String text) {
    return text == null ? null : NODES.textNode(text);
  }

  private static boolean equal(@Nullable Object value, JsonNode operand) {
    return compare(value, operand)
        .map(sign -> sign == 0)
        .orElseGet(
            () -> value instanceof JsonNode json && json.isValueNode() && json.equals(operand));
  }

  private static boolean contains(@Nullable Object value, JsonNode operand) {
    return value instanceof JsonNode json
        && (json.isArray()
            ? all(json).anyMatch(element -> equal(element, operand))
            : json.isTextual()
                && operand.isTextual()
                && json.textValue().contains(operand.textValue()));
  }

  private static boolean isArray(@Nullable Object value) {
    return value instanceof JsonNode json && json.isArray();
  }

  /// Empty if the values cannot be compared.
  private static Optional<Integer> compare(@Nullable Object value, JsonNode operand) {
    if (operand.has("$date")) {
      Instant bound = instant(operand.path("$date").textValue());
      return switch (value) {
        case Instant time -> Optional.of(time.compareTo(bound));
        case JsonNode json when json.isTextual() ->
            date(json.textValue()).map(date -> date.compareTo(bound));
        case null, default -> Optional.empty();
      };
    }
    return switch (value) {
      case Instant time -> Optional.of(time.compareTo(instant(operand.textValue())));
      case JsonNode json when json.isNumber() && operand.isNumber() ->
          Optional.of(json.decimalValue().compareTo(operand.decimalValue()));
      case JsonNode json when json.isTextual() && operand.isTextual() ->
          Optional.of(
              Arrays.compareUnsigned(
                  json.textValue().getBytes(StandardCharsets.UTF_8),
                  operand.textValue().getBytes(StandardCharsets.UTF_8)));
      case null, default -> Optional.empty();
    };
  }

  /// Empty if the text is no date.
  private static Optional<Instant> date(String text) {
    try {
      return text.startsWith("0000")
          ? Optional.empty()
          : Optional.of(instant(text).truncatedTo(ChronoUnit.MICROS));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static Stream<JsonNode> all(JsonNode array) {
    return array.valueStream();
  }

  private static Instant instant(String text) {
    return text.contains("T")
        ? OffsetDateTime.parse(text).toInstant()
        : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
