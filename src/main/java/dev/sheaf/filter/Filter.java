package dev.sheaf.filter;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// A condition that every document either meets or does not; there is no third answer.
///
/// - A field is absent, or it has a value, which may be JSON's `null`. A path leads through objects
///   only, never into an array.
/// - Values of different types are never equal, and neither is less than the other. `1` and `1.0`
///   are the same number, and nothing is ever converted.
/// - Whatever is asked of an absent field, but [Exists], is not met. So its negation is: `$ne`,
///   `$nin` and `$not` are met by a document without the field.
/// - Text is compared by code points, whatever the locale of the database.
///
/// Written in JSON as `docs/search.md` describes; `$ne`, `$nin` and `"$exists": false` are [Not] of
/// their opposites.
public sealed interface Filter {

  /// What every document meets.
  Filter EVERYTHING = new And(List.of());

  /// Reads the JSON form.
  ///
  /// @param path where it stands in the body, for messages
  /// @throws Problem when it is not a filter, or too large a one
  static Filter parse(String path, JsonNode json) {
    return new FilterParser(path).parse(json);
  }

  /// Meets each of them; every document does when there are none.
  record And(List<Filter> filters) implements Filter {}

  /// Meets at least one of them; no document does when there are none.
  record Or(List<Filter> filters) implements Filter {}

  /// Does not meet it.
  record Not(Filter filter) implements Filter {}

  /// The field has one of these values.
  record In(Field field, List<Value> values) implements Filter {}

  /// The field has a value of the same type as `bound`, on this side of it.
  record Compare(Field field, Order order, Value bound) implements Filter {}

  /// The field is there, be it `null`.
  record Exists(Field field) implements Filter {}

  /// The field is an array with an element that equals `value`, or both are text and the field's
  /// holds the other.
  record Contains(Field field, Value value) implements Filter {}

  /// On which side of a bound a value lies.
  enum Order {
    GREATER(">", ">="),
    GREATER_OR_EQUAL(">=", ">="),
    LESS("<", "<="),
    LESS_OR_EQUAL("<=", "<=");

    final String operator;

    /// How the beginning of a text lies to that of its bound, when the texts lie in this order.
    final String ofBeginnings;

    Order(String operator, String ofBeginnings) {
      this.operator = operator;
      this.ofBeginnings = ofBeginnings;
    }
  }
}
