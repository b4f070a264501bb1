package dev.sheaf.filter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sheaf.filter.Filter.And;
import dev.sheaf.filter.Filter.Compare;
import dev.sheaf.filter.Filter.Contains;
import dev.sheaf.filter.Filter.Exists;
import dev.sheaf.filter.Filter.In;
import dev.sheaf.filter.Filter.Not;
import dev.sheaf.filter.Filter.Or;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// A [Filter] in SQL, over a row `d` of `document`. Everything that a client wrote is a parameter.
///
/// Equality is containment (`@>`), which a GIN index over `metadata` serves; order is that of an
/// expression of one type, which the index of a declared field serves. SQL's own third answer,
/// NULL, arises below only where a condition is not met, and `NOT` is `IS NOT TRUE`.
///
/// @param sql a boolean expression with `?` for each parameter
/// @param parameters in order: `String` or `String[]`
public record Predicate(String sql, List<Object> parameters) {

  /// From this many on, a list is looked through by hash and not through the index, one look for
  /// each.
  private static final int LONG_LIST = 32;

  /// What `filter` is in SQL.
  public static Predicate of(Filter filter) {
    var parameters = new ArrayList<Object>();
    return new Predicate(new Compiler(parameters).sql(filter), List.copyOf(parameters));
  }

  /// Sets the parameters of a statement that `sql` stands in.
  ///
  /// @param first the place of the first of them
  /// @return the place behind the last of them
  public int bind(PreparedStatement statement, int first) throws SQLException {
    int place = first;
    for (Object parameter : parameters) {
      statement.setObject(place++, parameter);
    }
    return place;
  }

  /// Writes SQL, and collects the parameters in the order in which it does.
  private record Compiler(List<Object> parameters) {

    String sql(Filter filter) {
      return switch (filter) {
        case And(List<Filter> filters) -> joined(filters, " AND ", "true");
        case Or(List<Filter> filters) -> joined(filters, " OR ", "false");
        case Not(Filter negated) -> sql(negated) + " IS NOT TRUE";
        case In(Field field, List<Value> values) -> "(" + in(field, values) + ")";
        case Compare(Field field, Filter.Order order, Value bound) ->
            "(" + compare(field, order, bound) + ")";
        case Exists(Field.Metadata field) -> "(" + path(field) + " IS NOT NULL)";
        case Exists(Field.Text field) -> "(d." + field.column + " IS NOT NULL)";
        case Exists(Field.Time _) -> "(true)";
        case Contains(Field field, Value value) -> "(" + contains(field, value) + ")";
      };
    }

    private String joined(List<Filter> filters, String operator, String ofNone) {
      return filters.isEmpty()
          ? "(" + ofNone + ")"
          : filters.stream().map(this::sql).collect(Collectors.joining(operator, "(", ")"));
    }

    private String in(Field field, List<Value> values) {
      if (values.isEmpty()) {
        return "false";
      }
      return switch (field) {
        case Field.Metadata metadata when values.size() < LONG_LIST ->
            values.stream()
                .map(value -> "d.metadata @> " + json(nested(metadata, json(value))))
                .collect(Collectors.joining(" OR "));
        case Field.Metadata metadata ->
            path(metadata)
                + " = ANY ("
                + list(values.stream().map(value -> json(value).toString()))
                + "::jsonb[])";
        case Field.Text text ->
            "d."
                + text.column
                + " = ANY ("
                + list(
                    values.stream()
                        .filter(Value.Text.class::isInstance)
                        .map(value -> ((Value.Text) value).text()))
                + ")";
        case Field.Time time ->
            "d."
                + time.column
                + " = ANY ("
                + list(values.stream().map(value -> ((Value.Time) value).instant().toString()))
                + "::timestamptz[])";
      };
    }

    private String compare(Field field, Filter.Order order, Value bound) {
      return switch (field) {
        case Field.Metadata metadata ->
            switch (bound) {
              case Value.Numeric(var number) ->
                  typed(metadata, FieldType.NUMBER)
                      + " "
                      + order.operator
                      + " "
                      + parameter(number.toString(), "numeric");
              case Value.Text(var text) ->
                  FieldType.beginning(typed(metadata, FieldType.TEXT))
                      + " "
                      + order.ofBeginnings
                      + " "
                      + FieldType.beginning(parameter(text, "text"))
                      + " AND "
                      + typed(metadata, FieldType.TEXT)
                      + " "
                      + order.operator
                      + " "
                      + parameter(text, "text");
              case Value.Bool _, Value.Null _, Value.Time _ -> "false";
            };
        case Field.Text text when bound instanceof Value.Text(var value) ->
            "d."
                + text.column
                + " COLLATE \"C\" "
                + order.operator
                + " "
                + parameter(value, "text");
        case Field.Text _ -> "false";
        case Field.Time time ->
            "d."
                + time.column
                + " "
                + order.operator
                + " "
                + parameter(((Value.Time) bound).instant().toString(), "timestamptz");
      };
    }

    private String contains(Field field, Value value) {
      return switch (field) {
        case Field.Metadata metadata -> {
          JsonNode array = JsonNodeFactory.instance.arrayNode().add(json(value));
          String element = "d.metadata @> " + json(nested(metadata, array));
          yield value instanceof Value.Text(var text)
              ? element
                  + " OR strpos("
                  + typed(metadata, FieldType.TEXT)
                  + ", "
                  + parameter(text, "text")
                  + ") > 0"
              : element;
        }
        case Field.Text text when value instanceof Value.Text(var part) ->
            "strpos(d." + text.column + ", " + parameter(part, "text") + ") > 0";
        case Field.Text _, Field.Time _ -> "false";
      };
    }

    /// The value of a field where it has that type, else NULL: what a declared field's index is
    /// over, once the parameters are known.
    private String typed(Field.Metadata field, FieldType type) {
      return type.expression(path(field), path(field));
    }

    private String path(Field.Metadata field) {
      var sql = new StringBuilder("(d.metadata");
      for (String name : field.path()) {
        sql.append(" -> ").append(parameter(name, "text"));
      }
      return sql.append(')').toString();
    }

    private static JsonNode json(Value value) {
      return switch (value) {
        case Value.Json json -> json.json();
        case Value.Time _ -> throw new IllegalArgumentException("metadata holds no time");
      };
    }

    private static JsonNode nested(Field.Metadata field, JsonNode value) {
      JsonNode nested = value;
      for (String name : field.path().reversed()) {
        nested = JsonNodeFactory.instance.objectNode().set(name, nested);
      }
      return nested;
    }

    private String json(JsonNode json) {
      return parameter(json.toString(), "jsonb");
    }

    private String list(java.util.stream.Stream<String> values) {
      parameters.add(values.toArray(String[]::new));
      return "?::text[]";
    }

    private String parameter(String value, String type) {
      parameters.add(value);
      return "?::" + type;
    }
  }
}
