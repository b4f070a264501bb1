package dev.sheaf.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import java.util.regex.Pattern;

/// Describes a JSON syntax error to a client: Jackson's message without the names of its classes
/// and switches, which mean nothing to the client, and with the position of the error.
final class JsonErrorMessage {

  /// What Jackson adds for Java developers: how to allow a deviation from JSON, which setting a
  /// limit comes from, where the enclosing object starts.
  private static final Pattern FOR_DEVELOPERS =
      Pattern.compile(
          ": enable `.*"
              + "|: not allowed as per `.*"
              + "| \\(bound as `[^`]*`\\)"
              + "| \\(start marker at .*"
              + "| \\(not recognized as one since .*"
              + "|, from `[^`]*`",
          Pattern.DOTALL);

  private JsonErrorMessage() {}

  /// One sentence, such as `Unexpected character ('}' (code 125)) (line 1, column 9).`
  static String of(JacksonException failure) {
    String message = FOR_DEVELOPERS.matcher(failure.getOriginalMessage()).replaceAll("");
    boolean isClear = !message.contains("`") && !message.contains("Feature");
    JsonLocation location = failure.getLocation();
    return (isClear ? message : "The body is not valid JSON")
        + (location == null
            ? ""
            : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")")
        + ".";
  }
}
