package dev.sheaf.migration.changelog;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What stands behind `--changeset`.
///
/// @param author the module
/// @param id the number
/// @param transactional whether it runs in a transaction
record ChangesetLine(String author, String id, boolean transactional) {

  private static final Pattern LINE =
      Pattern.compile("(\"[^\"]+\"|[^\\s:\"]+):(\"[^\"]+\"|\\S+)(.*)");
  private static final Pattern ATTRIBUTE =
      Pattern.compile("([A-Za-z]\\w*):(\"[^\"]*\"|\\S*)|(\\S+)");

  /// The database, as Liquibase calls it.
  private static final String POSTGRESQL = "postgresql";

  /// Reads what stands behind the word.
  ///
  /// @param value that, without white space around
  /// @param problems takes a message and a hint for each attribute that is not honoured
  /// @return empty when it names no author and id
  static Optional<ChangesetLine> parse(String value, BiConsumer<String, String> problems) {
    Matcher line = LINE.matcher(value);
    if (!line.matches()) {
      return Optional.empty();
    }
    boolean transactional = true;
    Matcher attribute = ATTRIBUTE.matcher(line.group(3));
    while (attribute.find()) {
      if (attribute.group(3) != null) {
        problems.accept(
            "cannot read \"" + attribute.group(3) + "\" on the line of --changeset",
            "an attribute is name:value");
        continue;
      }
      String name = attribute.group(1);
      String given = unquoted(attribute.group(2));
      if (name.equalsIgnoreCase("runInTransaction")) {
        transactional = !given.equalsIgnoreCase("false");
        if (transactional && !given.equalsIgnoreCase("true")) {
          problems.accept(
              "runInTransaction is \"" + given + "\"", "write runInTransaction:false, or nothing");
        }
      } else if (!isWhatIsDone(name, given)) {
        problems.accept(
            "uses " + name + ":" + given + ", which is not supported",
            name.equalsIgnoreCase("runOnChange")
                ? "remove it; a file that runs again when it changes is named R__name.sql"
                : "remove it; a changeset runs once, everywhere, statement by statement");
      }
    }
    return Optional.of(
        new ChangesetLine(unquoted(line.group(1)), unquoted(line.group(2)), transactional));
  }

  /// Whether an attribute asks for what happens anyway.
  private static boolean isWhatIsDone(String name, String value) {
    String given = value.toLowerCase(Locale.ROOT);
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "runonchange", "runalways", "ignore", "stripcomments" -> given.equals("false");
      case "splitstatements", "rollbacksplitstatements", "failonerror" -> given.equals("true");
      case "enddelimiter", "rollbackenddelimiter" -> given.equals(";");
      case "context", "contextfilter", "labels" -> given.isEmpty();
      case "dbms" -> includesPostgres(Arrays.asList(given.split(",")));
      default -> false;
    };
  }

  /// Whether databases, as Liquibase lists them, include PostgreSQL.
  static boolean includesPostgres(List<String> databases) {
    return databases.contains(POSTGRESQL)
        || databases.contains("all")
        || (databases.stream().allMatch(database -> database.startsWith("!"))
            && !databases.contains("!" + POSTGRESQL));
  }

  private static String unquoted(String value) {
    return value.length() > 1 && value.startsWith("\"") && value.endsWith("\"")
        ? value.substring(1, value.length() - 1)
        : value;
  }
}
