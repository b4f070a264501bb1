package dev.sheaf.filter;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/// The type of a metadata field whose order is asked for.
public enum FieldType {
  NUMBER,
  TEXT;

  /// The name in JSON and in the settings of a collection.
  @JsonValue
  public String value() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return value();
  }

  /// A JSON value as a value of this type, NULL when it is of another: what an index is built on,
  /// and a filter has to repeat to the letter to use it.
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
}
