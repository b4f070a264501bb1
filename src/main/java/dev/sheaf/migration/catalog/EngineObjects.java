package dev.sheaf.migration.catalog;

import dev.sheaf.migration.changelog.Changelogs;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The names of what the migration engine creates for itself, as the file says that creates it.
final class EngineObjects {

  private static final Pattern CREATED =
      Pattern.compile("(?m)^CREATE (?:OR REPLACE )?(TABLE|FUNCTION) (?:IF NOT EXISTS )?(\\w+)");

  /// As literals of SQL, separated by commas.
  static final String TABLES = literals("TABLE", "databasechangeloglock");

  static final String FUNCTIONS = literals("FUNCTION");

  private EngineObjects() {}

  /// @param others what other tools for the same history create
  private static String literals(String kind, String... others) {
    Set<String> names = new TreeSet<>(Set.of(others));
    Matcher created = CREATED.matcher(Changelogs.engineTables());
    while (created.find()) {
      if (created.group(1).equals(kind)) {
        names.add(created.group(2));
      }
    }
    return names.stream().map(name -> "'" + name + "'").collect(Collectors.joining(", "));
  }
}
