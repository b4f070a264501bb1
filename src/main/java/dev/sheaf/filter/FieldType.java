package dev.sheaf.filter;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The type of a metadata field that has an index for range conditions.
public enum FieldType {
  NUMBER,
  TEXT,
  /// A text with a date or a time, as `2026-01-31` or `2026-01-31T12:00:00+01:00`.
  DATE;

  /// How many characters of a text its index contains. An entry of a B-tree may have 2,704 bytes,
  /// and a character up to four.
  private static final int INDEXED_CHARACTERS = 600;

  /// Matches a date of the calendar, or a time with its offset. Neither this nor the expression
  /// contains a question mark or a backslash, which have a meaning in HQL.
  private static final String DATE_PATTERN =
      "^([0-9]{4}-(((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01]))|((0[469]|11)-(0[1-9]|[12][0-9]|30))"
          + "|(02-(0[1-9]|1[0-9]|2[0-8])))"
          + "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
          + "(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9}){0,1}){0,1}"
          + "([Zz]|[+-](0[0-9]|1[0-7]):[0-5][0-9])){0,1}$";

  private static final Pattern VALUE = Pattern.compile(":v\\b");

  /// The casts and functions that parse dates depend on the session, so an index cannot contain
  /// them. This one has only immutable functions, and none of them can fail after the pattern
  /// matched. Digits after the microseconds are left out.
  private static final String DATE_EXPRESSION =
      """
      CASE WHEN jsonb_typeof(:v) = 'string' AND :v #>> '{}' ~ '%s' AND left(:v #>> '{}', 4) <> '0000' \
      THEN make_timestamp(left(:v #>> '{}', 4)::int, substr(:v #>> '{}', 6, 2)::int, substr(:v #>> '{}', 9, 2)::int, \
      substr(rpad(:v #>> '{}', 16, 'T00:00'), 12, 2)::int, substr(rpad(:v #>> '{}', 16, 'T00:00'), 15, 2)::int, \
      COALESCE(substring(:v #>> '{}', '^.{16}:([0-9]{2}([.][0-9]{1,6}){0,1})')::double precision, 0)) \
      - make_interval(0, 0, 0, 0, COALESCE(substring(:v #>> '{}', 'T.*([+-][0-9]{2}):')::int, 0), \
      COALESCE((substring(:v #>> '{}', 'T.*([+-])[0-9]{2}:') || substring(:v #>> '{}', ':([0-9]{2})$'))::int, 0)) END\
      """
          .formatted(DATE_PATTERN);

  /// The name in JSON and in the settings of a collection.
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return value();
  }

  /// An SQL expression that converts a JSON value to this type; NULL if the value has another type.
  /// A date is a `timestamp` in UTC. A query uses an index only if it repeats the indexed
  /// expression exactly: this one for a number or a date, its [#prefix] for a text.
  ///
  /// @param value gives the JSON value in SQL for each occurrence, in order, because its parameters
  ///   are numbered by occurrence
  String expression(Supplier<String> value) {
    return switch (this) {
      case NUMBER ->
          "CASE WHEN jsonb_typeof(%s) = 'number' THEN %s::numeric END"
              .formatted(value.get(), value.get());
      case TEXT ->
          "CASE WHEN jsonb_typeof(%s) = 'string' THEN %s #>> '{}' END COLLATE \"C\""
              .formatted(value.get(), value.get());
      case DATE ->
          VALUE.matcher(DATE_EXPRESSION).replaceAll(_ -> Matcher.quoteReplacement(value.get()));
    };
  }

  /// The part of a text that its index contains, in SQL.
  static String prefix(String text) {
    return "left(%s, %s)".formatted(text, INDEXED_CHARACTERS);
  }
}
