package dev.sheaf.filter;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.filter.Filter.And;
import dev.sheaf.filter.Filter.Compare;
import dev.sheaf.filter.Filter.Contains;
import dev.sheaf.filter.Filter.ContainsAll;
import dev.sheaf.filter.Filter.ContainsAny;
import dev.sheaf.filter.Filter.Exists;
import dev.sheaf.filter.Filter.In;
import dev.sheaf.filter.Filter.Not;
import dev.sheaf.filter.Filter.Or;
import dev.sheaf.filter.Filter.Order;
import dev.sheaf.filter.Filter.StartsWith;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Parses one filter, and limits its size, so that no filter can overload the database.
final class FilterParser {

  /// The name that MongoDB's Extended JSON gives a date.
  private static final String DATE = "$date";

  private static final int MAX_DEPTH = 32;
  private static final int MAX_NAMES = 32;
  private static final int MAX_VALUES = 1_000;

  /// The maximum length of a document's uri.
  private static final int MAX_TEXT_BYTES = 8_000;

  private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999Z");

  /// Of all texts together.
  private static final int MAX_CHARACTERS = 1_000_000;

  private final String root;
  private int values;
  private int characters;

  FilterParser(String root) {
    this.root = root;
  }

  Filter parse(JsonNode json) {
    return filter(root, json, 1);
  }

  private Filter filter(String at, JsonNode json, int depth) {
    if (!json.isObject()) {
      throw Problem.field(at, at + " must be an object.");
    }
    if (depth > MAX_DEPTH) {
      throw Problem.field(root, root + " is nested more than " + MAX_DEPTH + " levels deep.");
    }
    var all = new ArrayList<Filter>();
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      String key = entry.getKey();
      String below = at + "." + key;
      JsonNode value = entry.getValue();
      switch (key) {
        case "$and" -> all.add(new And(filters(below, value, depth)));
        case "$or" -> all.add(new Or(filters(below, value, depth)));
        case "$not" -> all.add(new Not(filter(below, value, depth + 1)));
        default -> conditions(below, field(at, key), value, all);
      }
    }
    return all.size() == 1 ? all.getFirst() : new And(List.copyOf(all));
  }

  private List<Filter> filters(String at, JsonNode json, int depth) {
    if (!json.isArray()) {
      throw Problem.field(at, at + " must be an array of filters.");
    }
    var filters = new ArrayList<Filter>();
    for (JsonNode element : json) {
      count();
      filters.add(filter(at + "[" + filters.size() + "]", element, depth + 1));
    }
    return List.copyOf(filters);
  }

  static Field field(String at, String name) {
    return switch (name) {
      case "$id" -> Field.Text.ID;
      case "$title" -> Field.Text.TITLE;
      case "$uri" -> Field.Text.URI;
      case "$created" -> Field.Time.CREATED;
      case "$updated" -> Field.Time.UPDATED;
      default -> {
        if (name.startsWith("$")) {
          throw Problem.field(
              at,
              at
                  + " contains the unknown name "
                  + name
                  + ". Known names are $and, $or, $not, $id, $title, $uri, $created, $updated and"
                  + " the fields of the metadata. If a field's name begins with a dollar sign,"
                  + " write \\$.");
        }
        Field.Metadata metadata = Field.Metadata.parse(at, name);
        if (metadata.path().size() > MAX_NAMES) {
          throw Problem.field(at, "The path of a field may have at most " + MAX_NAMES + " names.");
        }
        yield metadata;
      }
    };
  }

  private void conditions(String at, Field field, JsonNode json, List<Filter> all) {
    if (!json.isObject() || json.has(DATE)) {
      all.add(new In(field, List.of(value(at, field, json))));
      return;
    }
    if (json.isEmpty()) {
      throw Problem.field(at, at + " has no operator. Give at least one, such as $eq.");
    }
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      all.add(condition(at + "." + entry.getKey(), entry.getKey(), field, entry.getValue()));
    }
  }

  private Filter condition(String at, String operator, Field field, JsonNode operand) {
    return switch (operator) {
      case "$eq" -> new In(field, List.of(value(at, field, operand)));
      case "$ne" -> new Not(new In(field, List.of(value(at, field, operand))));
      case "$in" -> new In(field, list(at, field, operand));
      case "$nin" -> new Not(new In(field, list(at, field, operand)));
      case "$gt" -> new Compare(field, Order.GREATER, bound(at, field, operand));
      case "$gte" -> new Compare(field, Order.GREATER_OR_EQUAL, bound(at, field, operand));
      case "$lt" -> new Compare(field, Order.LESS, bound(at, field, operand));
      case "$lte" -> new Compare(field, Order.LESS_OR_EQUAL, bound(at, field, operand));
      case "$exists" -> exists(at, field, operand);
      case "$contains" -> {
        if (field instanceof Field.Time) {
          throw Problem.field(at, at + " cannot be used with a time. Use $gte and $lt.");
        }
        yield new Contains(field, element(at, field, operand));
      }
      case "$any" -> new ContainsAny(array(at, field), elements(at, field, operand));
      case "$all" -> new ContainsAll(array(at, field), elements(at, field, operand));
      case "$prefix" -> prefix(at, field, operand);
      default ->
          throw Problem.field(
              at,
              "Unknown operator "
                  + operator
                  + ". The operators are $eq, $ne, $in, $nin, $gt, $gte, $lt, $lte, $exists,"
                  + " $contains, $any, $all and $prefix. Write a dot for a field inside of an object,"
                  + " as in a.b.");
    };
  }

  private static Field.Metadata array(String at, Field field) {
    if (field instanceof Field.Metadata metadata) {
      return metadata;
    }
    throw Problem.field(at, at + " can only be used with a field of the metadata.");
  }

  private List<Value> elements(String at, Field field, JsonNode operand) {
    List<Value> elements = list(at, field, operand);
    for (int i = 0; i < elements.size(); i++) {
      requireElement(at + "[" + i + "]", elements.get(i));
    }
    return elements;
  }

  private Value element(String at, Field field, JsonNode operand) {
    Value element = value(at, field, operand);
    requireElement(at, element);
    return element;
  }

  private static void requireElement(String at, Value element) {
    if (element instanceof Value.Time) {
      throw Problem.field(
          at,
          at + " must not be a date: the elements of an array are compared as they are written.");
    }
  }

  private Filter prefix(String at, Field field, JsonNode operand) {
    if (field instanceof Field.Time) {
      throw Problem.field(at, at + " cannot be used with a time. Use $gte and $lt.");
    }
    if (value(at, field, operand) instanceof Value.Text(var prefix)) {
      return new StartsWith(field, prefix);
    }
    throw Problem.field(at, at + " must be a string.");
  }

  private Filter exists(String at, Field field, JsonNode operand) {
    if (!operand.isBoolean()) {
      throw Problem.field(at, at + " must be true or false.");
    }
    count();
    Filter exists = new Exists(field);
    return operand.booleanValue() ? exists : new Not(exists);
  }

  private List<Value> list(String at, Field field, JsonNode operand) {
    if (!operand.isArray()) {
      throw Problem.field(at, at + " must be an array.");
    }
    var list = new ArrayList<Value>();
    for (JsonNode element : operand) {
      list.add(value(at + "[" + list.size() + "]", field, element));
    }
    return List.copyOf(list);
  }

  private Value bound(String at, Field field, JsonNode operand) {
    Value bound = value(at, field, operand);
    return switch (bound) {
      case Value.Text _, Value.Numeric _, Value.Time _ -> bound;
      case Value.Bool _, Value.Null _ ->
          throw Problem.field(at, at + " must be a number, a string or a $date.");
    };
  }

  private Value value(String at, Field field, JsonNode json) {
    count();
    if (json.has(DATE)) {
      if (field instanceof Field.Text) {
        throw Problem.field(
            at, at + " is no date. Only metadata, $created and $updated contain dates.");
      }
      return new Value.Time(date(at, json));
    }
    if (field instanceof Field.Time) {
      return new Value.Time(instant(at, json));
    }
    return switch (json.getNodeType()) {
      case STRING -> {
        Input.text(at, json.textValue(), MAX_TEXT_BYTES);
        countCharacters(json.textValue());
        yield new Value.Text(json.textValue());
      }
      case NUMBER -> {
        Input.number(at, json.decimalValue());
        yield new Value.Numeric(json.decimalValue());
      }
      case BOOLEAN -> new Value.Bool(json.booleanValue());
      case NULL -> new Value.Null();
      case ARRAY, OBJECT, BINARY, MISSING, POJO ->
          throw Problem.field(
              at, at + " must be a string, a number, true, false, null or a $date.");
    };
  }

  private static Instant date(String at, JsonNode json) {
    if (json.size() > 1) {
      throw Problem.field(at, at + " must contain nothing beside $date.");
    }
    return instant(at + "." + DATE, json.path(DATE));
  }

  private static Instant instant(String at, JsonNode json) {
    String text = json.isTextual() ? json.textValue() : "";
    try {
      Instant instant = Value.Time.parse(text);
      if (!instant.isBefore(EARLIEST)
          && !instant.isAfter(LATEST)
          && instant.equals(instant.truncatedTo(ChronoUnit.MICROS))) {
        return instant;
      }
    } catch (DateTimeParseException e) {
      // The exception below also covers this case.
    }
    throw Problem.field(
        at,
        at
            + " must be a date or a time in the years 1 to 9999, with at most microseconds, such as"
            + " 2026-01-31 or 2026-01-31T12:00:00Z.");
  }

  private void countCharacters(String text) {
    characters += text.length();
    if (characters > MAX_CHARACTERS) {
      throw Problem.field(
          root, root + " contains more than " + MAX_CHARACTERS + " characters of text.");
    }
  }

  private void count() {
    values++;
    if (values > MAX_VALUES) {
      throw Problem.field(root, root + " contains more than " + MAX_VALUES + " values.");
    }
  }
}
