package dev.sheaf.runtime;

import java.util.List;
import java.util.stream.Collectors;

/// Long lists in a message, of which only the first items are written.
public final class Abbreviation {

  private Abbreviation() {}

  /// The items, separated by commas. Those after the first `limit` are only counted: `a, b, and 3
  /// more`.
  public static String of(List<?> items, int limit) {
    return of(items, limit, ", ");
  }

  /// The same with another separator, for items that contain commas.
  public static String of(List<?> items, int limit, String separator) {
    int more = items.size() - limit;
    return items.stream().limit(limit).map(Object::toString).collect(Collectors.joining(separator))
        + (more > 0 ? separator + "and " + more + " more" : "");
  }
}
