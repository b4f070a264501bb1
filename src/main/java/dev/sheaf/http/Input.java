package dev.sheaf.http;

import dev.sheaf.problem.Problem;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Validates values that clients send. Each check throws a [Problem] that says what is wrong with
/// the value and what it must be.
public final class Input {

  /// PostgreSQL prints numbers without an exponent, so each digit costs memory in every response.
  static final int MAX_DIGITS = 1_000;

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

  /// Checks that PostgreSQL prints a number with few digits.
  ///
  /// @throws Problem if it has more than 1,000 digits when written without an exponent
  public static void number(String field, BigDecimal value) {
    if (digits(value) > MAX_DIGITS) {
      throw tooManyDigits(field);
    }
  }

  /// The number of digits without an exponent. `1e1000` has 1,001.
  static long digits(BigDecimal value) {
    return value.scale() <= 0
        ? value.precision() - (long) value.scale()
        : Math.max(value.precision(), value.scale() + 1L);
  }

  static Problem tooManyDigits(String field) {
    return Problem.field(
        field,
        field + " has more than " + MAX_DIGITS + " digits when written without an exponent.");
  }

  /// Checks that PostgreSQL can store a string.
  ///
  /// @throws Problem if it contains U+0000 or an unpaired surrogate
  public static void storable(String field, String value) {
    reject(field, value, unstorable(value));
  }

  /// Checks that a string is valid Unicode.
  ///
  /// @throws Problem if it contains an unpaired surrogate
  public static void wellFormed(String field, String value) {
    for (int i = 0; i < value.length(); i++) {
      if (isUnpaired(value, i)) {
        reject(field, value, i);
      }
    }
  }

  private static void reject(String field, String value, int position) {
    if (position < 0) {
      return;
    }
    throw Problem.field(
        field,
        value.charAt(position) == 0
            ? field
                + " contains U+0000 at position "
                + position
                + ", which PostgreSQL cannot store. Remove it."
            : field + " contains an unpaired surrogate at position " + position + ". Remove it.");
  }

  /// The position of the first character that PostgreSQL cannot store, or -1.
  static int unstorable(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) == 0 || isUnpaired(value, i)) {
        return i;
      }
    }
    return -1;
  }

  private static boolean isUnpaired(String value, int position) {
    char c = value.charAt(position);
    if (!Character.isSurrogate(c)) {
      return false;
    }
    return Character.isHighSurrogate(c)
        ? position + 1 == value.length() || !Character.isLowSurrogate(value.charAt(position + 1))
        : position == 0 || !Character.isHighSurrogate(value.charAt(position - 1));
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
