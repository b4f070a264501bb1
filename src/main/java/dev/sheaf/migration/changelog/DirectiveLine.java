package dev.sheaf.migration.changelog;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A line of a changelog that speaks to the engine: `--word value`.
///
/// @param word in lower case
/// @param value what follows it, without white space around; may be empty
/// @param position where the line begins
record DirectiveLine(String word, String value, SourceText.Position position) {

  /// Those that a changelog may hold beside Liquibase's.
  static final List<String> OF_THE_ENGINE =
      List.of(
          "allow",
          "destructive",
          "late",
          "lock-timeout",
          "lossy-rollback",
          "opt-in",
          "replaces",
          "requires",
          "requires-backfill",
          "statement-timeout",
          "tolerates");

  private static final List<String> OF_LIQUIBASE =
      List.of("changeset", "comment", "liquibase", "rollback");

  /// Those that Liquibase knows and the engine does not do.
  private static final List<String> UNSUPPORTED =
      List.of(
          "ignore", "ignorelines", "precondition", "preconditions", "property", "validchecksum");

  /// Words that say half of a directive.
  private static final List<String> HALVES = List.of("backfill", "lossy", "timeout");

  /// The line, as it is written.
  String text() {
    return value.isEmpty() ? "--" + word : "--" + word + " " + value;
  }

  static boolean isUnsupported(String word) {
    return UNSUPPORTED.contains(word) || word.startsWith("precondition-");
  }

  /// The directive that somebody meant who wrote `word`; empty when it is like none, and so a
  /// comment.
  static Optional<String> meantBy(String word) {
    String lower = word.toLowerCase(Locale.ROOT);
    for (List<String> known : List.of(OF_THE_ENGINE, OF_LIQUIBASE)) {
      for (String candidate : known) {
        int tolerated = candidate.length() < 6 ? 1 : 2;
        if (distance(lower, candidate) <= tolerated) {
          return Optional.of(candidate);
        }
      }
    }
    if (HALVES.contains(lower)) {
      return OF_THE_ENGINE.stream().filter(directive -> directive.contains(lower)).findFirst();
    }
    return Optional.empty();
  }

  /// How many letters have to be put in, left out or changed to make one word the other.
  private static int distance(String one, String other) {
    if (Math.abs(one.length() - other.length()) > 2) {
      return Integer.MAX_VALUE;
    }
    int[] above = new int[other.length() + 1];
    for (int j = 0; j <= other.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int[] row = new int[other.length() + 1];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int changed = above[j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(changed, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[other.length()];
  }
}
