package dev.sheaf.filter;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// A condition that a document either matches or does not match. There is no third result as in
/// SQL.
///
/// - A field is absent, or it has a value, which may be JSON's `null`. A path leads through objects
///   only, never into an array.
/// - Values of different types are never equal, and neither is less than the other. `1` and `1.0`
///   are the same number. Values are never converted.
/// - A condition on an absent field does not match, except a negated one: `$ne`, `$nin`, `$not` and
///   `"$exists": false` match a document without the field.
/// - Text is compared by code points, independent of the locale of the database.
///
/// `docs/search.md` describes the JSON form. `$ne`, `$nin` and `"$exists": false` are parsed as
/// [Not] of their opposites.
public sealed interface Filter {

  /// Matches every document.
  Filter EVERYTHING = new And(List.of());

  /// Parses the JSON form.
  ///
  /// @param path the path in the body, for messages
  /// @throws Problem if it is not a valid filter, or too large
  static Filter parse(String path, JsonNode json) {
    return new FilterParser(path).parse(json);
  }

  /// Matches if all filters match. An empty list matches every document.
  record And(List<Filter> filters) implements Filter {}

  /// Matches if at least one filter matches. An empty list matches no document.
  record Or(List<Filter> filters) implements Filter {}

  /// Matches if `filter` does not match.
  record Not(Filter filter) implements Filter {}

  /// Matches if the field has one of the values. A text with a date or a time has the value of a
  /// time.
  record In(Field field, List<Value> values) implements Filter {}

  /// Matches if the field has a value of the same type as `bound` that is less or greater, by
  /// `order`.
  record Compare(Field field, Order order, Value bound) implements Filter {}

  /// Matches if the field exists. Its value may be `null`.
  record Exists(Field field) implements Filter {}

  /// Matches if the field is an array with an element equal to `value`, or a text that contains the
  /// text `value`.
  record Contains(Field field, Value value) implements Filter {}

  /// Matches if the field is an array with an element equal to one of the values.
  record ContainsAny(Field.Metadata field, List<Value> values) implements Filter {}

  /// Matches if the field is an array with an element equal to each of the values.
  record ContainsAll(Field.Metadata field, List<Value> values) implements Filter {}

  /// Matches if the field is a text that begins with `prefix`.
  record StartsWith(Field field, String prefix) implements Filter {}

  /// How a value compares with a bound.
  enum Order {
    GREATER(">", ">="),
    GREATER_OR_EQUAL(">=", ">="),
    LESS("<", "<="),
    LESS_OR_EQUAL("<=", "<=");

    final String operator;

    /// The operator for the prefixes of two texts that is true whenever [#operator] is true for the
    /// texts.
    final String prefixOperator;

    Order(String operator, String prefixOperator) {
      this.operator = operator;
      this.prefixOperator = prefixOperator;
    }
  }
}
