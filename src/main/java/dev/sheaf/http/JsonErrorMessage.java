package dev.sheaf.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import java.util.List;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Describes a JSON syntax error to a client, with its position. The words are Sheaf's own. Those
/// of the parser are meant for Java developers: they name its classes and its switches.
final class JsonErrorMessage {

  /// A longer word is quoted only in part.
  private static final int MAX_QUOTED = 40;

  /// An error that the parser reports.
  ///
  /// @param reported the start of the parser's message; its groups are parts of the client's text,
  ///   or limits
  /// @param described the message for the client
  private record SyntaxError(Pattern reported, Function<MatchResult, String> described) {

    static SyntaxError of(String reported, String described) {
      return new SyntaxError(Pattern.compile(reported, Pattern.DOTALL), _ -> described);
    }

    static SyntaxError of(String reported, Function<MatchResult, String> described) {
      return new SyntaxError(Pattern.compile(reported, Pattern.DOTALL), described);
    }
  }

  private static final List<SyntaxError> ERRORS =
      List.of(
          SyntaxError.of("Unexpected end-of-|Unexpected EOF", "The JSON ends too early"),
          SyntaxError.of(
              "Unexpected character \\('(.{1,2})' \\(code",
              found -> "Unexpected character " + found.group(1)),
          SyntaxError.of(
              "(?:Unexpected|Illegal) character \\(\\(CTRL-CHAR, code (\\d{1,5})",
              found -> "Unexpected control character " + codePoint(found.group(1))),
          SyntaxError.of(
              "Illegal unquoted character \\(\\(CTRL-CHAR, code (\\d{1,5})",
              found ->
                  "Control character " + codePoint(found.group(1)) + " in a string. Escape it"),
          SyntaxError.of("Unrecognized character escape", "Unknown escape sequence in a string"),
          SyntaxError.of(
              "Unrecognized token '(.*?)'", found -> "Unknown word " + quoted(found.group(1))),
          SyntaxError.of(
              "Non-standard token '(.*?)'", found -> found.group(1) + " is not a number in JSON"),
          SyntaxError.of(
              "Duplicate field '(.*)'", found -> "Duplicate field " + quoted(found.group(1))),
          SyntaxError.of(
              "Invalid numeric value|Invalid number|Malformed number|Decimal point not",
              "Invalid number"),
          SyntaxError.of("Invalid UTF-8", "The body is not valid UTF-8"),
          SyntaxError.of("Trailing token", "There is text after the JSON value"),
          SyntaxError.of(
              "Document nesting depth \\(\\d+\\) exceeds the maximum allowed \\((\\d+)",
              found -> "The JSON is nested more than " + found.group(1) + " levels deep"),
          SyntaxError.of(
              "String value length \\(\\d+\\) exceeds the maximum allowed \\((\\d+)",
              found -> "A string has more than " + found.group(1) + " characters"),
          SyntaxError.of(
              "Name length \\(\\d+\\) exceeds the maximum allowed \\((\\d+)",
              found -> "The name of a field has more than " + found.group(1) + " characters"),
          SyntaxError.of(
              "Number value length \\(\\d+\\) exceeds the maximum allowed \\((\\d+)",
              found -> "A number has more than " + found.group(1) + " digits"));

  private JsonErrorMessage() {}

  /// One or two sentences, such as `Unexpected character } (line 1, column 9).`
  static String of(JacksonException failure) {
    JsonLocation location = failure.getLocation();
    return described(String.valueOf(failure.getOriginalMessage()))
        + (location == null
            ? ""
            : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")")
        + ".";
  }

  private static String described(String reported) {
    for (SyntaxError error : ERRORS) {
      Matcher matcher = error.reported().matcher(reported);
      if (matcher.lookingAt()) {
        return error.described().apply(matcher);
      }
    }
    return "The body is not valid JSON";
  }

  private static String codePoint(String decimal) {
    return String.format(java.util.Locale.ROOT, "U+%04X", Integer.parseInt(decimal));
  }

  private static String quoted(String text) {
    return text.length() <= MAX_QUOTED
        ? text
        : text.substring(0, text.offsetByCodePoints(0, MAX_QUOTED / 2)) + "...";
  }
}
