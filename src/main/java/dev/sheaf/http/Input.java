package dev.sheaf.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.problem.Problem;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Validates values that clients send. Each check throws a [Problem] that says what is wrong with
/// the value and what it must be.
public final class Input {

  /// Below the limit of PostgreSQL's `numeric`: 131,072 digits before and 16,383 after the decimal
  /// point.
  private static final int MAX_DIGITS = 1_000;

  private static final int MAX_DEPTH = 100;

  private Input() {}

  /// Returns the value of a required field.
  ///
  /// @throws Problem if it is absent
  public static <T> T required(String field, @Nullable T value) {
    if (value == null) {
      throw Problem.field(field, field + " is required.");
    }
    return value;
  }

  /// Checks an optional string.
  ///
  /// @throws Problem if it has more than `maxBytes` bytes in UTF-8, or PostgreSQL cannot store it
  public static void text(String field, @Nullable String value, int maxBytes) {
    if (value == null) {
      return;
    }
    storable(field, value);
    int bytes = value.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > maxBytes) {
      throw Problem.field(
          field, field + " has " + bytes + " bytes. It may have at most " + maxBytes + ".");
    }
  }

  /// Checks that PostgreSQL's `jsonb` can store a JSON value.
  ///
  /// @throws Problem with the path of the first value that it cannot store
  public static void json(String field, JsonNode value) {
    json(field, value, 1);
  }

  private static void json(String path, JsonNode value, int depth) {
    if (depth > MAX_DEPTH) {
      throw Problem.field(path, "The value is nested more than " + MAX_DEPTH + " levels deep.");
    }
    switch (value.getNodeType()) {
      case OBJECT ->
          value
              .properties()
              .forEach(property -> {
                storable(path, property.getKey());
                json(path + "." + property.getKey(), property.getValue(), depth + 1);
              });
      case ARRAY -> {
        for (int i = 0; i < value.size(); i++) {
          json(path + "[" + i + "]", value.get(i), depth + 1);
        }
      }
      case STRING -> storable(path, value.textValue());
      case NUMBER -> {
        if (value.isBigDecimal() && Math.abs((long) value.decimalValue().scale()) > MAX_DIGITS) {
          throw Problem.field(path, path + " has more than " + MAX_DIGITS + " digits.");
        }
      }
      case BOOLEAN, NULL, BINARY, MISSING, POJO -> {}
    }
  }

  /// Checks that PostgreSQL can store a string.
  ///
  /// @throws Problem if it contains U+0000 or an unpaired surrogate
  public static void storable(String field, String value) {
    int zero = value.indexOf(0);
    if (zero >= 0) {
      throw Problem.field(
          field,
          field
              + " contains U+0000 at position "
              + zero
              + ", which PostgreSQL cannot store. Remove it.");
    }
    wellFormed(field, value);
  }

  /// Checks that a string is valid Unicode.
  ///
  /// @throws Problem if it contains an unpaired surrogate
  public static void wellFormed(String field, String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (Character.isSurrogate(c)) {
        if (!Character.isHighSurrogate(c)
            || i + 1 == value.length()
            || !Character.isLowSurrogate(value.charAt(i + 1))) {
          throw Problem.field(
              field, field + " contains an unpaired surrogate at position " + i + ". Remove it.");
        }
        i++;
      }
    }
  }

  /// Parses a query parameter that is `true` or `false`. Absent, it is false.
  public static boolean flag(String name, @Nullable String value) {
    if (value == null || value.equals("false")) {
      return false;
    }
    if (value.equals("true")) {
      return true;
    }
    throw Problem.parameter(name, name + " must be true or false, not " + value + ".");
  }

  /// Parses the query parameter `limit`, the number of items on a page.
  ///
  /// @return the number, or `fallback` if the parameter is absent
  public static int pageSize(@Nullable String limit, int max, int fallback) {
    if (limit == null) {
      return fallback;
    }
    try {
      int size = Integer.parseInt(limit);
      if (size >= 1 && size <= max) {
        return size;
      }
    } catch (NumberFormatException e) {
      // The exception below also covers this case.
    }
    throw Problem.parameter(
        "limit", "limit must be a whole number from 1 to " + max + ", not " + limit + ".");
  }

  /// Checks an optional whole number.
  ///
  /// @param min the smallest valid value
  /// @param max the largest valid value
  /// @return the value, or `fallback` if it is absent
  public static int range(String field, @Nullable Integer value, int min, int max, int fallback) {
    if (value == null) {
      return fallback;
    }
    if (value < min || value > max) {
      throw Problem.field(
          field,
          field + " must be a whole number from " + min + " to " + max + ", not " + value + ".");
    }
    return value;
  }
}
