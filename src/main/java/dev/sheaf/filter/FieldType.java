package dev.sheaf.filter;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// The type of a metadata field whose order is asked for.
public enum FieldType {
  NUMBER,
  TEXT;

  /// As much of a text as its index holds, in characters. PostgreSQL takes entries of 2,704 bytes,
  /// and a character may have four.
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

  /// A JSON value as a value of this type, NULL when it is of another. What an index is built on, a
  /// text's [#beginning] or a number, a filter has to repeat to the letter to use it.
  ///
  /// @param tested the JSON value, in SQL
  /// @param read the same once more, since each of its parameters is counted
  String expression(String tested, String read) {
    return switch (this) {
      case NUMBER ->
          "CASE WHEN jsonb_typeof(%s) = 'number' THEN %s::numeric END".formatted(tested, read);
      case TEXT ->
          "CASE WHEN jsonb_typeof(%s) = 'string' THEN %s #>> '{}' END COLLATE \"C\""
              .formatted(tested, read);
    };
  }

  /// What the index of a text holds of it.
  static String beginning(String text) {
    return "left(%s, %s)".formatted(text, INDEXED_CHARACTERS);
  }
}
