package dev.sheaf.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sheaf.problem.Problem;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Checks of what clients send, each with the message that says what was wrong and what would be
/// right.
public final class Input {

  /// More digits than any number people mean, and fewer than PostgreSQL's numeric can hold.
  private static final int MAX_DIGITS = 1_000;

  private static final int MAX_DEPTH = 100;

  private Input() {}

  /// A required value.
  ///
  /// @throws Problem when it is absent
  public static <T> T required(String field, @Nullable T value) {
    if (value == null) {
      throw Problem.field(field, field + " is missing");
    }
    return value;
  }

  /// An optional string of at most `maxBytes` bytes in UTF-8 that PostgreSQL can store.
  ///
  /// @throws Problem when it is longer, or holds what PostgreSQL cannot store
  public static void text(String field, @Nullable String value, int maxBytes) {
    if (value == null) {
      return;
    }
    storable(field, value);
    int bytes = value.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > maxBytes) {
      throw Problem.field(
          field, field + " has " + bytes + " bytes, at most " + maxBytes + " are allowed");
    }
  }

  /// Any JSON value that PostgreSQL's jsonb can store.
  ///
  /// @throws Problem naming the path of the first value that it cannot
  public static void json(String field, JsonNode value) {
    json(field, value, 1);
  }

  private static void json(String path, JsonNode value, int depth) {
    if (depth > MAX_DEPTH) {
      throw Problem.field(path, "nested more than " + MAX_DEPTH + " levels deep");
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
          throw Problem.field(path, path + " has more than " + MAX_DIGITS + " digits");
        }
      }
      case BOOLEAN, NULL, BINARY, MISSING, POJO -> {}
    }
  }

  /// A string that PostgreSQL can store.
  ///
  /// @throws Problem when it holds U+0000 or half of a surrogate pair
  public static void storable(String field, String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == 0) {
        throw Problem.field(
            field,
            field
                + " holds U+0000 at position "
                + i
                + ", which PostgreSQL cannot store; remove it");
      }
      if (Character.isSurrogate(c)) {
        if (!Character.isHighSurrogate(c)
            || i + 1 == value.length()
            || !Character.isLowSurrogate(value.charAt(i + 1))) {
          throw Problem.field(field, field + " holds half of a surrogate pair at position " + i);
        }
        i++;
      }
    }
  }

  /// How many of a list one page is to hold, as a query parameter says it.
  ///
  /// @return `fallback` when it does not
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
      // Falls through to the same answer as a number out of range.
    }
    throw Problem.parameter(
        "limit", "limit must be a whole number from 1 to " + max + ", not " + limit);
  }

  /// An optional whole number between two bounds, both allowed.
  ///
  /// @return the value, or `fallback` when it is absent
  public static int range(String field, @Nullable Integer value, int min, int max, int fallback) {
    if (value == null) {
      return fallback;
    }
    if (value < min || value > max) {
      throw Problem.field(
          field, field + " must be a whole number from " + min + " to " + max + ", not " + value);
    }
    return value;
  }
}
