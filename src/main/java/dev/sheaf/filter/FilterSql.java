package dev.sheaf.filter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sheaf.filter.Filter.And;
import dev.sheaf.filter.Filter.Compare;
import dev.sheaf.filter.Filter.Contains;
import dev.sheaf.filter.Filter.ContainsAll;
import dev.sheaf.filter.Filter.ContainsAny;
import dev.sheaf.filter.Filter.Exists;
import dev.sheaf.filter.Filter.In;
import dev.sheaf.filter.Filter.Not;
import dev.sheaf.filter.Filter.Or;
import dev.sheaf.filter.Filter.StartsWith;
import dev.sheaf.problem.Problem;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A [Filter] as SQL, for a row `d` of `document`. All values that a client sent are parameters.
///
/// Equality becomes containment (`@>`), which the GIN index on `metadata` supports. A range
/// condition becomes a comparison of a typed expression, which the index of a declared field
/// supports. An expression is NULL only if its condition does not match, and `NOT` is written as
/// `IS NOT TRUE`.
///
/// @param sql a boolean expression with `?` for each parameter
/// @param parameters in order: `String` or `String[]`
public record FilterSql(String sql, List<Object> parameters) {

  /// From this length, a list is compared by hash, instead of by one index look-up for each value.
  private static final int LONG_LIST = 32;

  /// Far below PostgreSQL's limit, because a statement has other parameters too, and may contain
  /// the filter more than once.
  private static final int MAX_PARAMETERS = 20_000;

  private static final Pattern COLUMN_OR_PARAMETER = Pattern.compile("\\bd\\.(\\w+)|\\?");

  private static final Map<String, String> ATTRIBUTES =
      Map.of(
          "metadata", "metadata",
          "external_id", "externalId",
          "title", "title",
          "uri", "uri",
          "created_at", "createdAt",
          "updated_at", "updatedAt");

  /// Writes a filter as SQL.
  ///
  /// @throws Problem if the filter has too many values in fields with long paths
  public static FilterSql of(Filter filter) {
    var parameters = new ArrayList<Object>();
    String sql = new Compiler(parameters).sql(filter);
    if (parameters.size() > MAX_PARAMETERS) {
      throw Problem.field(
          "filter",
          "filter needs %s parameters in SQL, but at most %s are possible. Compare fewer values, or use fields with shorter paths."
              .formatted(parameters.size(), MAX_PARAMETERS));
    }
    return new FilterSql(sql, List.copyOf(parameters));
  }

  /// A query that contains a filter, for [#execute]. The best plan depends on the values of the
  /// filter, so PostgreSQL must not plan for unknown values: to find a few rows in the order of
  /// another index, it would read the whole table.
  public static String plannedForValues(String query) {
    return "SELECT set_config('plan_cache_mode', 'force_custom_plan', true);\n" + query;
  }

  /// Runs a [#plannedForValues] query.
  ///
  /// @return its rows, which are closed with the statement
  public static ResultSet execute(PreparedStatement statement) throws SQLException {
    statement.execute();
    statement.getMoreResults();
    return statement.getResultSet();
  }

  /// Sets the parameters of a statement that contains [#sql].
  ///
  /// @param first the index of the first parameter
  /// @return the index after the last parameter
  public int bind(PreparedStatement statement, int first) throws SQLException {
    int index = first;
    for (Object parameter : parameters) {
      statement.setObject(index++, parameter);
    }
    return index;
  }

  /// The same condition in HQL, for a `Document d`. The parameters are named `filter0`, `filter1`
  /// and so on.
  public String hql() {
    var template = new StringBuilder();
    var arguments = new StringBuilder();
    int parameter = 0;
    Matcher matcher = COLUMN_OR_PARAMETER.matcher(sql);
    while (matcher.find()) {
      matcher.appendReplacement(template, "?");
      String column = matcher.group(1);
      arguments
          .append(", ")
          .append(column == null ? ":filter" + parameter++ : "d." + ATTRIBUTES.get(column));
    }
    matcher.appendTail(template);
    return "condition(sql('" + template.toString().replace("'", "''") + "'" + arguments + "))";
  }

  /// Sets the parameters of a query that contains [#hql].
  ///
  /// @param query sets a parameter by its name
  public void bind(BiConsumer<String, Object> query) {
    for (int i = 0; i < parameters.size(); i++) {
      query.accept("filter" + i, parameters.get(i));
    }
  }

  /// Generates SQL, and adds the parameters in the order in which they occur in it.
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
        case StartsWith(Field.Metadata field, String prefix) ->
            "(starts_with(%s, %s))"
                .formatted(typed(field, FieldType.TEXT), parameter(prefix, "text"));
        case StartsWith(Field.Text field, String prefix) ->
            "(starts_with(d." + field.column + ", " + parameter(prefix, "text") + "))";
        case StartsWith(Field.Time _, String _) -> "(false)";
        case Contains(Field field, Value value) -> "(" + contains(field, value) + ")";
        case ContainsAny(Field.Metadata field, List<Value> values) ->
            "(" + containsAny(field, values) + ")";
        case ContainsAll(Field.Metadata field, List<Value> values) ->
            "(d.metadata @> " + json(nested(field, array(values))) + ")";
      };
    }

    private String joined(List<Filter> filters, String operator, String ifEmpty) {
      return filters.isEmpty()
          ? "(" + ifEmpty + ")"
          : filters.stream().map(this::sql).collect(Collectors.joining(operator, "(", ")"));
    }

    private String in(Field field, List<Value> values) {
      if (values.isEmpty()) {
        return "false";
      }
      return switch (field) {
        case Field.Metadata metadata -> {
          var times = values.stream().filter(Value.Time.class::isInstance).toList();
          var others = values.stream().filter(Value.MetadataValue.class::isInstance).toList();
          yield Stream.of(
                  others.isEmpty() ? "" : in(metadata, others),
                  times.isEmpty()
                      ? ""
                      : typed(metadata, FieldType.DATE)
                          + " = ANY ("
                          + list(times.stream().map(time -> ((Value.Time) time).timestamp()))
                          + "::timestamp[])")
              .filter(sql -> !sql.isEmpty())
              .collect(Collectors.joining(" OR "));
        }
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

    private String in(Field.Metadata field, List<Value> values) {
      return values.size() < LONG_LIST
          ? values.stream()
              .map(value -> "d.metadata @> " + json(nested(field, json(value))))
              .collect(Collectors.joining(" OR "))
          : path(field)
              + " = ANY ("
              + list(values.stream().map(value -> json(value).toString()))
              + "::jsonb[])";
    }

    private String containsAny(Field.Metadata field, List<Value> values) {
      if (values.size() < LONG_LIST) {
        return values.isEmpty()
            ? "false"
            : values.stream()
                .map(value -> "d.metadata @> " + json(nested(field, array(List.of(value)))))
                .collect(Collectors.joining(" OR "));
      }
      return """
      EXISTS (SELECT 1 \
      FROM jsonb_array_elements(CASE WHEN jsonb_typeof(%s) = 'array' THEN %s END) AS element \
      WHERE element = ANY (%s::jsonb[]))\
      """
          .formatted(
              path(field), path(field), list(values.stream().map(value -> json(value).toString())));
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
                  FieldType.prefix(typed(metadata, FieldType.TEXT))
                      + " "
                      + order.prefixOperator
                      + " "
                      + FieldType.prefix(parameter(text, "text"))
                      + " AND "
                      + typed(metadata, FieldType.TEXT)
                      + " "
                      + order.operator
                      + " "
                      + parameter(text, "text");
              case Value.Time time ->
                  typed(metadata, FieldType.DATE)
                      + " "
                      + order.operator
                      + " "
                      + parameter(time.timestamp(), "timestamp");
              case Value.Bool _, Value.Null _ -> "false";
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
          String element = "d.metadata @> " + json(nested(metadata, array(List.of(value))));
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

    /// The value of a field if it has this type, else NULL. With its parameters, this is the
    /// expression that the index of a declared field is built on.
    private String typed(Field.Metadata field, FieldType type) {
      return type.expression(() -> path(field));
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
        case Value.MetadataValue inMetadata -> inMetadata.json();
        case Value.Time _ -> throw new IllegalArgumentException("A time is not compared as JSON");
      };
    }

    private static JsonNode array(List<Value> values) {
      var array = JsonNodeFactory.instance.arrayNode();
      values.forEach(value -> array.add(json(value)));
      return array;
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

    private String list(Stream<String> values) {
      parameters.add(values.toArray(String[]::new));
      return "?::text[]";
    }

    private String parameter(String value, String type) {
      parameters.add(value);
      return "?::" + type;
    }
  }
}
