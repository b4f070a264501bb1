package dev.sheaf.filter;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// The type of a metadata field that has an index for range conditions.
public enum FieldType {
  NUMBER,
  TEXT;

  /// How many characters of a text its index contains. An entry of a B-tree may have 2,704 bytes,
  /// and a character up to four.
  private static final int INDEXED_CHARACTERS = 600;

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
  /// A query uses an index only if it repeats the indexed expression exactly: this one for a
  /// number, its [#prefix] for a text.
  ///
  /// @param value the JSON value, in SQL
  /// @param sameValue the same value again, because its parameters are numbered by occurrence
  String expression(String value, String sameValue) {
    return switch (this) {
      case NUMBER ->
          "CASE WHEN jsonb_typeof(%s) = 'number' THEN %s::numeric END".formatted(value, sameValue);
      case TEXT ->
          "CASE WHEN jsonb_typeof(%s) = 'string' THEN %s #>> '{}' END COLLATE \"C\""
              .formatted(value, sameValue);
    };
  }

  /// The part of a text that its index contains, in SQL.
  static String prefix(String text) {
    return "left(%s, %s)".formatted(text, INDEXED_CHARACTERS);
  }
}
